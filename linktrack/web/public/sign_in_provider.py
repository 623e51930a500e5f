"""Signing in through the organisation's own provider: there, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hmac import compare_digest
from threading import BoundedSemaphore
from typing import Final

from flask import Blueprint, flash, redirect, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Conflict, Forbidden, LinktrackError, NotFound, TooMany, Unavailable
from linktrack.owners.signing_in.challenges import (
    TOO_OLD,
    check_challenge,
    make_challenge,
    spend_challenge,
)
from linktrack.owners.signing_in.provided import connect, let_in
from linktrack.owners.signing_in.provider import Begun, Person, begin, finish
from linktrack.owners.viewers import get_owner
from linktrack.setting_texts import Provider
from linktrack.web.context import current_owner
from linktrack.web.public import entering
from linktrack.web.public.sign_in_page import sign_in_page
from linktrack.web.wanted import safe

blueprint = Blueprint("sign_in_provider", __name__, url_prefix="/owner/sign-in/provider")

_COOKIE: Final = "provider"
_PURPOSE: Final = "provider"
_ASKING: Final = BoundedSemaphore(3)
"""How many of a worker's threads may wait for the provider at once: pages need some, too."""


@blueprint.get("/begin")
def leave() -> Response | tuple[str, int]:
    """Lead to the provider; with `connect` whoever is signed in connects themselves."""
    opened, at, provider = installation(), now(), _provider()
    owner = current_owner() if "connect" in request.args else None
    state = make_challenge(opened.keys.sealing(), _PURPOSE, at)
    try:
        with _turn():
            address, begun = begin(provider, _back(), state, at)
    except (Unavailable, TooMany) as error:
        return sign_in_page(error.sentence), 503
    wanted = safe(request.args.get("next", ""))
    cookie[_COOKIE] = [begun.state, begun.nonce, begun.verifier, wanted, owner and owner.id]
    return redirect(address, 302)


@blueprint.get("/back")
def come_back() -> Response | tuple[str, int]:
    """Take what the provider sends along, ask it who that is, and sign in."""
    provider, kept = _provider(), cookie.pop(_COOKIE, None)
    try:
        begun, wanted, owner_id = _kept(kept)
        code = _checked_code(provider, begun.state)
        with _turn():
            person = finish(provider, _back(), begun, code, now())
        if owner_id is not None:
            return _connected(provider, person, owner_id)
        return _entered(provider, person, safe(wanted))
    except (Unavailable, TooMany) as error:
        return sign_in_page(error.sentence), 503
    except (Forbidden, Conflict) as error:
        return sign_in_page(error.sentence), 403


def _kept(kept: object) -> tuple[Begun, str, int | None]:
    """Return how this browser began, what it wanted, and who connects; raises `Forbidden`."""
    if not isinstance(kept, list):
        raise Forbidden(TOO_OLD)
    state, nonce, verifier, wanted, owner_id = kept
    return Begun(state, nonce, verifier), wanted, owner_id


def _checked_code(provider: Provider, state: str) -> str:
    """Return the code that came back.

    Raises `Forbidden` unless this browser began this sign-in, minutes ago, with this provider.
    """
    opened, at = installation(), now()
    sent, issuer = request.args.get("state", ""), request.args.get("iss", provider.issuer)
    if not compare_digest(sent.encode("utf-8", "replace"), state.encode()):
        raise Forbidden(TOO_OLD)
    if issuer != provider.issuer:
        raise Forbidden(TOO_OLD)
    check_challenge(opened.keys.sealing(), _PURPOSE, state, at)
    with opened.database.session(writes=True) as session:
        spend_challenge(session, state, at)
        session.commit()
    if request.args.get("error") or not request.args.get("code"):
        raise Forbidden(f"{provider.name} didn't sign you in.")
    return request.args["code"][:4_096]


def _entered(provider: Provider, person: Person, wanted: str) -> Response:
    session = db_session(writes=True)
    try:
        owner = let_in(session, provider, person, now())
    except LinktrackError as error:
        if isinstance(error, Forbidden):
            session.commit()
        raise
    return entering.enter(owner.id, provider.name, wanted, timedelta(hours=provider.hours))


def _connected(provider: Provider, person: Person, owner_id: int) -> Response:
    owner = current_owner()
    if owner is None or owner.id != owner_id:
        raise Forbidden(TOO_OLD)
    session = db_session(writes=True)
    connect(session, provider, person, get_owner(session, owner.id), now())
    session.commit()
    flash(f"You can sign in through {provider.name} now.")
    return redirect(url_for("own.show"), 303)


def _provider() -> Provider:
    provider = installation().settings.oidc
    if provider is None:
        raise NotFound("There is nothing at this address.")
    return provider


def _back() -> str:
    return installation().settings.base_url + url_for("sign_in_provider.come_back")


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for the provider in a few threads alone; raises `TooMany` where they all do."""
    if not _ASKING.acquire(blocking=False):
        raise TooMany("Several people are signing in right now: try again in a few seconds.")
    try:
        yield
    finally:
        _ASKING.release()

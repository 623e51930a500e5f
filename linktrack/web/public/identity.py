"""Signing in on one's own network to show who one is: there, and back.

A page of ours calls `start_sign_in`, and has said with `ends` what happens at the end. Nothing is
stored meanwhile: all that must be remembered is in a sealed cookie of the browser that began, for
ten minutes, and is taken once. Only the page that asked learns who it was.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from hmac import compare_digest
from threading import BoundedSemaphore
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    abort,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from linktrack.audience.accounts import get_account
from linktrack.audience.identity.asking import count_sign_in, identifying, open_identity
from linktrack.audience.models import Account
from linktrack.context import client_network, close_db_session, installation, reading
from linktrack.db import now
from linktrack.errors import Forbidden, Invalid, LinktrackError, NotFound, TooMany, Unavailable
from linktrack.keys import seal, unseal
from linktrack.networks.errors import Pause, Refused
from linktrack.networks.identity import Identity
from linktrack.networks.registry import is_network
from linktrack.owners.signing_in.challenges import (
    LIFE,
    check_challenge,
    make_challenge,
    spend_challenge,
)
from linktrack.web.context import today

blueprint = Blueprint("identity", __name__, url_prefix="/oauth")

SignedIn: TypeAlias = Callable[[Account, Identity, str], Response]
Ended: TypeAlias = Callable[[Account, str, str], Response]

_COOKIE: Final = "identity"
_PURPOSE: Final = "identity"
_LONGEST_NOTE: Final = 500  # characters
_LONGEST: Final = 4_000  # bytes of a cookie, and of a header, in which servers have their say
_NOT_BEGUN: Final = (
    "This sign-in wasn't begun in this browser, took longer than ten minutes, or was used already: "
    "go back to the page where you began, and begin again."
)
_NUMBERS: Final = ("127.0.0.1", "::1")
_ASKING: Final = BoundedSemaphore(3)
"""How many of a worker's threads may wait for networks at once: pages need some, too."""


@dataclass(frozen=True, slots=True)
class _End:
    signed_in: SignedIn
    refused: Ended


_ENDS: Final[dict[str, _End]] = {}


def ends(purpose: str, signed_in: SignedIn, refused: Ended) -> None:
    """Say what happens at the end of a sign-in for a purpose.

    `signed_in` is given the account that asked, who it is, and the note of `start_sign_in`;
    `refused` a sentence in the place of who. Both answer a GET: they take `db_session(writes=True)`
    to change something, and lead on with a redirect so that the code is in no history.
    """
    _ENDS[purpose] = _End(signed_in, refused)


def start_sign_in(
    purpose: str, account: Account, typed: str, *, network: str | None = None, note: str = ""
) -> Response:
    """Answer a form with the way to where somebody signs in; call it in a POST, and commit before.

    `typed` is a handle, or as much of one as `sign_in_hint` asks for; `network` is the account's
    where none is named. `note` (500 characters) comes back at the end; only this browser keeps it,
    sealed. Raises `LinktrackError` with a sentence for the form, to show it again.
    """
    opened, at, network = installation(), now(), network or account.network
    if len(note) > _LONGEST_NOTE or len(typed) > _LONGEST_NOTE:
        raise Invalid("That is too long to be a handle.")
    close_db_session()  # the network may take seconds: nobody waits for us meanwhile
    with opened.database.session(writes=True) as session:
        count_sign_in(session, today(), client_network())
        session.commit()
    state = make_challenge(opened.keys.sealing(), _PURPOSE, at)
    with _turn():
        reader = open_identity(opened.database, opened.keys, opened.settings, network, at)
        leaving = reader.begin(
            typed, opened.settings.base_url + url_for("identity.come_back"), state
        )
    kept = [purpose, account.id, network, leaving.back, leaving.remembered, note, state]
    host = urlsplit(leaving.address).netloc
    cookie = seal(_key(), json.dumps(kept, ensure_ascii=False))
    if max(len(cookie), len(leaving.address)) > _LONGEST:
        raise Refused(f"{host[:60]} has addresses that can't be used: choose another way.")
    page = render_template("identity/leave.html", address=leaving.address, host=host)
    answer = make_response(page)
    # Browsers let no form lead to another site (form-action), nor by a redirect.
    answer.headers["Refresh"] = f"0; url={leaving.address}"
    answer.set_cookie(
        _COOKIE,
        cookie,
        max_age=int(LIFE.total_seconds()),
        path=blueprint.url_prefix,
        secure=opened.settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return answer


def sign_in_hint(network: str) -> str | None:
    """Return what to type to sign in on a network; None: nobody can, and `why_not` says why."""
    try:
        return identifying(network, installation().settings.base_url).hint
    except Invalid:
        return None


def why_not(network: str) -> str | None:
    """Return why nobody can sign in on a network to show who they are; None: they can."""
    try:
        identifying(network, installation().settings.base_url)
    except Invalid as error:
        return error.sentence
    return None


@blueprint.get("/back")
@blueprint.get("/back/<server>")
def come_back(server: str | None = None) -> Response:  # noqa: ARG001 - part of the address
    """Take what the network sends along, ask it who that is, and go on with the purpose."""
    elsewhere = _where_it_began()
    if elsewhere is not None:
        return redirect(elsewhere)
    kept = _kept()
    with reading() as session:
        account = get_account(session, kept.account_id)
    if account.removed_at is not None:
        raise NotFound(f"{account.handle} was removed meanwhile.")
    end = _ENDS[kept.purpose]
    try:
        identity = _identity(kept)
    except LinktrackError as error:
        answer = end.refused(account, error.sentence, kept.note)
    else:
        answer = end.signed_in(account, identity, kept.note)
    answer.delete_cookie(_COOKIE, path=blueprint.url_prefix or "/")
    return answer


@blueprint.get("/<network>.json")
def document(network: str) -> Response:
    """Show what a network reads of us before it lets people sign in."""
    if not is_network(network):
        abort(404)
    base_url = installation().settings.base_url
    try:
        made = identifying(network, base_url).document
    except Invalid:
        made = None
    if made is None:
        abort(404)
    return jsonify(made(base_url))


def _where_it_began() -> str | None:
    """Return our address by name where a browser comes back by number; None: it is here.

    Some servers lead to no localhost, but to 127.0.0.1, where the browser has another cookie.
    """
    base_url = installation().settings.base_url
    is_named = urlsplit(base_url).hostname == "localhost"
    is_number = urlsplit(request.host_url).hostname in _NUMBERS
    return base_url + request.full_path if is_named and is_number else None


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the cookie of a browser says of the sign-in that it began."""

    purpose: str
    account_id: int
    network: str
    back: str
    remembered: str
    note: str
    state: str


def _kept() -> _Kept:
    """Return what this browser began.

    Raises `Forbidden` unless it is what comes back now, for the first time and within minutes.
    """
    opened, at = installation(), now()
    try:
        sealed = request.cookies.get(_COOKIE, "")
        kept = _Kept(*json.loads(unseal(_key(), sealed, _NOT_BEGUN)))
        check_challenge(opened.keys.sealing(), _PURPOSE, kept.state, at)
    except LinktrackError as error:
        raise Forbidden(_NOT_BEGUN) from error
    sent = _sent().get("state", "").encode("utf-8", "replace")
    is_here = urlsplit(kept.back).path == request.path
    if not compare_digest(sent, kept.state.encode()) or not is_here:
        raise Forbidden(_NOT_BEGUN)
    with opened.database.session(writes=True) as session:
        try:
            spend_challenge(session, kept.state, at)
        except Forbidden as error:
            raise Forbidden(_NOT_BEGUN) from error
        session.commit()
    return kept


def _key() -> bytes:
    """Return the key of this cookie alone: nothing else that we seal can stand in its place."""
    sealing = installation().keys.sealing()
    return blake2b(sealing, person=b"identity", digest_size=32).digest()


def _identity(kept: _Kept) -> Identity:
    opened, sent = installation(), _sent()
    with _turn():
        reader = open_identity(opened.database, opened.keys, opened.settings, kept.network, now())
        return reader.finish(kept.remembered, sent)


def _sent() -> Mapping[str, str]:
    """Return what the network sends along; what is there twice is nobody's (RFC 6749, 3.1)."""
    return {name: values[0] for name, values in request.args.lists() if len(values) == 1}


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for a network in a few threads alone; raises `TooMany` where they all do."""
    if not _ASKING.acquire(blocking=False):
        raise TooMany("Several people are signing in right now: try again in a few seconds.")
    try:
        yield
    except Pause as pause:
        raise Unavailable(f"The network {pause}.") from pause
    finally:
        _ASKING.release()

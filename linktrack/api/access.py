"""Access to the API: tokens, what their scopes allow, and their accounts."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar, cast

from flask import g, request

from linktrack.api.limits import count_request
from linktrack.audience.accounts import find_account
from linktrack.context import db_session, installation, reading
from linktrack.db import now
from linktrack.db_failures import is_database_away
from linktrack.errors import Forbidden
from linktrack.links.hosts.finding import check_open_to
from linktrack.owners.tokens import check_token, get_token, is_mark_due, require_scope
from linktrack.owners.visibility import show_only

if TYPE_CHECKING:
    from linktrack.audience.models import Account
    from linktrack.db import Session
    from linktrack.owners.models import Token

log = logging.getLogger(__name__)

BEARER: Final = "bearer "
P = ParamSpec("P")
R = TypeVar("R")


def needs(scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Require a bearer token that allows this; raises `Forbidden` or `TooMany` otherwise."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            header = request.headers.get("Authorization", "")
            g.unauthenticated = True
            if not header.casefold().startswith(BEARER):
                raise Forbidden("Send a token: Authorization: Bearer lt_….")
            require_scope(admit(header[len(BEARER) :].strip()), scope)
            return view(*args, **kwargs)

        return guarded

    return decorate


def admit(secret: str) -> "Token":
    """Return the token with this secret, and count this request against its limit.

    Raises `Forbidden` if it is unknown or expired, `TooMany` if its limit is reached.
    """
    g.unauthenticated = True
    with reading() as session:
        token = check_token(session, secret, now())
    g.token = token
    g.actor = f"token {token.name}"
    g.unauthenticated = False
    count_request(token.id)
    if is_mark_due(token, now()):
        _mark_used(token.id)
    return token


def admit_door(secret: str, *, changes: bool = False) -> "Token":
    """Return the token of another shortener's client, which is for one account.

    Its scope is `wrap`; with `changes`, for doors that read it from a header and can change
    links, also `write`. Raises `Forbidden` or `TooMany`.
    """
    token = admit(secret)
    scopes = ("wrap", "write") if changes else ("wrap",)
    if token.scope not in scopes or token.account_id is None:
        raise Forbidden(
            "This API needs its own token: linktrack token create NAME --scope wrap "
            "--account HANDLE."
        )
    return token


def require_changes() -> None:
    """Raise `Forbidden` if a door's token may shorten and nothing else."""
    token: Token = g.token
    if token.scope != "write":
        raise Forbidden(
            "This token can create links but not change them: create one with "
            "linktrack token create NAME --scope write --account HANDLE."
        )


def _mark_used(token_id: int) -> None:
    """Record when a token was last used; if that fails, the request goes on."""
    try:
        with installation().database.session(writes=True) as session:
            get_token(session, token_id).last_used_at = now()
            session.commit()
    except Exception as error:
        if not is_database_away(error):
            raise
        log.warning("When token %d was last used is not written down: %s", token_id, error)


def is_unauthenticated() -> bool:
    """Whether the caller is unknown: then the answer is 401, not 403."""
    return bool(g.get("unauthenticated"))


def require_account(account_id: int | None) -> None:
    """Raise `Forbidden` if the token has no access to this account.

    None stands for what belongs to no account.
    """
    token: Token = g.token
    if account_id is not None and token.account_id not in (None, account_id):
        raise Forbidden("This token is for another account.")


def require_all() -> None:
    """Raise `Forbidden` if the token is limited to one account and the request is about all."""
    token: Token = g.token
    if token.account_id is not None:
        raise Forbidden("This token is limited to one account, and this concerns all of them.")


def seen_session() -> "Session":
    """Return this request's session, in which a token for one account finds nothing of others."""
    session, token = db_session(), cast("Token", g.token)
    if token.account_id is not None:
        show_only(session, [token.account_id])
    return session


def named_account(handle: str) -> "Account":
    """Return the account a caller names, if its token has access to it."""
    account = find_account(db_session(), handle)
    require_account(account.id)
    return account


def named_domain(host: str | None) -> str | None:
    """Return the host of a domain that a caller names, if its token may make links there.

    None where none is named. Raises `NotFound`.
    """
    token: Token = g.token
    if host and token.account_id is not None:
        check_open_to(db_session(), installation().settings.base_url, token.account_id, host)
    return host

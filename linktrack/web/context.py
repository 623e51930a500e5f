"""What the pages' code reaches for in a request: the installation, a session, the owner."""

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

from flask import current_app, g, redirect, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from linktrack.db import now
from linktrack.installation import Installation
from linktrack.owners.access import signed_in_owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from linktrack.owners.models import Owner

EXTENSION = "linktrack"
P = ParamSpec("P")
R = TypeVar("R")


def installation() -> Installation:
    """Return the installation this application serves."""
    return cast(Installation, current_app.extensions[EXTENSION])


def db_session() -> "Session":
    """Return this request's session, made at the first call and closed after the answer.

    Requests that may change something take the write lock at once.
    """
    if "db_session" not in g:
        writes = request.method not in ("GET", "HEAD", "OPTIONS")
        g.db_session = installation().database.session(writes=writes)
    return cast("Session", g.db_session)


def close_db_session(_error: BaseException | None = None) -> None:
    """Close this request's session; what was not committed is undone."""
    session = g.pop("db_session", None)
    if session is not None:
        session.close()


def current_owner() -> "Owner | None":
    """Return the owner who is signed in, or None."""
    secret = cookie.get("secret")
    if not isinstance(secret, str):
        return None
    if "owner" not in g:
        g.owner = signed_in_owner(db_session(), secret, now())
    return cast("Owner | None", g.owner)


def owners_only(view: "Callable[P, R]") -> "Callable[P, R | Response]":
    """Send strangers to the page that says how to sign in."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> "R | Response":
        if current_owner() is None:
            return redirect(url_for("sign_in.explain"))
        return view(*args, **kwargs)

    return guarded

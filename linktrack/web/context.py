"""What the pages' code reaches for in a request: the installation, a session, the owner."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Final, cast

from flask import Blueprint, current_app, g, redirect, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from linktrack.db import now
from linktrack.errors import Conflict, Invalid, TooLarge
from linktrack.installation import Installation
from linktrack.owners.access import signed_in_owner

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from linktrack.owners.models import Owner

EXTENSION: Final = "linktrack"

MENDABLE: Final = (Invalid, Conflict, TooLarge)
"""What a person mends in the form at hand, which is shown again with what was typed."""

UNPROCESSABLE: Final = 422


def installation() -> Installation:
    """Return the installation this application serves."""
    return cast("Installation", current_app.extensions[EXTENSION])


def today() -> date:
    """Return the calendar day it is in the owner's time zone."""
    return datetime.now(installation().settings.timezone).date()


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


def owner_blueprint(name: str) -> Blueprint:
    """Return a blueprint below /owner whose every page sends strangers to sign in."""
    blueprint = Blueprint(name, f"{__package__}.{name}", url_prefix="/owner")
    blueprint.before_request(_send_strangers_away)
    return blueprint


def _send_strangers_away() -> Response | None:
    return redirect(url_for("sign_in.explain")) if current_owner() is None else None

"""The second step of signing in: a code, where somebody has turned codes on."""

from datetime import datetime, timedelta
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from linktrack.context import client_network, db_session, installation
from linktrack.db import now
from linktrack.errors import Forbidden, NotFound
from linktrack.owners.access import hash_secret
from linktrack.owners.models import Owner
from linktrack.owners.passwords import begin_attempt, end_attempt
from linktrack.owners.signing_in.codes import takes_code
from linktrack.owners.viewers import get_owner
from linktrack.web.public import entering
from linktrack.web.wanted import safe

blueprint = Blueprint("sign_in_codes", __name__, url_prefix="/owner/sign-in")

WITHIN: Final = timedelta(minutes=10)
WRONG: Final = (
    "That code is wrong or was used already, or there were too many wrong attempts. Wait for your "
    "app's next code, or use a recovery code."
)
_COOKIE: Final = "half"


def ask_for_code(owner: Owner, by: str, wanted: str) -> Response:
    """Remember in this browser who has proved `by` what to be whom, and ask for their code."""
    cookie.clear()
    cookie[_COOKIE] = [owner.id, _stamp(owner), now().isoformat(), by, wanted]
    cookie.permanent = False
    return redirect(url_for("sign_in_codes.show"), 303)


@blueprint.get("/code")
def show() -> Response | str:
    """Ask for a code, of whoever has just given the right password."""
    if _half(now()) is None:
        return redirect(url_for("sign_in.show"))
    return render_template("sign_in/code.html", error=None)


@blueprint.post("/code")
def check() -> Response | tuple[str, int]:
    """Take a code of the app, or a recovery code, and sign in."""
    at, half = now(), _half(now())
    if half is None:
        return redirect(url_for("sign_in.show"), 303)
    owner, by, wanted = half
    typed = request.form.get("code", "") or request.form.get("recovery", "")
    session, key = db_session(), installation().keys.sealing()
    attempt = begin_attempt(session, owner.name, client_network(), at)
    is_right = attempt.is_tried and takes_code(session, owner, typed[:100], key, at)
    try:
        end_attempt(session, attempt, at, is_right=is_right)
    except Forbidden:
        session.commit()
        return render_template("sign_in/code.html", error=WRONG), 403
    return entering.enter(owner.id, f"{by} and a code", wanted)


def _half(at: datetime) -> tuple[Owner, str, str] | None:
    """Return who has only a code left to give, how they began, and the page they wanted."""
    found = cookie.get(_COOKIE)
    if not isinstance(found, list) or datetime.fromisoformat(found[2]) < at - WITHIN:
        return None
    try:
        owner = get_owner(db_session(), int(found[0]))
    except NotFound:  # removed meanwhile
        return None
    return (owner, str(found[3]), safe(str(found[4]))) if found[1] == _stamp(owner) else None


def _stamp(owner: Owner) -> str:
    """Return what is another one once the password, or the person, is."""
    return hash_secret(f"{owner.created_at.isoformat()} {owner.password_hash}")[:16]

"""Signing in with a one-time link, and out again."""

from flask import Blueprint, redirect, render_template, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from linktrack.context import db_session, reading
from linktrack.db import now
from linktrack.owners import access
from linktrack.web.context import current_owner
from linktrack.web.own_clicks import mark_device

blueprint = Blueprint("sign_in", __name__, url_prefix="/owner")


@blueprint.get("/sign-in")
def explain() -> Response | str:
    """Say how to get a sign-in link; who is signed in goes on to the overview."""
    if current_owner() is not None:
        return redirect(url_for("overview.show"))
    return render_template("sign_in/explain.html")


@blueprint.get("/sign-in/<secret>")
def offer(secret: str) -> tuple[str, int] | str:
    """Show the button that spends the link: messengers' previews fetch addresses, and would."""
    if not access.is_usable(db_session(), secret, now()):
        return render_template("sign_in/spent.html"), 410
    return render_template("sign_in/offer.html", secret=secret)


@blueprint.post("/sign-in/<secret>")
def spend(secret: str) -> Response:
    """Begin a session in this browser."""
    with reading() as session:
        access.check_usable(session, secret, now())
    session_secret = access.sign_in(db_session(), secret, now())
    db_session().commit()
    cookie.clear()
    cookie["secret"] = session_secret
    cookie.permanent = True
    return mark_device(redirect(url_for("overview.show"), 303))


@blueprint.post("/sign-out")
def leave() -> Response:
    """End the session in this browser."""
    secret = cookie.get("secret")
    if isinstance(secret, str):
        access.sign_out(db_session(), secret)
        db_session().commit()
    cookie.clear()
    return redirect(url_for("sign_in.explain"), 303)

"""Signing in with a one-time link or a password, and signing out."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from linktrack.context import client_network, db_session, installation, reading
from linktrack.db import now
from linktrack.errors import Forbidden
from linktrack.owners import access
from linktrack.owners.passwords import begin_attempt, end_attempt
from linktrack.owners.signing_in.codes import asks_for_code, forget_wrong_codes
from linktrack.owners.signing_in.provided import own_ways_closed
from linktrack.web.context import current_owner
from linktrack.web.fields import text
from linktrack.web.public import entering
from linktrack.web.public.sign_in_codes import ask_for_code
from linktrack.web.public.sign_in_page import sign_in_page
from linktrack.web.wanted import remember, remembered, safe

blueprint = Blueprint("sign_in", __name__, url_prefix="/owner")


@blueprint.get("/sign-in")
def show() -> Response | str:
    """Show the ways of signing in; signed-in owners go on to the page they wanted."""
    wanted = safe(request.args.get("next", ""))
    if current_owner() is not None:
        return redirect(wanted or url_for("overview.show"))
    remember(wanted)
    return sign_in_page(wanted=wanted)


@blueprint.post("/sign-in")
def enter() -> Response | tuple[str, int]:
    """Sign in with a name and a password; whoever has turned codes on is asked for one."""
    name = text(request.form, "name", "The name")
    wanted = safe(request.form.get("next", ""))
    attempt = begin_attempt(db_session(), name, client_network(), now())
    db_session().commit()  # so that the check holds up nobody who writes
    is_right = attempt.is_right(request.form.get("password", ""))
    asks = is_right and asks_for_code(db_session(), attempt.owner_id)
    try:
        owner = end_attempt(db_session(), attempt, now(), is_right=is_right, is_whole=not asks)
    except Forbidden as error:
        db_session().commit()
        return sign_in_page(error.sentence, name, wanted), 403
    closed = own_ways_closed(db_session(), installation().settings.oidc, owner.id)
    if closed is not None:
        db_session().commit()
        return sign_in_page(closed, name, wanted), 403
    if asks:
        db_session().commit()
        return ask_for_code(owner, "a password", wanted)
    return entering.enter(owner.id, "a password", wanted)


@blueprint.get("/sign-in/<secret>")
def offer(secret: str) -> tuple[str, int] | str:
    """Show a button that uses up the link; messengers' previews fetch it, so a GET must not."""
    if not access.is_usable(db_session(), secret, now()):
        return render_template("sign_in/spent.html"), 410
    return render_template("sign_in/offer.html", secret=secret)


@blueprint.post("/sign-in/<secret>")
def spend(secret: str) -> Response:
    """Use up the link, and sign in; it is the way back for who has lost their app: no code."""
    with reading() as session:
        access.check_usable(session, secret, now())
    owner_id = access.spend_link(db_session(), secret, now())
    forget_wrong_codes(db_session(), owner_id)
    return entering.enter(owner_id, "a one-time link", remembered(now()))


@blueprint.post("/sign-out")
def leave() -> Response:
    """Sign out in this browser."""
    secret = cookie.get("secret")
    if isinstance(secret, str):
        access.sign_out(db_session(), secret)
        db_session().commit()
    cookie.clear()
    return redirect(url_for("sign_in.show"), 303)

"""What concerns oneself: one's password, and the browsers in which one is signed in."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.context import db_session
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.owners.models import Owner
from linktrack.owners.passwords import remove_password, set_password
from linktrack.owners.viewers import end_sessions, get_owner, list_sessions
from linktrack.web.context import OWN, UNPROCESSABLE, current_owner, own_hash, owner_blueprint

blueprint = owner_blueprint(OWN)


@blueprint.get("/you")
def show() -> str:
    """Show whether there is a password, and where one is signed in."""
    return _page()


@blueprint.post("/you/password")
def change_password() -> Response | tuple[str, int]:
    """Set a password, or take it away where both fields are left empty."""
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        return _page("The two passwords differ: type the same one twice."), UNPROCESSABLE
    try:
        if password:
            set_password(db_session(), _self(), password, now())
            end_sessions(db_session(), _self(), now(), own_hash())
            flash("The password is set. Every other browser is signed out.")
        else:
            remove_password(db_session(), _self(), now())
            flash("There is no password any more: one-time links sign you in.")
    except Invalid as error:
        db_session().rollback()
        return _page(error.sentence), UNPROCESSABLE
    db_session().commit()
    return redirect(url_for("own.show"), 303)


@blueprint.post("/you/sessions/end")
def end_others() -> Response:
    """Sign out everywhere but here."""
    ended = end_sessions(db_session(), _self(), now(), own_hash())
    db_session().commit()
    flash(f"Signed out in {ended} other browser{'' if ended == 1 else 's'}.")
    return redirect(url_for("own.show"), 303)


def _page(error: str | None = None) -> str:
    owner = _self()
    sessions = [one for one in list_sessions(db_session(), owner) if one.expires_at > now()]
    return render_template(
        "own/show.html", owner=owner, sessions=sessions, here_hash=own_hash(), error=error
    )


def _self() -> Owner:
    owner = current_owner()
    assert owner is not None  # strangers do not come here
    return get_owner(db_session(), owner.id)

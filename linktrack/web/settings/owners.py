"""Who may sign in: owners, and viewers who look at all accounts or at some."""

from collections.abc import Callable
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import list_accounts
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.owners.access import create_owner, make_sign_in_link, sign_in_url
from linktrack.owners.models import Owner
from linktrack.owners.viewers import (
    end_session,
    end_sessions,
    get_owner,
    limits,
    list_owners,
    open_sessions,
    set_role,
)
from linktrack.web.context import (
    MENDABLE,
    UNPROCESSABLE,
    current_owner,
    own_hash,
    owner_blueprint,
)
from linktrack.web.fields import LARGEST_ID, text

blueprint = owner_blueprint("owners")

OWNER: Final = f"/owners/<int(max={LARGEST_ID}):owner_id>"


@blueprint.get("/owners")
def list_all() -> str:
    """Show who may sign in, and the form for another."""
    return _page()


@blueprint.post("/owners")
def add() -> Response | tuple[str, int]:
    """Add somebody, as owner or viewer."""

    def act() -> str:
        owner = create_owner(db_session(), text(request.form, "name", "The name"), now())
        _give_role(owner)
        return f"{owner.name} is added. Make a sign-in link, and hand it over."

    return _act(act)


@blueprint.post(f"{OWNER}/role")
def change_role(owner_id: int) -> Response | tuple[str, int]:
    """Make somebody an owner or a viewer, of all accounts or of some."""

    def act() -> str:
        owner = get_owner(db_session(), owner_id)
        _give_role(owner)
        return f"{owner.name} is {'an owner' if owner.role == 'owner' else 'a viewer'} now."

    return _act(act)


@blueprint.post(f"{OWNER}/sign-out")
def sign_out(owner_id: int) -> Response | tuple[str, int]:
    """Sign somebody out in every browser."""

    def act() -> str:
        owner = get_owner(db_session(), owner_id)
        end_sessions(db_session(), owner, now())
        return f"{owner.name} is signed out everywhere."

    return _act(act)


@blueprint.post(f"{OWNER}/sessions/end")
def end_one(owner_id: int) -> Response | tuple[str, int]:
    """Sign somebody out of one browser."""

    def act() -> str:
        owner = get_owner(db_session(), owner_id)
        end_session(db_session(), owner, text(request.form, "session", "The browser"), now())
        return f"{owner.name} is signed out of that browser."

    return _act(act)


@blueprint.post(f"{OWNER}/sign-in-link")
def make_link(owner_id: int) -> str:
    """Show a one-time sign-in address, this once."""
    owner = get_owner(db_session(), owner_id)
    secret = make_sign_in_link(db_session(), owner, now())
    db_session().commit()
    return _page(made=(owner.name, sign_in_url(installation().settings.base_url, secret)))


def _give_role(owner: Owner) -> None:
    chosen = request.form.getlist("accounts")
    known = {str(account.id): account.id for account in list_accounts(db_session())}
    if any(number not in known for number in chosen):
        raise Invalid("One of the chosen accounts is not there any more: reload the page.")
    role = text(request.form, "role", "The role")
    set_role(db_session(), owner, role, now(), [known[number] for number in chosen])


def _act(act: Callable[[], str]) -> Response | tuple[str, int]:
    try:
        said = act()
    except MENDABLE as error:
        db_session().rollback()
        return _page(error.sentence), UNPROCESSABLE
    db_session().commit()
    flash(said)
    return redirect(url_for("owners.list_all"), 303)


def _page(error: str | None = None, made: tuple[str, str] | None = None) -> str:
    session = db_session()
    me = current_owner()
    assert me is not None  # strangers do not come here
    return render_template(
        "owners/list.html",
        owners=list_owners(session),
        sessions=open_sessions(session, now()) if me.role == "owner" else {},
        here_hash=own_hash(),
        accounts=list_accounts(session),
        limits=limits(session),
        error=error,
        made=made,
        typed=request.form.get("name", "") if error else "",
    )

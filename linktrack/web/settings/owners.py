"""Team: owners, and viewers who see all accounts or some."""

from functools import partial
from typing import Final

from flask import render_template, request

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
from linktrack.web.context import current_owner, own_hash, owner_blueprint
from linktrack.web.fields import LARGEST_ID
from linktrack.web.forms import Sent, Shown, form

blueprint = owner_blueprint("owners", __name__)

OWNER: Final = f"/team/<int(max={LARGEST_ID}):owner_id>"


@blueprint.get("/team")
def list_all() -> str:
    """Show who can sign in, and the form for a new person."""
    return _page()


owners_form = partial(
    form,
    blueprint,
    back_to="owners.list_all",
    again=lambda error, **_: _page(error.sentence),
)


@owners_form("/team")
def add(sent: Sent) -> str:
    """Add a person, as owner or viewer."""
    owner = create_owner(sent.session, sent.text("name", "The name"), sent.now)
    _give_role(sent, owner)
    return f"{owner.name} is added. Make a sign-in link, and hand it over."


@owners_form(f"{OWNER}/role")
def change_role(sent: Sent, owner_id: int) -> str:
    """Make a person an owner or a viewer, of all accounts or some."""
    owner = get_owner(sent.session, owner_id)
    _give_role(sent, owner)
    return f"{owner.name} is {'an owner' if owner.role == 'owner' else 'a viewer'} now."


@owners_form(f"{OWNER}/sign-out")
def sign_out(sent: Sent, owner_id: int) -> str:
    """Sign a person out in every browser."""
    owner = get_owner(sent.session, owner_id)
    end_sessions(sent.session, owner, sent.now)
    return f"{owner.name} is signed out everywhere."


@owners_form(f"{OWNER}/sessions/end")
def end_one(sent: Sent, owner_id: int) -> str:
    """Sign a person out of one browser."""
    owner = get_owner(sent.session, owner_id)
    end_session(sent.session, owner, sent.text("session", "The browser"), sent.now)
    return f"{owner.name} is signed out of that browser."


@form(blueprint, f"{OWNER}/sign-in-link", back_to="owners.list_all")
def make_link(sent: Sent, owner_id: int) -> Shown:
    """Show a one-time sign-in address, only once."""
    owner = get_owner(sent.session, owner_id)
    secret = make_sign_in_link(sent.session, owner, sent.now)
    address = sign_in_url(installation().settings.base_url, secret)
    return Shown(lambda: _page(made=(owner.name, address)))


def _give_role(sent: Sent, owner: Owner) -> None:
    chosen = sent.all_of("accounts")
    known = {str(account.id): account.id for account in list_accounts(sent.session)}
    if any(number not in known for number in chosen):
        raise Invalid("One of the chosen accounts no longer exists: reload the page.")
    role = sent.text("role", "The role")
    set_role(sent.session, owner, role, sent.now, [known[number] for number in chosen])


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

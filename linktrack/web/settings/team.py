"""Team: who can sign in, as owner or viewer; inviting people and removing them."""

from datetime import datetime
from functools import partial
from typing import Final

from flask import render_template, request, url_for

from linktrack.audience.accounts import list_accounts
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid, Unavailable
from linktrack.mail import MailServer, send, to_one
from linktrack.owners.access import (
    INVITATION_LIFE,
    create_owner,
    make_sign_in_link,
    sign_in_url,
)
from linktrack.owners.leaving import remove_owner
from linktrack.owners.models import Owner
from linktrack.owners.signing_in.codes import turn_off_codes, with_codes
from linktrack.owners.signing_in.passkeys import list_passkeys, passkey_numbers
from linktrack.owners.signing_in.provided import provided
from linktrack.owners.tokens import working_tokens
from linktrack.owners.viewers import (
    ONLY_OWNER,
    end_links,
    end_session,
    end_sessions,
    get_owner,
    is_only_owner,
    limits,
    list_owners,
    list_sessions,
    open_links,
    open_sessions,
    set_role,
    viewed_accounts,
)
from linktrack.reports.figures.words import counted
from linktrack.web.asking import asking
from linktrack.web.context import own_hash, owner_blueprint, require_writer, signed_in
from linktrack.web.fields import LARGEST_ID
from linktrack.web.forms import Done, Sent, Shown, form
from linktrack.web.settings.invitations import Invitation

blueprint = owner_blueprint("team", __name__)

PERSON: Final = f"/team/<int(max={LARGEST_ID}):owner_id>"


@blueprint.get("/team")
def list_all() -> str:
    """Show who can sign in, and the form to invite a person."""
    return _page()


team_form = partial(
    form, blueprint, back_to="team.list_all", again=lambda error, **_: _page(error.sentence)
)


@team_form("/team")
def invite(sent: Sent) -> Shown:
    """Add a person, as owner or viewer, and show or mail the link with which they sign in."""
    owner = create_owner(sent.session, sent.text("name", "The name"), sent.now)
    _give_role(sent, owner)
    address = sent.text("mail", "The email address")
    server = _server_for(address) if address else None
    made = _invitation(sent, owner)
    return Shown(lambda: _handed_over(made, server))


def _sees(owner_id: int) -> dict[str, object]:
    session = db_session()
    owner = get_owner(session, owner_id)
    sees = viewed_accounts(session, owner)
    handles = [one.handle for one in list_accounts(session) if sees and one.id in sees]
    return {"Role": owner.role, "Accounts": "all" if sees is None else ", ".join(handles)}


@team_form(f"{PERSON}/role", edits=_sees)
def change_role(sent: Sent, owner_id: int) -> str:
    """Make a person an owner or a viewer, of all accounts or some."""
    owner = get_owner(sent.session, owner_id)
    ended = _give_role(sent, owner)
    said = f"{owner.name} is now {'an owner' if owner.role == 'owner' else 'a viewer'}."
    return said + (f" Revoked: {counted(ended, 'API token')}." if ended else "")


@team_form(f"{PERSON}/sign-out")
def sign_out(sent: Sent, owner_id: int) -> str:
    """Sign a person out in every browser, and end the links that would sign them in."""
    owner = get_owner(sent.session, owner_id)
    end_sessions(sent.session, owner, sent.now)
    return f"{owner.name} is signed out everywhere."


@team_form(f"{PERSON}/sessions/end")
def end_one(sent: Sent, owner_id: int) -> str:
    """Sign a person out of one browser."""
    owner = get_owner(sent.session, owner_id)
    end_session(sent.session, owner, sent.text("session", "The browser"), sent.now)
    return f"{owner.name} is signed out of that browser."


@team_form(f"{PERSON}/codes/off")
def reset_codes(sent: Sent, owner_id: int) -> str:
    """Stop asking a person for one-time codes: they have lost their app."""
    owner = get_owner(sent.session, owner_id)
    turn_off_codes(sent.session, owner, sent.now)
    return f"{owner.name} signs in without one-time codes now."


@form(blueprint, f"{PERSON}/sign-in-link", back_to="team.list_all")
def make_link(sent: Sent, owner_id: int) -> Shown:
    """Show a one-time sign-in address, only once; earlier ones stop working."""
    owner = get_owner(sent.session, owner_id)
    end_links(sent.session, owner)
    made = _invitation(sent, owner)
    return Shown(lambda: _page(made=made))


@blueprint.get(f"{PERSON}/remove")
def confirm_removal(owner_id: int) -> str:
    """Say what ends when a person is removed and what stays, and ask for confirmation."""
    require_writer()
    return _confirmation(owner_id)


@form(
    blueprint,
    f"{PERSON}/remove",
    back_to="team.list_all",
    again=lambda error, owner_id: _confirmation(owner_id, error.sentence),
)
def remove(sent: Sent, owner_id: int) -> Done:
    """Remove a person: their sessions, password, links and tokens end at once."""
    owner = get_owner(sent.session, owner_id)
    is_self = owner.id == signed_in().id
    remove_owner(sent.session, owner, sent.now)
    place = "sign_in.show" if is_self else "team.list_all"
    return Done(f"{owner.name} is removed.", url_for(place))


def _give_role(sent: Sent, owner: Owner) -> int:
    chosen = sent.all_of("accounts")
    known = {str(account.id): account.id for account in list_accounts(sent.session)}
    if any(number not in known for number in chosen):
        raise Invalid("One of the chosen accounts no longer exists: reload the page.")
    role = sent.text("role", "The role")
    return set_role(sent.session, owner, role, sent.now, [known[number] for number in chosen])


def _invitation(sent: Sent, owner: Owner) -> Invitation:
    secret = make_sign_in_link(sent.session, owner, sent.now, INVITATION_LIFE)
    settings = installation().settings
    return Invitation(
        host=settings.base_host,
        by=signed_in().name,
        name=owner.name,
        is_viewer=owner.role == "viewer",
        is_limited=owner.limited,
        address=sign_in_url(settings.base_url, secret),
        until=(sent.now + INVITATION_LIFE).astimezone(settings.timezone),
    )


def _server_for(address: str) -> MailServer:
    server = installation().settings.mail
    if server is None:
        raise Invalid("No mail server is set up: leave the email address empty, and send the link.")
    return to_one(server, address)


def _handed_over(made: Invitation, server: MailServer | None) -> str:
    """Mail the invitation, once it is stored; its link is shown in any case."""
    if server is None:
        return _page(made=made)
    try:
        with asking():
            send(server, made.subject, made.text)
    except Unavailable as error:
        return _page(f"{made.name} is added, but the invitation wasn't emailed. {error}", made=made)
    return _page(made=made, mailed_to=server.recipients[0])


def _confirmation(owner_id: int, error: str | None = None) -> str:
    session = db_session()
    owner = get_owner(session, owner_id)
    at: datetime = now()
    if is_only_owner(session, owner):
        error = error or ONLY_OWNER.format(owner.name)
    return render_template(
        "team/remove.html",
        owner=owner,
        me=signed_in(),
        browsers=sum(one.expires_at > at for one in list_sessions(session, owner)),
        passkeys=list_passkeys(session, owner),
        tokens=working_tokens(session, owner, at),
        error=error,
    )


def _page(
    error: str | None = None, made: Invitation | None = None, mailed_to: str | None = None
) -> str:
    session, me, at = db_session(), signed_in(), now()
    is_owner, provider = me.role == "owner", installation().settings.oidc
    return render_template(
        "team/list.html",
        owners=list_owners(session),
        me=me,
        sessions=open_sessions(session, at) if is_owner else {},
        links=open_links(session, at) if is_owner else {},
        passkeys=passkey_numbers(session) if is_owner else {},
        brought=provided(session, provider, brought=True) if provider else frozenset(),
        provider=provider,
        with_codes=with_codes(session) if is_owner else frozenset(),
        here_hash=own_hash(),
        accounts=list_accounts(session),
        limits=limits(session),
        can_mail=installation().settings.mail is not None,
        error=error,
        made=made,
        mailed_to=mailed_to,
        typed=request.form if error and not made else {},
    )

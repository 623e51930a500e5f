"""Connections: which accounts are connected to their networks."""

from functools import partial
from typing import Final

from flask import render_template, request

from linktrack.audience.accounts import get_account, list_accounts
from linktrack.audience.credentials import connect, connections, disconnect
from linktrack.audience.models import Account
from linktrack.context import db_session, installation, reading
from linktrack.errors import LinktrackError, Unavailable
from linktrack.networks.errors import Pause
from linktrack.networks.registry import network_of
from linktrack.networks.signing_in import needs_of, sign_in
from linktrack.web.asking import asking
from linktrack.web.context import owner_blueprint, require_writer
from linktrack.web.fields import LARGEST_ID
from linktrack.web.forms import Sent, form

blueprint = owner_blueprint("connections", __name__)

CONNECTION: Final = f"/accounts/<int(max={LARGEST_ID}):account_id>/connection"


@blueprint.get("/connections")
def list_all() -> str:
    """Show every account, and whether it is connected."""
    session = db_session()
    return render_template(
        "connections/list.html",
        accounts=list_accounts(session),
        connections=connections(session),
    )


@blueprint.get(CONNECTION)
def show(account_id: int) -> str:
    """Show whether an account is connected, and the form to connect it."""
    account = get_account(db_session(), account_id)
    require_writer()
    return _page(account)


connection_form = partial(form, blueprint, back_to="connections.show")


@connection_form(
    CONNECTION,
    again=lambda error, account_id: _page(get_account(db_session(), account_id), error.sentence),
    mends=(LinktrackError,),
)
def add(sent: Sent, account_id: int) -> str:
    """Connect an account; the credentials are tried first, and never shown."""
    with reading() as session:  # the network may take seconds: nobody waits for us meanwhile
        account = get_account(session, account_id)
    typed = {one.name: sent.text(one.name, one.label) for one in needs_of(account.network).secrets}
    server = sent.text("server", "The server") or None
    try:
        with asking():
            signed = sign_in(account.network, account.handle, typed, server)
    except Pause as pause:
        raise Unavailable(f"The network {pause}.") from pause
    account = get_account(sent.session, account_id)
    connect(sent.session, installation().keys, account, signed, sent.now)
    return f"{account.handle} is connected."


@connection_form(f"{CONNECTION}/remove")
def remove(sent: Sent, account_id: int) -> str:
    """Delete an account's credentials."""
    account = get_account(sent.session, account_id)
    disconnect(sent.session, account, sent.now)
    return f"{account.handle} is no longer connected."


def _page(account: Account, error: str | None = None) -> str:
    return render_template(
        "connections/show.html",
        account=account,
        connection=connections(db_session()).get(account.id),
        connecting=network_of(account.network).connecting,
        error=error,
        server=request.form.get("server", ""),
    )

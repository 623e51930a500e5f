"""Connections: which accounts are signed in on their networks, signing in and out."""

from typing import Final

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import get_account, list_accounts
from linktrack.audience.credentials import connect, connections, disconnect
from linktrack.audience.models import Account
from linktrack.context import db_session, installation, reading
from linktrack.db import now
from linktrack.errors import LinktrackError
from linktrack.networks.errors import Pause
from linktrack.networks.registry import network_of
from linktrack.networks.signing_in import needs_of, sign_in
from linktrack.web.asking import asking
from linktrack.web.context import UNPROCESSABLE, owner_blueprint
from linktrack.web.fields import LARGEST_ID, text

blueprint = owner_blueprint("connections")

CONNECTION: Final = f"/accounts/<int(max={LARGEST_ID}):account_id>/connection"


@blueprint.get("/connections")
def list_all() -> str:
    """Show every account with whether it is signed in."""
    session = db_session()
    return render_template(
        "connections/list.html",
        accounts=list_accounts(session),
        connections=connections(session),
    )


@blueprint.get(CONNECTION)
def show(account_id: int) -> str:
    """Show whether an account is signed in, and the form for it."""
    return _page(get_account(db_session(), account_id))


@blueprint.post(CONNECTION)
def add(account_id: int) -> Response | tuple[str, int]:
    """Sign an account in; what signs in is tried first, and on no page ever."""
    with reading() as session:  # the network may take seconds: nobody waits for us meanwhile
        account = get_account(session, account_id)
    try:
        typed = {
            one.name: text(request.form, one.name, one.label)
            for one in needs_of(account.network).secrets
        }
        server = text(request.form, "server", "The server") or None
        with asking():
            signed = sign_in(account.network, account.handle, typed, server)
        account = get_account(db_session(), account_id)
        connect(db_session(), installation().keys, account, signed, now())
    except LinktrackError as error:
        return _failed(account_id, error.sentence)
    except Pause as pause:
        return _failed(account_id, f"The network {pause}.")
    db_session().commit()
    flash(f"{account.handle} is connected.")
    return redirect(url_for("connections.show", account_id=account_id), 303)


@blueprint.post(f"{CONNECTION}/remove")
def remove(account_id: int) -> Response:
    """Forget what signs an account in."""
    account = get_account(db_session(), account_id)
    disconnect(db_session(), account, now())
    db_session().commit()
    flash(f"{account.handle} is not connected any more.")
    return redirect(url_for("connections.show", account_id=account_id), 303)


def _failed(account_id: int, sentence: str) -> tuple[str, int]:
    db_session().rollback()
    return _page(get_account(db_session(), account_id), sentence), UNPROCESSABLE


def _page(account: Account, error: str | None = None) -> str:
    return render_template(
        "connections/show.html",
        account=account,
        connection=connections(db_session()).get(account.id),
        connecting=network_of(account.network).connecting,
        error=error,
        server=request.form.get("server", ""),
    )

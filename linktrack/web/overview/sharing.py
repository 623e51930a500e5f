"""Shared reports: created and revoked by owners."""

from functools import partial

from flask import render_template

from linktrack.audience.accounts import list_accounts
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.owners.sharing import list_shared, revoke_shared, share_report
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import LARGEST_ID
from linktrack.web.forms import Sent, Shown, form

blueprint = owner_blueprint("sharing", __name__)


@blueprint.get("/shared")
def list_all() -> str:
    """Show active addresses, and the form for a new one."""
    return _page()


sharing_form = partial(form, blueprint, back_to="sharing.list_all")


@sharing_form("/shared", again=lambda error: _page(error.sentence))
def share(sent: Sent) -> Shown:
    """Show a new address, only once."""
    account = sent.account()
    if account is None:
        raise Invalid("Choose the account whose posts are shared.")
    days = sent.whole("days", "The number of days") or 0
    secret = share_report(sent.session, account.id, days, sent.now)
    return Shown(lambda: _page(made=f"{installation().settings.base_url}/shared/{secret}"))


@sharing_form(f"/shared/<int(max={LARGEST_ID}):number>/end")
def end(sent: Sent, number: int) -> str:
    """Revoke an address at once."""
    revoke_shared(sent.session, number, sent.now)
    return "Sharing link revoked."


def _page(error: str | None = None, made: str | None = None) -> str:
    session = db_session()
    accounts, removed = list_accounts(session), list_accounts(session, removed=True)
    return render_template(
        "shared/list.html",
        accounts=accounts,
        handles={each.id: each.handle for each in (*accounts, *removed)},
        shared=list_shared(session, now()),
        made=made,
        error=error,
    )

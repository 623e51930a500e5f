"""The digest: a summary of every account's week or month, to read, print or mail."""

from flask import render_template, request

from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.links.excerpts import excerpt
from linktrack.reports.digest import PERIODS, came_and_left, digests
from linktrack.web.context import owner_blueprint, today
from linktrack.web.fields import chosen_account, text
from linktrack.web.subject import some_accounts

blueprint = owner_blueprint("digest", __name__)


@blueprint.get("/digest")
def show() -> str:
    """Show the last complete week or month of one account, or of all of them."""
    session = db_session()
    accounts = some_accounts()
    account = chosen_account(request.args)
    period = text(request.args, "period", "The period") or PERIODS[0]
    chosen = [account] if account else accounts
    timezone = installation().settings.timezone
    return render_template(
        "digest/show.html",
        accounts=accounts,
        account=account,
        period=period,
        periods=PERIODS,
        found=digests(session, chosen, period, today(), now=as_of(now()), timezone=timezone),
        excerpt=excerpt,
        came_and_left=came_and_left,
    )

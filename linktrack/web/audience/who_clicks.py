"""Real audience: how many people click at least, and whether they grow as followers do."""

from datetime import date

from flask import Response, render_template, request

from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.reports.people.audience import audience_json, audience_report, periods_of
from linktrack.reports.people.growth import growth_report
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import moment
from linktrack.web.subject import accounts_and_chosen
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("audience", __name__)


@blueprint.get("/audience")
def show() -> str | Response:
    """Show how many people click at least, and whether growth is hollow, for one account."""
    session, settings = db_session(), installation().settings
    accounts, account = accounts_and_chosen()
    at = moment(request.args, "period", "The period")
    report = audience_report(
        session,
        account,
        period=settings.visitor_period,
        timezone=settings.timezone,
        now=as_of(now()),
        since=at,
    )
    if is_table_wanted():
        return table_file("who-clicks", [audience_json(report)])
    periods: list[tuple[date, str]] = periods_of(session, account, settings.visitor_period)
    return render_template(
        "audience/show.html",
        accounts=accounts,
        account=account,
        report=report,
        periods=periods,
        growth=growth_report(session, account, window=DEFAULT_WINDOW, now=as_of(now())),
    )

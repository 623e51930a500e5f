"""Real audience: how many people click at least, and whether they grow as followers do."""

from flask import Response, render_template, request

from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.reports.people.audience import audience_json, audience_report, periods_of
from linktrack.reports.people.growth import growth_report
from linktrack.reports.people.presence import presence, presence_rows
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import moment, text
from linktrack.web.presence import people_picture
from linktrack.web.subject import accounts_and_chosen
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("audience", __name__)


@blueprint.get("/audience")
def show() -> str | Response:
    """Show how many people click at least, period by period, and whether growth is hollow."""
    session, settings = db_session(), installation().settings
    accounts, account = accounts_and_chosen()
    asked = moment(request.args, "period", "The period")
    period, timezone, at = settings.visitor_period, settings.timezone, as_of(now())
    found = presence(session, account, period=period, timezone=timezone, now=at)
    report = found.latest
    if asked is not None:
        report = audience_report(
            session, account, period=period, timezone=timezone, now=at, since=asked
        )
    if is_table_wanted():
        if text(request.args, "table", "The table") == "periods":
            return table_file("real-audience", presence_rows(found))
        return table_file("who-clicks", [audience_json(report)])
    return render_template(
        "audience/show.html",
        accounts=accounts,
        account=account,
        presence=found,
        people_chart=people_picture(found),
        report=report,
        is_latest=report.first == found.latest.first,
        periods=periods_of(session, account, period),
        growth=growth_report(session, account, window=DEFAULT_WINDOW, now=at),
    )

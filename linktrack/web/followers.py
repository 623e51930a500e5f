"""Followers: who came, left and came back, and what one day cost."""

from collections.abc import Sequence
from typing import Final

from flask import Response, render_template, request
from markupsafe import Markup

from linktrack.audience.accounts import list_accounts
from linktrack.audience.rosters import list_rosters
from linktrack.charts import Mark, Span, change_chart
from linktrack.context import db_session, installation
from linktrack.errors import Invalid
from linktrack.links.coverage import coverage
from linktrack.reports.followers import CHURN, DayLine, followers_json, followers_report
from linktrack.reports.sentences import event_in_words
from linktrack.reports.words import percent
from linktrack.web.context import UNPROCESSABLE, owner_blueprint
from linktrack.web.fields import account_or_main, chosen_range, moment
from linktrack.web.notes import marks_of
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("followers")

MOST_LINES: Final = 200
DEFAULT_DAYS: Final = 91


@blueprint.get("/followers")
def show() -> str | Response | tuple[str, int]:
    """Show an account's changes over a range of days, and the cost of a day that is asked for."""
    session = db_session()
    accounts = list_accounts(session)
    if not accounts:
        return render_template("no_accounts.html")
    account = account_or_main(request.args, accounts)
    error = None
    try:
        event = moment(request.args, "event", "The day of the event")
    except Invalid as wrong:
        event, error = None, wrong.sentence
    days = chosen_range(request.args, DEFAULT_DAYS)
    report = followers_report(
        session,
        account,
        installation().settings.timezone,
        since=days.since,
        until=days.end,
        events=[event] if event else [],
    )
    if is_table_wanted():
        return table_file("followers", followers_json(report)["days"])
    rosters = list(list_rosters(session, account.id))
    churn = report.churn
    page = render_template(
        "followers/show.html",
        accounts=accounts,
        account=account,
        days=days,
        report=report,
        rosters=rosters,
        chart=_chart(report.days, account.handle, marks_of([account], days)),
        lines=report.days[::-1][:MOST_LINES],
        older=max(0, len(report.days) - MOST_LINES),
        churn=None if churn is None or churn.share is None else churn,
        churn_share=None
        if churn is None or churn.share is None
        else percent(churn.share, churn.interval),
        churn_days=CHURN.days,
        told=[event_in_words(event) for event in report.events],
        coverage=coverage(session, account.id),
        error=error,
    )
    return (page, UNPROCESSABLE) if error else page


def _chart(lines: list[DayLine], handle: str, marks: Sequence[Mark]) -> Markup:
    """Draw who came and who left; where counts alone are known, the net of them."""
    spans = []
    for line in lines:
        if line.gained is None or line.lost is None:
            up, down = max(line.net, 0), max(-line.net, 0)
        else:
            up, down = line.gained + (line.returned or 0), line.lost
        spans.append(Span(line.day, line.precision_days, up, down))
    counted = any(line.gained is None for line in lines)
    return change_chart(
        spans,
        label=f"Changes among the followers of {handle}",
        unit="people a day",
        up="more" if counted else "came",
        down="fewer" if counted else "left",
        empty="No two follower lists, and no two counts, lie in these days.",
        marks=marks,
    )

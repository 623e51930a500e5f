"""The report of goals, in the API."""

from typing import Final

from linktrack.api.access import named_account
from linktrack.api.operations import FROM, NEEDED_ACCOUNT, TO, Parameter, asked
from linktrack.api.reports.reporting import asked_range, asked_window, report_at
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.reports.goals.report import DAYS_OF, goals_report
from linktrack.reports.goals.shapes import GoalsReportJson, goals_json

DAYS: Final = Parameter("window", "For how many days a post is counted.", choices=(*DAYS_OF,))


@report_at("goals", (NEEDED_ACCOUNT, DAYS, FROM, TO))
def report_goals() -> GoalsReportJson:
    """Return what clicks on links to your own sites became, per click and per follower."""
    fields = asked()
    report = goals_report(
        db_session(),
        named_account(fields.text("account")),
        window=asked_window(fields),
        days=installation().days(),
        now=as_of(now()),
        **asked_range(fields),
    )
    return goals_json(report)

"""Reports on what followers do with posts besides clicking."""

from linktrack.api.access import named_account
from linktrack.api.operations import FROM, LIMIT, NEEDED_ACCOUNT, TO, WINDOW, Parameter, asked
from linktrack.api.reports.reporting import asked_range, asked_window, report_at
from linktrack.context import as_of, db_session
from linktrack.db import now
from linktrack.reports.engagement.report import MOST_POSTS, engagement_report
from linktrack.reports.engagement.shapes import EngagementReportJson, engagement_json

AFTER = Parameter("after", "Continue after this post: `next` of the previous page.", "whole")


@report_at("engagement", (NEEDED_ACCOUNT, WINDOW, FROM, TO, LIMIT, AFTER))
def report_engagement() -> EngagementReportJson:
    """Return likes, reposts, replies and quotes per follower, and by segment."""
    fields = asked()
    report = engagement_report(
        db_session(),
        named_account(fields.text("account")),
        window=asked_window(fields),
        **asked_range(fields),
        limit=fields.whole("limit") or MOST_POSTS,
        after=fields.row_number("after"),
        now=as_of(now()),
    )
    return engagement_json(report)

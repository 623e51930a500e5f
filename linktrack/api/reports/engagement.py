"""Reports on what followers do with posts besides clicking."""

from linktrack.api.access import named_account
from linktrack.api.operations import FROM, LIMIT, NEEDED_ACCOUNT, TO, WINDOW, Parameter, asked
from linktrack.api.reports.reporting import asked_range, asked_window, report_at
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.reports.engagement.regulars import (
    MOST_PEOPLE,
    RegularsReportJson,
    regulars_json,
    regulars_report,
)
from linktrack.reports.engagement.report import MOST_POSTS, engagement_report
from linktrack.reports.engagement.shapes import EngagementReportJson, engagement_json

AFTER = Parameter("after", "Continue after this one: `next` of the previous page.", "whole")


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


@report_at("regulars", (NEEDED_ACCOUNT, LIMIT, AFTER))
def report_regulars() -> RegularsReportJson:
    """Return who did something in at least three of the last four weeks, by name."""
    fields = asked()
    report = regulars_report(
        db_session(),
        named_account(fields.text("account")),
        timezone=installation().settings.timezone,
        limit=fields.whole("limit") or MOST_PEOPLE,
        after=fields.row_number("after"),
        now=as_of(now()),
    )
    return regulars_json(report)

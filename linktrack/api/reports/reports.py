"""Reports: each the object that pages and command line show."""

from datetime import datetime

from flask import request

from linktrack.api.access import named_account
from linktrack.api.operations import (
    AFTER,
    FROM,
    LIMIT,
    NEEDED_ACCOUNT,
    TO,
    WINDOW,
    Parameter,
    asked,
)
from linktrack.api.reports.reporting import (
    asked_range,
    asked_window,
    is_narrowed,
    left_to_narrow,
    report_at,
)
from linktrack.calendar.ranges import whole_days
from linktrack.calendar.times import parse_moment
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.catalog import get_link
from linktrack.links.posts import get_post
from linktrack.reports.coverage import CoverageReportJson, coverage_json, coverage_report
from linktrack.reports.cpf import MOST_POSTS, CpfReportJson, cpf_json, cpf_report
from linktrack.reports.digest import DigestJson, digest_json, digests
from linktrack.reports.digest_periods import PERIODS
from linktrack.reports.links.topics import TopicsReportJson, topics_json, topics_report
from linktrack.reports.narrowing.ranges import BY_SOURCE, OF_POSTS, OF_RANKED_POSTS
from linktrack.reports.orders import SORTS
from linktrack.reports.people.followers import FollowersReportJson, followers_json, followers_report
from linktrack.reports.people.segments import SegmentsReportJson, segments_json, segments_report
from linktrack.reports.sources.referrers import (
    ONE_SUBJECT,
    ReferrersReportJson,
    referrers_json,
    referrers_report,
)

SORT = Parameter("sort", "Newest first, or by the lower end of the interval.", choices=SORTS)
EVENT = Parameter("event", "A moment: how many followers left after it.", "moment", many=True)
POST = Parameter("post", "Only this post, by its number.", "whole")
LINK = Parameter("link", "Only this link, by its code.")
PERIOD = Parameter("period", "The last complete week, month or day.", choices=PERIODS)


@report_at("cpf", (NEEDED_ACCOUNT, WINDOW, FROM, TO, LIMIT, AFTER, SORT), OF_RANKED_POSTS)
def report_cpf() -> CpfReportJson:
    """Return clicks per follower of an account."""
    fields = asked()
    report = cpf_report(
        db_session(),
        named_account(fields.text("account")),
        window=asked_window(fields),
        **asked_range(fields),
        limit=fields.whole("limit") or MOST_POSTS,
        after=fields.row_number("after"),
        sort=fields.text("sort", SORTS[0]),
        now=as_of(now()),
    )
    return cpf_json(report)


@report_at("segments", (NEEDED_ACCOUNT, WINDOW, FROM, TO), OF_POSTS)
def report_segments() -> SegmentsReportJson:
    """Return who clicked, by segment, as far as that is known."""
    fields = asked()
    report = segments_report(
        db_session(),
        named_account(fields.text("account")),
        window=asked_window(fields),
        settings=installation().settings,
        now=as_of(now()),
        **asked_range(fields),
        with_ways=not is_narrowed(),
    )
    return segments_json(report)


@report_at("coverage", (NEEDED_ACCOUNT, FROM, TO))
def report_coverage() -> CoverageReportJson:
    """Return what share of the links in an account's own posts was wrapped."""
    fields = asked()
    report = coverage_report(
        db_session(),
        named_account(fields.text("account")),
        fields.moment("from"),
        fields.moment("to"),
    )
    return coverage_json(report)


@report_at("topics", (NEEDED_ACCOUNT, WINDOW, FROM, TO), OF_POSTS)
def report_topics() -> TopicsReportJson:
    """Return clicks and engagement per follower by tag, and which clearly stand out."""
    fields = asked()
    report = topics_report(
        db_session(),
        named_account(fields.text("account")),
        window=asked_window(fields),
        now=as_of(now()),
        **asked_range(fields),
    )
    return topics_json(report)


@report_at("followers", (NEEDED_ACCOUNT, FROM, TO, EVENT))
def report_followers() -> FollowersReportJson:
    """Return followers gained and lost, and the cost of events (`event` may be repeated)."""
    fields = asked()
    timezone = installation().settings.timezone
    report = followers_report(
        db_session(),
        named_account(fields.text("account")),
        timezone,
        now=as_of(now()),
        **asked_range(fields),
        events=[parse_moment(text, timezone) for text in request.args.getlist("event") if text],
    )
    return followers_json(report)


@report_at("referrers", (NEEDED_ACCOUNT, FROM, TO, POST, LINK), BY_SOURCE)
def report_referrers() -> ReferrersReportJson:
    """Return where the clicks of an account, a post or a link came from, by segment."""
    fields = asked()
    account = named_account(fields.text("account"))
    opened, session = installation(), db_session()
    timezone = opened.settings.timezone
    since, until = whole_days(fields.moment("from"), fields.moment("to"), timezone)
    post, code = fields.row_number("post"), fields.optional_text("link")
    if is_narrowed() and not (post is None and code is None):
        raise Invalid(ONE_SUBJECT)
    report = referrers_report(
        session,
        account,
        timezone,
        since=since,
        until=until,
        post=None if post is None else get_post(session, post),
        link=None if code is None else get_link(session, opened.shortener.codes, code),
    )
    return referrers_json(report.of(left_to_narrow().part))


@report_at("digest", (NEEDED_ACCOUNT, PERIOD))
def report_digest() -> DigestJson:
    """Return an account's last complete week or month, compared with the one before it."""
    fields = asked()
    account = named_account(fields.text("account"))
    timezone = installation().settings.timezone
    today = datetime.now(timezone).date()
    period = fields.text("period", PERIODS[0])
    (found,) = digests(db_session(), [account], period, today, now=as_of(now()), timezone=timezone)
    return digest_json(found)

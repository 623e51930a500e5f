"""Reports on how an audience behaves: each the object that pages and command line show."""

from linktrack.api.access import named_account
from linktrack.api.operations import (
    FROM,
    NEEDED_ACCOUNT,
    TO,
    WINDOW,
    Parameter,
    asked,
)
from linktrack.api.reports.reporting import (
    asked_accounts,
    asked_range,
    asked_window,
    is_narrowed,
    report_at,
)
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.reports.comparison import ComparisonJson, compare, comparison_json
from linktrack.reports.narrowing.ranges import OF_POSTS
from linktrack.reports.people.audience import AudienceReportJson, audience_json, audience_report
from linktrack.reports.people.growth import GrowthReportJson, growth_json, growth_report
from linktrack.reports.timing.hours import HoursReportJson, hours_json, hours_report
from linktrack.reports.timing.lifetimes import (
    LifetimesReportJson,
    LinkLifeJson,
    life_of_code,
    lifetimes_json,
    lifetimes_report,
    link_life_json,
)

ACCOUNTS = Parameter("account", "The accounts' handles; default: all.", many=True)
LINK = Parameter("link", "Only this link, by its code.")


@report_at("audience", (NEEDED_ACCOUNT, FROM, TO))
def report_audience() -> AudienceReportJson:
    """Return how many people clicked, in one visitor period."""
    fields = asked()
    settings = installation().settings
    report = audience_report(
        db_session(),
        named_account(fields.text("account")),
        period=settings.visitor_period,
        timezone=settings.timezone,
        now=as_of(now()),
        **asked_range(fields),
    )
    return audience_json(report)


@report_at("compare", (ACCOUNTS, WINDOW, FROM, TO), OF_POSTS)
def report_compare() -> ComparisonJson:
    """Compare accounts: the named ones (`account` may be repeated), or all."""
    fields = asked()
    report = compare(
        db_session(),
        asked_accounts(),
        window=asked_window(fields),
        now=as_of(now()),
        **asked_range(fields),
    )
    return comparison_json(report)


@report_at("growth", (NEEDED_ACCOUNT, WINDOW, FROM, TO))
def report_growth() -> GrowthReportJson:
    """Return whether clicks grow as fast as followers."""
    fields = asked()
    report = growth_report(
        db_session(),
        named_account(fields.text("account")),
        window=asked_window(fields),
        now=as_of(now()),
        **asked_range(fields),
    )
    return growth_json(report)


@report_at("half-life", (NEEDED_ACCOUNT, LINK, FROM, TO), OF_POSTS)
def report_half_life() -> LifetimesReportJson | LinkLifeJson:
    """Return how long an account's posts, or one of its links, keep getting clicks."""
    fields = asked()
    account = named_account(fields.text("account"))
    code = fields.optional_text("link")
    if code is not None and is_narrowed():
        raise Invalid("The half-life of one link can't be filtered: leave out the filters.")
    if code is not None:
        codes = installation().shortener.codes
        return link_life_json(life_of_code(db_session(), codes, account, code, as_of(now())))
    report = lifetimes_report(
        db_session(),
        account,
        now=as_of(now()),
        **asked_range(fields),
    )
    return lifetimes_json(report)


@report_at("hours", (NEEDED_ACCOUNT, WINDOW, FROM, TO), OF_POSTS)
def report_hours() -> HoursReportJson:
    """Return clicks per follower by weekday and hour of posting."""
    fields = asked()
    report = hours_report(
        db_session(),
        named_account(fields.text("account")),
        window=asked_window(fields),
        timezone=installation().settings.timezone,
        now=as_of(now()),
        **asked_range(fields),
    )
    return hours_json(report)

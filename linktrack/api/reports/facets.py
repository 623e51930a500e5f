"""Reports of where and with what links were clicked, and of clicks by day narrowed by that."""

from datetime import date
from typing import TypedDict

from linktrack.api.access import named_account
from linktrack.api.operations import FROM, NEEDED_ACCOUNT, TO, Parameter, asked
from linktrack.api.reports.reporting import asked_only, left_to_narrow, report_at
from linktrack.audience.models import Account
from linktrack.calendar.ranges import whole_days
from linktrack.context import db_session, installation
from linktrack.links.catalog import get_link
from linktrack.links.models import Link, Post
from linktrack.links.posts import get_post
from linktrack.reports.narrowing.ranges import BY_DAY, OF_CLICKS
from linktrack.reports.sources.facet_days import (
    DaysReportJson,
    days_json,
    days_report,
)
from linktrack.reports.sources.facets import (
    DevicesReportJson,
    PlacesReportJson,
    devices_json,
    devices_report,
    places_json,
    places_report,
)

POST = Parameter("post", "Only this post, by its number, of all days.", "whole")
LINK = Parameter("link", "Only this link, by its code, of all days.")


class _Facets(TypedDict):
    since: date | None
    until: date | None
    link: Link | None
    post: Post | None


@report_at("places", (NEEDED_ACCOUNT, FROM, TO, POST, LINK), OF_CLICKS)
def report_places() -> PlacesReportJson:
    """Return in which countries and cities an account's links were clicked, or some of them."""
    account, chosen = _account_and_facets()
    return places_json(places_report(db_session(), account, **chosen))


@report_at("devices", (NEEDED_ACCOUNT, FROM, TO, POST, LINK), OF_CLICKS)
def report_devices() -> DevicesReportJson:
    """Return with which devices, browsers and systems, and in which languages they were clicked."""
    account, chosen = _account_and_facets()
    return devices_json(devices_report(db_session(), account, **chosen))


@report_at("days", (NEEDED_ACCOUNT, FROM, TO), BY_DAY)
def report_days() -> DaysReportJson:
    """Return an account's clicks by day, all or those that fit every filter."""
    fields = asked()
    account = named_account(fields.text("account"))
    timezone = installation().settings.timezone
    since, until = whole_days(fields.moment("from"), fields.moment("to"), timezone)
    facet = next(iter(left_to_narrow().facets), None)
    report = days_report(db_session(), account, since=since, until=until, facet=facet)
    return days_json(report, asked_only().written)


def _account_and_facets() -> tuple[Account, _Facets]:
    fields, opened = asked(), installation()
    account = named_account(fields.text("account"))
    since, until = whole_days(fields.moment("from"), fields.moment("to"), opened.settings.timezone)
    code, number = fields.optional_text("link"), fields.row_number("post")
    link = None if code is None else get_link(db_session(), opened.shortener.codes, code)
    post = None if number is None else get_post(db_session(), number)
    return account, {"since": since, "until": until, "link": link, "post": post}

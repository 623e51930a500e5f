"""Reports on how an audience behaves: each the object that pages and command line show."""

from flask import Response, g, jsonify, request

from linktrack.api.read import arguments
from linktrack.api.v1 import blueprint as blueprint  # the application registers it from here
from linktrack.api.v1 import named_account, needs
from linktrack.audience.accounts import get_account, list_accounts
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.reports.audience import audience_report
from linktrack.reports.comparison import compare
from linktrack.reports.growth import growth_report
from linktrack.reports.hours import hours_report
from linktrack.reports.lifetimes import life_of_code, lifetimes_report


@blueprint.get("/reports/audience")
@needs("read")
def report_audience() -> Response:
    """Return how many people click at all, in one visitor period."""
    fields = arguments(request, {"account", "from", "to"})
    settings = installation().settings
    report = audience_report(
        db_session(),
        named_account(fields.text("account")),
        period=settings.visitor_period,
        timezone=settings.timezone,
        now=now(),
        since=fields.moment("from"),
        until=fields.moment("to"),
    )
    return jsonify(report.as_json())


@blueprint.get("/reports/compare")
@needs("read")
def report_compare() -> Response:
    """Return accounts side by side: those named (`account` may repeat), or all."""
    fields = arguments(request, {"account", "window", "from", "to"})
    session = db_session()
    handles = dict.fromkeys(handle for handle in request.args.getlist("account") if handle)
    accounts = [named_account(handle) for handle in handles]
    if not accounts and g.token.account_id is not None:
        accounts = [get_account(session, g.token.account_id)]
    report = compare(
        session,
        accounts or list_accounts(session),
        window=fields.text("window", DEFAULT_WINDOW),
        now=now(),
        since=fields.moment("from"),
        until=fields.moment("to"),
    )
    return jsonify(report.as_json())


@blueprint.get("/reports/growth")
@needs("read")
def report_growth() -> Response:
    """Return whether clicking grows as fast as following."""
    fields = arguments(request, {"account", "window", "from", "to"})
    report = growth_report(
        db_session(),
        named_account(fields.text("account")),
        window=fields.text("window", DEFAULT_WINDOW),
        now=now(),
        since=fields.moment("from"),
        until=fields.moment("to"),
    )
    return jsonify(report.as_json())


@blueprint.get("/reports/half-life")
@needs("read")
def report_half_life() -> Response:
    """Return how long an account's posts live, or one of its links."""
    fields = arguments(request, {"account", "link", "from", "to"})
    account = named_account(fields.text("account"))
    code = fields.optional_text("link")
    if code is not None:
        codes = installation().shortener.codes
        return jsonify(life_of_code(db_session(), codes, account, code, now()).as_json())
    report = lifetimes_report(
        db_session(),
        account,
        now=now(),
        since=fields.moment("from"),
        until=fields.moment("to"),
    )
    return jsonify(report.as_json())


@blueprint.get("/reports/hours")
@needs("read")
def report_hours() -> Response:
    """Return clicks per follower by weekday and hour of posting."""
    fields = arguments(request, {"account", "window", "from", "to"})
    report = hours_report(
        db_session(),
        named_account(fields.text("account")),
        window=fields.text("window", DEFAULT_WINDOW),
        timezone=installation().settings.timezone,
        now=now(),
        since=fields.moment("from"),
        until=fields.moment("to"),
    )
    return jsonify(report.as_json())

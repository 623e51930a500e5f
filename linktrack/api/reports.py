"""Reports under /api/v1/reports: each the object that pages and command line show."""

from datetime import datetime

from flask import Response, jsonify, request

from linktrack.api.read import arguments
from linktrack.api.v1 import blueprint as blueprint  # the application registers it from here
from linktrack.api.v1 import named_account, needs, refuse_elsewhere, refuse_narrow
from linktrack.audience.accounts import list_accounts
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.links.catalog import get_link
from linktrack.links.posts import get_post
from linktrack.reports.digest import digests
from linktrack.reports.experiment_report import experiment_report
from linktrack.reports.experiments import find_experiment
from linktrack.reports.link_kinds import own_links_report, people_report
from linktrack.reports.ranges import whole_days
from linktrack.reports.referrers import referrers_report


@blueprint.get("/reports/referrers")
@needs("read")
def report_referrers() -> Response:
    """Return where the clicks of an account, a post or a link came from, by segment."""
    fields = arguments(request, {"account", "from", "to", "post", "link"})
    account = named_account(fields.text("account"))
    opened, session = installation(), db_session()
    timezone = opened.settings.timezone
    since, until = whole_days(fields.moment("from"), fields.moment("to"), timezone)
    post, code = fields.whole("post"), fields.optional_text("link")
    report = referrers_report(
        session,
        account,
        timezone,
        since=since,
        until=until,
        post=None if post is None else get_post(session, post),
        link=None if code is None else get_link(session, opened.shortener.codes, code),
    )
    return jsonify(report.as_json())


@blueprint.get("/reports/experiment")
@needs("read")
def report_experiment() -> Response:
    """Return what an account's experiment has found: the named one, or its newest."""
    fields = arguments(request, {"account", "name"})
    session = db_session()
    account = named_account(fields.text("account"))
    experiment = find_experiment(session, account, fields.optional_text("name"))
    for number in (experiment.account_id, experiment.other_id):
        refuse_elsewhere(number)
    accounts = {each.id: each for each in list_accounts(session)}
    return jsonify(experiment_report(session, experiment, accounts, now()).as_json())


@blueprint.get("/reports/people")
@needs("read")
def report_people() -> Response:
    """Return what links sent to the people they promote, from one account or from all."""
    handle = arguments(request, {"account"}).optional_text("account")
    account = None if handle is None else named_account(handle)
    if account is None:
        refuse_narrow()
    return jsonify(people_report(db_session(), account).as_json())


@blueprint.get("/reports/own")
@needs("read")
def report_own() -> Response:
    """Return what links to the owner's own sites got, beside other people's."""
    fields = arguments(request, {"account", "from", "to"})
    account = named_account(fields.text("account"))
    report = own_links_report(db_session(), account, fields.moment("from"), fields.moment("to"))
    return jsonify(report.as_json())


@blueprint.get("/reports/digest")
@needs("read")
def report_digest() -> Response:
    """Return an account's last whole week or month beside the one before it."""
    fields = arguments(request, {"account", "period"})
    account = named_account(fields.text("account"))
    timezone = installation().settings.timezone
    today = datetime.now(timezone).date()
    period = fields.text("period", "week")
    (found,) = digests(db_session(), [account], period, today, now(), timezone)
    return jsonify(found.as_json())

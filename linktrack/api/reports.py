"""Reports under /api/v1/reports: each the object that pages and command line show."""

from flask import Response, jsonify, request

from linktrack.api.read import arguments
from linktrack.api.v1 import blueprint as blueprint  # the application registers it from here
from linktrack.api.v1 import named_account, needs
from linktrack.context import db_session, installation
from linktrack.links.catalog import get_link
from linktrack.links.posts import get_post
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

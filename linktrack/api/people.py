"""People whom links promote, and the owner's own sites."""

from flask import Response, jsonify

from linktrack.api import audience_shapes as shapes
from linktrack.api.access import named_account, reaches_all
from linktrack.api.operations import ACCOUNT, FROM, NEEDED_ACCOUNT, TO, asked, operation
from linktrack.context import db_session
from linktrack.reports.link_kinds import own_links_report, people_report


@operation(
    "GET",
    "/reports/people",
    scope="read",
    query=(ACCOUNT,),
    answers={200: shapes.PeopleReport},
    problems=(404,),
)
def report_people() -> Response:
    """Return what links sent to the people they promote, from one account or from all."""
    handle = asked().optional_text("account")
    account = None if handle is None else named_account(handle)
    if account is None:
        reaches_all()
    return jsonify(people_report(db_session(), account).as_json())


@operation(
    "GET",
    "/reports/own",
    scope="read",
    query=(NEEDED_ACCOUNT, FROM, TO),
    answers={200: shapes.OwnLinksReport},
    problems=(404,),
)
def report_own() -> Response:
    """Return what links to the owner's own sites got, beside other people's."""
    fields = asked()
    account = named_account(fields.text("account"))
    report = own_links_report(db_session(), account, fields.moment("from"), fields.moment("to"))
    return jsonify(report.as_json())

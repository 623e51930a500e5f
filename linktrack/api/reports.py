"""Reports: the same objects as on the command line."""

from flask import Response, jsonify

from linktrack.api import shapes
from linktrack.api.access import named_account
from linktrack.api.operations import (
    AFTER,
    FROM,
    LIMIT,
    NEEDED_ACCOUNT,
    TO,
    Parameter,
    asked,
    operation,
)
from linktrack.clicks.vocabulary import DEFAULT_WINDOW, WINDOWS
from linktrack.context import db_session
from linktrack.reports.build import MOST_POSTS, cpf_json, cpf_report

WINDOW = Parameter("window", "For how long a post's clicks are counted.", choices=WINDOWS)


@operation(
    "GET",
    "/reports/cpf",
    scope="read",
    query=(NEEDED_ACCOUNT, WINDOW, FROM, TO, LIMIT, AFTER),
    answers={200: shapes.CpfReport},
    problems=(404,),
)
def report_cpf() -> Response:
    """Return clicks per follower of an account."""
    fields = asked()
    report = cpf_report(
        db_session(),
        named_account(fields.text("account")),
        window=fields.text("window", DEFAULT_WINDOW),
        since=fields.moment("from"),
        until=fields.moment("to"),
        limit=fields.whole("limit") or MOST_POSTS,
        after=fields.row_number("after"),
    )
    return jsonify(cpf_json(report))

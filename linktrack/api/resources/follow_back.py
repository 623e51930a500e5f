"""Following back, to be looked at: only people who are signed in change it."""

from flask import Response, jsonify

from linktrack.api import audience_shapes as shapes
from linktrack.api.operations import AFTER, LIMIT, asked, operation
from linktrack.api.paging import page_size
from linktrack.api.resources.accounts import ACCOUNT, numbered_account
from linktrack.audience.follow_back.log import follow_log, standing_of
from linktrack.context import db_session
from linktrack.db import now
from linktrack.reports.following import follow_json, standing_json


@operation(
    "GET", f"{ACCOUNT}/follow-back", scope="read", answers={200: shapes.FollowBack}, problems=(404,)
)
def read_follow_back(number: int) -> Response:
    """Say whether an account follows back, and whom next."""
    return jsonify(standing_json(standing_of(db_session(), numbered_account(number), now())))


@operation(
    "GET",
    f"{ACCOUNT}/follows",
    scope="read",
    query=(LIMIT, AFTER),
    answers={200: shapes.MadeFollowPage},
    problems=(404,),
)
def read_follows(number: int) -> Response:
    """List whom an account has followed back, newest first."""
    fields = asked()
    account = numbered_account(number)
    size = page_size(fields)
    found = follow_log(db_session(), account.id, size + 1, fields.row_number("after"))
    rows = [follow_json(row) for row in found[:size]]
    return jsonify({"data": rows, "next": found[size - 1].id if len(found) > size else None})

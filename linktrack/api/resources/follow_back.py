"""Following back, read only: only signed-in people can change it."""

from typing import TypedDict

from linktrack.api.operations import AFTER, LIMIT, asked, operation
from linktrack.api.paging import page_size
from linktrack.api.resources.accounts import ACCOUNT, numbered_account
from linktrack.audience.follow_back.log import (
    FollowBackJson,
    MadeFollowJson,
    follow_json,
    follow_log,
    status_json,
    status_of,
)
from linktrack.context import db_session
from linktrack.db import now


@operation("GET", f"{ACCOUNT}/follow-back", scope="read", problems=(404,))
def read_follow_back(number: int) -> FollowBackJson:
    """Return whether an account follows back, and whom it follows next."""
    return status_json(status_of(db_session(), numbered_account(number), now()))


class MadeFollowPageJson(TypedDict):
    """Follows made so far, newest first; `next` is the `after` of the next page."""

    data: list[MadeFollowJson]
    next: int | None


@operation("GET", f"{ACCOUNT}/follows", scope="read", query=(LIMIT, AFTER), problems=(404,))
def read_follows(number: int) -> MadeFollowPageJson:
    """List the people an account has followed back, newest first."""
    fields = asked()
    account = numbered_account(number)
    size = page_size(fields)
    found = follow_log(db_session(), account.id, size + 1, fields.row_number("after"))
    rows = [follow_json(row) for row in found[:size]]
    return {"data": rows, "next": found[size - 1].id if len(found) > size else None}

"""Who came and who left, by name."""

from linktrack.api.access import named_account
from linktrack.api.operations import FROM, LIMIT, NEEDED_ACCOUNT, TO, Parameter, asked, operation
from linktrack.api.paging import page_size
from linktrack.context import db_session
from linktrack.reports.people.move_queries import WAYS, Wanted
from linktrack.reports.people.moves import (
    MovesJson,
    moves_json,
    moves_page,
    place_of,
    way_named,
)

WAY = Parameter("way", "Only those who came for the first time, came back, or left.", choices=WAYS)
LIST = Parameter("list", "Only what the follower list of this moment shows.", "moment")
HANDLE = Parameter("handle", "Only people whose handles begin so.")
AFTER = Parameter("after", "Continue after this one: `next` of the previous page.")


@operation(
    "GET",
    "/followers/moves",
    scope="read",
    query=(NEEDED_ACCOUNT, FROM, TO, LIST, WAY, HANDLE, LIMIT, AFTER),
    problems=(404,),
)
def read_moves() -> MovesJson:
    """List by name who came, came back and left between follower lists, newest first."""
    fields = asked()
    page = moves_page(
        db_session(),
        named_account(fields.text("account")),
        Wanted(
            way=way_named(fields.text("way", "")),
            since=fields.moment("from"),
            until=fields.moment("to"),
            list_at=fields.moment("list"),
            handle=fields.text("handle", ""),
        ),
        after=place_of(fields.text("after", "")),
        limit=page_size(fields),
    )
    return moves_json(page)

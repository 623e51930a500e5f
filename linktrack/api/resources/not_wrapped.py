"""Posts with untracked links, and the wrapped version of one."""

from typing import Literal, TypedDict

from flask import Response

from linktrack.api.access import named_account, require_account
from linktrack.api.operations import (
    AFTER,
    FROM,
    LIMIT,
    NEEDED_ACCOUNT,
    TO,
    asked,
    operation,
)
from linktrack.api.paging import page_size
from linktrack.api.read import stored
from linktrack.audience.accounts import get_account
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.links.models import UnwrappedPost
from linktrack.links.post_json import post_json
from linktrack.publishing.sendings import PostJson, unsent_post_json
from linktrack.publishing.unwrapped.posts import addresses_of, get_unwrapped, list_unwrapped
from linktrack.publishing.unwrapped.replacing import draft_for, drop_deleted
from linktrack.reports.coverage import UnwrappedPostJson, unwrapped_json

UNWRAPPED = "/not-wrapped/<int:number>"


class UnwrappedPageJson(TypedDict):
    """Posts with untracked links, newest first; `next` is the `after` of the next page."""

    data: list[UnwrappedPostJson]
    next: int | None


@operation(
    "GET",
    "/not-wrapped",
    scope="read",
    query=(NEEDED_ACCOUNT, FROM, TO, LIMIT, AFTER),
    problems=(404,),
)
def read_not_wrapped() -> UnwrappedPageJson:
    """List an account's own posts with untracked links, newest first."""
    fields = asked()
    session = db_session()
    account = named_account(fields.text("account"))
    size = page_size(fields)
    found = list_unwrapped(
        session,
        account.id,
        size + 1,
        after=fields.row_number("after"),
        since=fields.moment("from"),
        until=fields.moment("to"),
    )
    addresses = addresses_of(session, found)
    rows = [unwrapped_json(account, post, addresses[post.id]) for post in found[:size]]
    return {"data": rows, "next": found[size - 1].id if len(found) > size else None}


@operation("POST", f"{UNWRAPPED}/draft", scope="write", problems=(404, 409))
def create_wrapped_draft(number: int) -> tuple[PostJson, Literal[201]]:
    """Create a wrapped draft of the same text; asking again returns the same draft."""
    session = db_session()
    old = _numbered(number)
    shortener = installation().shortener
    post = draft_for(session, shortener, get_account(session, old.account_id), old, now())
    session.commit()
    return unsent_post_json(post_json(session, shortener, post)), 201


@operation("DELETE", UNWRAPPED, scope="write", answers={204: None}, problems=(404,))
def delete_not_wrapped(number: int) -> Response:
    """Remove a post that was deleted on its network from the list."""
    session = db_session()
    drop_deleted(session, _numbered(number), now())
    session.commit()
    return Response(status=204)


def _numbered(number: int) -> UnwrappedPost:
    """Return an unwrapped post, if the token has access to it."""
    old = get_unwrapped(db_session(), stored(number))
    require_account(old.account_id)
    return old

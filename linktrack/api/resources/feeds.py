"""What is brought in for a community's members, and what could be."""

from typing import Literal, NotRequired, TypedDict

from flask import Response

from linktrack.api.access import require_account, seen_session
from linktrack.api.operations import AFTER, LIMIT, asked, operation, sent
from linktrack.api.paging import page_size
from linktrack.api.read import Fields, stored
from linktrack.api.resources.accounts import ACCOUNT, numbered_account
from linktrack.audience.accounts import get_account
from linktrack.audience.models import Account
from linktrack.community.feed.bringing_in import (
    AnyPost,
    EntryLine,
    FeedEntryJson,
    bring_in,
    entry_json,
    get_entry,
    list_entries,
    set_note,
    take_out,
)
from linktrack.community.models import FeedEntry
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.models import Post
from linktrack.links.posts import get_post
from linktrack.publishing.unwrapped.posts import get_unwrapped
from linktrack.reports.community.candidates import CandidateJson, candidate_json, candidates

FEED = f"{ACCOUNT}/feed"
ENTRY = f"{FEED}/<int:entry>"


class CandidateListJson(TypedDict):
    """Posts that are clearly above usual, the best first."""

    data: list[CandidateJson]


class FeedPageJson(TypedDict):
    """What was brought in, newest first; `next` is the number to continue after."""

    data: list[FeedEntryJson]
    next: int | None


@operation("GET", f"{ACCOUNT}/candidates", scope="read", problems=(404,))
def read_candidates(number: int) -> CandidateListJson:
    """List posts of the other accounts that did clearly better than usual there."""
    community = numbered_account(number)
    found = candidates(seen_session(), community, as_of(now()))
    return {"data": [candidate_json(each) for each in found]}


@operation("GET", FEED, scope="read", query=(LIMIT, AFTER), problems=(404,))
def read_feed(number: int) -> FeedPageJson:
    """List what was brought in for an account's members, newest first."""
    fields = asked()
    account, limit = numbered_account(number), page_size(fields)
    lines = list_entries(db_session(), account, limit + 1, after=fields.row_number("after"))
    more = lines[limit - 1].entry.id if len(lines) > limit else None
    return {"data": [entry_json(line) for line in lines[:limit]], "next": more}


class NewFeedEntry(TypedDict):
    """A post to bring in: `post` is the number of one of ours, `unwrapped_post` of another."""

    post: NotRequired[int | None]
    unwrapped_post: NotRequired[int | None]
    note: NotRequired[str]


@operation("POST", FEED, scope="write", body=NewFeedEntry, problems=(404, 409))
def create_feed_entry(number: int) -> tuple[FeedEntryJson, Literal[201]]:
    """Bring a post in for an account's members; a second time changes nothing."""
    fields, session = sent(), db_session()
    community = numbered_account(number)
    post = _post(fields)
    require_account(post.account_id)
    shortener = installation().shortener
    written = fields.text("note", "")
    entry = bring_in(session, shortener, community, post, written=written, now=now())
    told = _told(entry, post)
    session.commit()
    return told, 201


class FeedEntryChange(TypedDict):
    """What you say of a post; an empty text says nothing."""

    note: str


@operation("PATCH", ENTRY, scope="write", body=FeedEntryChange, problems=(404,))
def change_feed_entry(number: int, entry: int) -> FeedEntryJson:
    """Change what you say of a post in the feed."""
    session = db_session()
    found = get_entry(session, numbered_account(number), stored(entry))
    set_note(session, found, sent().text("note"))
    post = _post_of(found)
    told = _told(found, post)
    session.commit()
    return told


@operation("DELETE", ENTRY, scope="write", answers={204: None}, problems=(404,))
def delete_feed_entry(number: int, entry: int) -> Response:
    """Take a post out of the feed."""
    session = db_session()
    take_out(session, get_entry(session, numbered_account(number), stored(entry)), now())
    session.commit()
    return Response(status=204)


def _post(fields: Fields) -> AnyPost:
    ours, other = fields.row_number("post"), fields.row_number("unwrapped_post")
    if (ours is None) == (other is None):
        raise Invalid("Give post or unwrapped_post: the number of the post to bring in.")
    session = db_session()
    return get_post(session, ours) if ours is not None else get_unwrapped(session, other or 0)


def _post_of(entry: FeedEntry) -> AnyPost:
    session = db_session()
    if entry.post_id is not None:
        return get_post(session, entry.post_id)
    return get_unwrapped(session, entry.unwrapped_id or 0)


def _told(entry: FeedEntry, post: AnyPost) -> FeedEntryJson:
    account: Account = get_account(db_session(), post.account_id)
    text = post.written if isinstance(post, Post) else post.text
    at = post.posted_at
    assert at is not None  # it is published
    return entry_json(EntryLine(entry, account, text, at))

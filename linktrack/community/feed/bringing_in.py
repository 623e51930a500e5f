"""Bring posts in for a community's members, or take them out again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias, TypedDict

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.models import Account
from linktrack.audience.sorting import sort_followers
from linktrack.calendar.times import utc
from linktrack.community.communities import count_members, get_community
from linktrack.community.letting_in.known import members_segment
from linktrack.community.models import Brought, FeedEntry
from linktrack.db import take_edit_lock
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.links.catalog import Shortener
from linktrack.links.models import Post, UnwrappedPost
from linktrack.links.posts import add_version
from linktrack.owners.audit import note

LONGEST_NOTE: Final = 1_000  # characters

AnyPost: TypeAlias = Post | UnwrappedPost
"""A post of ours, or one that was published without our links."""


def bring_in(
    session: Session,
    shortener: Shortener,
    community: Account,
    post: AnyPost,
    *,
    written: str = "",
    why: Brought = "picked",
    now: datetime,
) -> FeedEntry:
    """Put a published post into the feed of a community's members; a second time changes nothing.

    `written` is what the owner says of it, if anything. A post with links gets a version for the
    segment of members on its account, which reaches as many people as there are members now.
    Raises `NotFound` where the account has no community, `Invalid` and `Conflict`.
    """
    get_community(session, community)
    said = parse_note(written)
    take_edit_lock(session.connection())  # a button may be pressed twice, and two may press it
    known = entry_of(session, community, post)
    if known is not None:
        return known
    _check_post(community, post)
    entry = FeedEntry(
        account_id=community.id,
        post_id=post.id if isinstance(post, Post) else None,
        unwrapped_id=None if isinstance(post, Post) else post.id,
        brought_at=now,
        why=why,
        note=said,
    )
    if isinstance(post, Post) and post.links:
        account = session.get_one(Account, post.account_id)
        segment = members_segment(session, account, now)
        if segment.size is None:  # it was made just now
            sort_followers(session, account, now)
        add_version(session, shortener, post, segment, count_members(session, community) or None)
        entry.segment_id = segment.id
    session.add(entry)
    note(session, f"Brought {_named(post)} in for the community of {community.handle}.", now)
    session.flush()
    return entry


def take_out(session: Session, entry: FeedEntry, now: datetime) -> None:
    """Take a post out of the feed; what members have read of it, their readers may keep.

    Its version stays: links that are out keep working, and count as before.
    """
    community = session.get_one(Account, entry.account_id)
    number = f"post {entry.post_id}" if entry.post_id is not None else "a post without our links"
    note(session, f"Took {number} out of the feed of {community.handle}.", now)
    session.delete(entry)
    session.flush()


def set_note(session: Session, entry: FeedEntry, written: str) -> None:
    """Keep what the owner says of a post; with nothing, nothing. Raises `Invalid`."""
    entry.note = parse_note(written)
    session.flush()


def parse_note(written: str) -> str | None:
    """Return a note as it is kept, None for an empty one. Raises `Invalid`."""
    said = written.replace("\r\n", "\n").strip()
    if len(said) > LONGEST_NOTE:
        raise Invalid(f"The note is too long: it may have {LONGEST_NOTE:,} characters.")
    if any(each == "\0" or "\ud800" <= each <= "\udfff" for each in said):
        raise Invalid("The note has a character that cannot be stored: take it out.")
    return said or None


def get_entry(session: Session, community: Account, number: int) -> FeedEntry:
    """Return an entry of a community's feed; raises `NotFound`."""
    found = session.get(FeedEntry, number)
    if found is None or found.account_id != community.id:
        raise NotFound(f"The feed of {community.handle} has no entry number {number}.")
    return found


def entry_of(session: Session, community: Account, post: AnyPost) -> FeedEntry | None:
    """Return the entry of a post in a community's feed, None where it isn't in it."""
    of = FeedEntry.post_id if isinstance(post, Post) else FeedEntry.unwrapped_id
    return session.scalar(
        select(FeedEntry).where(FeedEntry.account_id == community.id, of == post.id)
    )


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry as owners see it: with its post's account, text as written, and time."""

    entry: FeedEntry
    account: Account
    text: str
    posted_at: datetime


def list_entries(
    session: Session, community: Account, limit: int, *, after: int | None = None
) -> list[EntryLine]:
    """Return what was brought in, newest first, behind the entry numbered `after`."""
    query = (
        select(
            FeedEntry,
            Account,
            func.coalesce(Post.written, UnwrappedPost.text),
            func.coalesce(Post.posted_at, UnwrappedPost.posted_at),
        )
        .outerjoin(Post, Post.id == FeedEntry.post_id)
        .outerjoin(UnwrappedPost, UnwrappedPost.id == FeedEntry.unwrapped_id)
        .join(Account, Account.id == func.coalesce(Post.account_id, UnwrappedPost.account_id))
        .where(FeedEntry.account_id == community.id)
        .order_by(FeedEntry.brought_at.desc(), FeedEntry.id.desc())
        .limit(limit)
    )
    last = None if after is None else session.get(FeedEntry, after)
    if last is not None:
        query = query.where(
            or_(
                FeedEntry.brought_at < last.brought_at,
                (FeedEntry.brought_at == last.brought_at) & (FeedEntry.id < last.id),
            )
        )
    return [EntryLine(*row) for row in session.execute(query)]


def count_entries(session: Session, community: Account) -> int:
    """Return how many posts are in the feed of an account's members."""
    query = select(func.count()).where(FeedEntry.account_id == community.id)
    return session.scalar(query) or 0


def keep_ranks(session: Session, ranked: Sequence[int]) -> None:
    """Keep the places of a week's entries, which are given by number, the best first."""
    rows = [{"id": number, "week_rank": rank} for rank, number in enumerate(ranked, 1)]
    if rows:
        session.execute(update(FeedEntry), rows)


def _check_post(community: Account, post: AnyPost) -> None:
    if post.account_id == community.id:
        raise Invalid(
            f"Members of {community.handle} follow it: bring in posts of the other accounts."
        )
    if isinstance(post, Post) and (post.state != "published" or post.posted_at is None):
        raise Conflict(f"Post {post.id} isn't published: bring it in once it is.")
    if isinstance(post, UnwrappedPost) and post.is_repost:
        raise Invalid("A repost has somebody else's words: bring in posts of your own.")


def _named(post: AnyPost) -> str:
    return f"post {post.id}" if isinstance(post, Post) else "a post without our links"


class FeedEntryJson(TypedDict):
    """A post in the feed; one of `post` and `unwrapped_post` is null."""

    id: int
    post: int | None
    unwrapped_post: int | None
    account: AccountNameJson
    text: str
    posted_at: str
    brought_at: str
    why: Brought
    note: str | None
    week_rank: int | None


def entry_json(line: EntryLine) -> FeedEntryJson:
    """Return an entry as every door gives it."""
    entry = line.entry
    return {
        "id": entry.id,
        "post": entry.post_id,
        "unwrapped_post": entry.unwrapped_id,
        "account": account_json(line.account),
        "text": line.text,
        "posted_at": utc(line.posted_at),
        "brought_at": utc(entry.brought_at),
        "why": entry.why,
        "note": entry.note,
        "week_rank": entry.week_rank,
    }

"""Read what a member's feed has, with the links that are theirs: a handful of queries."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2b
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, Consent, Follower
from linktrack.clicks.models import forwarded_followers
from linktrack.community.feed.texts import PostText
from linktrack.community.models import Community, FeedEntry, Member
from linktrack.db import EPOCH
from linktrack.ids import AccountId, FollowerId, LinkId, PostId, SegmentId
from linktrack.links.catalog import Shortener
from linktrack.links.codes import Bearer
from linktrack.links.formats.guess import Format
from linktrack.links.hosts.models import BaseAddress
from linktrack.links.models import Link, Post, SeenPost, UnwrappedPost
from linktrack.links.redirects.limiting import is_limited
from linktrack.networks.registry import NetworkName, network_of

MOST: Final = 100
"""Entries of a feed: the newest."""


class _Row(NamedTuple):
    """An entry and its post as they are stored."""

    entry_id: int
    brought_at: datetime
    note: str | None
    segment_id: SegmentId | None
    post_id: PostId | None
    text: str
    written_in: Format | None
    posted_at: datetime
    network_id: str | None
    account_id: AccountId
    handle: str
    network: NetworkName


class _Link(NamedTuple):
    link_id: LinkId
    code: str
    destination: str


class _Personal(NamedTuple):
    """A follower who may have personal links, but for those up to `last_link` (-1: all may be)."""

    follower_id: FollowerId
    last_link: int | None


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A post that was brought in, as one member gets it.

    `codes` are those of this member's links by the codes that everybody has. `address` is where
    its network shows it, where that is known.
    """

    entry_id: int
    brought_at: datetime
    posted_at: datetime
    note: str | None
    handle: str
    post: PostText
    codes: Mapping[str, str]
    address: str | None


@dataclass(frozen=True, slots=True)
class MemberFeed:
    """A member's feed, newest first; `bases` are all addresses that short links begin with.

    `born` is the first of them with its day, for names that hold whatever the address is now.
    `changed_at` is when something was brought in last.
    """

    community: str
    member_id: int
    bases: Sequence[str]
    born: tuple[str, date]
    items: Sequence[FeedItem]
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class FeedRows:
    """What a feed is made of, and by what to tell that it has changed: `feed` is made on demand.

    `mark` changes with whatever members read of it; `changed_at` is when something was brought in
    last. Making the codes of a hundred posts takes longer than reading them.
    """

    mark: str
    changed_at: datetime
    feed: Callable[[], MemberFeed]


def read_feed(
    session: Session,
    shortener: Shortener,
    member: Member,
    *,
    personal: bool = True,
    week: tuple[datetime, datetime] | None = None,
) -> MemberFeed:
    """Return a member's feed, made of what `read_rows` reads."""
    return read_rows(session, shortener, member, personal=personal, week=week).feed()


def read_rows(
    session: Session,
    shortener: Shortener,
    member: Member,
    *,
    personal: bool = True,
    week: tuple[datetime, datetime] | None = None,
) -> FeedRows:
    """Read a member's feed: everything brought in, or the best of each week, as the owner chose.

    With `personal` the links are the member's own, where they have agreed and are known as a
    follower of the post's account; else those of the version for all members. Links that were
    passed on are no longer anybody's own. With a `week` it has what was brought in then, alone.
    """
    account = session.get_one(Account, member.account_id)
    rows = _rows(session, account.id, week)
    links = _links(session, [row.post_id for row in rows if row.post_id is not None])
    followers = (
        _followers(session, member, {row.account_id for row in rows})
        if personal and member.agrees_links
        else {}
    )
    seen = _seen(session, list(links))
    query = select(BaseAddress.address, BaseAddress.since, BaseAddress.domain_id)
    addresses = session.execute(query.order_by(BaseAddress.since.desc())).all()
    begun = [each for each in addresses if each.domain_id is None]
    first = (begun[-1].address, begun[-1].since) if begun else (shortener.base_url, EPOCH)
    known = (account.handle, shortener.base_url, rows, links, followers, seen, addresses)
    changed_at = max((row.brought_at for row in rows), default=member.joined_at)

    def feed() -> MemberFeed:
        return MemberFeed(
            community=account.handle,
            member_id=member.id,
            bases=list(dict.fromkeys([shortener.base_url, *(each[0] for each in addresses)])),
            born=(urlsplit(first[0]).hostname or "localhost", first[1].date()),
            items=[
                _item(row, shortener, links.get(row.post_id, ()), followers, seen) for row in rows
            ],
            changed_at=changed_at,
        )

    mark = blake2b(repr(known).encode("utf-8", "replace"), digest_size=16).hexdigest()
    return FeedRows(mark, changed_at, feed)


def _rows(
    session: Session, account_id: AccountId, week: tuple[datetime, datetime] | None
) -> Sequence[_Row]:
    query = (
        select(
            FeedEntry.id,
            FeedEntry.brought_at,
            FeedEntry.note,
            FeedEntry.segment_id,
            FeedEntry.post_id,
            func.coalesce(Post.text, UnwrappedPost.text),
            Post.format,
            func.coalesce(Post.posted_at, UnwrappedPost.posted_at),
            UnwrappedPost.network_id,
            Account.id,
            Account.handle,
            Account.network,
        )
        .outerjoin(Post, Post.id == FeedEntry.post_id)
        .outerjoin(UnwrappedPost, UnwrappedPost.id == FeedEntry.unwrapped_id)
        .join(Account, Account.id == func.coalesce(Post.account_id, UnwrappedPost.account_id))
        .join(Community, Community.account_id == FeedEntry.account_id)
        .where(FeedEntry.account_id == account_id)
        # A post that was taken back on its page is no longer read here.
        .where(or_(Post.state == "published", UnwrappedPost.id.is_not(None)))
        .where(is_chosen())
        .order_by(FeedEntry.brought_at.desc(), FeedEntry.id.desc())
        .limit(MOST)
    )
    if week is not None:
        query = query.where(FeedEntry.brought_at >= week[0], FeedEntry.brought_at < week[1])
    return list(map(_Row._make, session.execute(query)))


def is_chosen() -> ColumnElement[bool]:
    """Return the condition for entries that members get, of a joined community."""
    return or_(Community.feed == "full", FeedEntry.week_rank <= Community.weekly_best)


def _links(session: Session, post_ids: Collection[PostId]) -> Mapping[PostId | None, list[_Link]]:
    found: defaultdict[PostId | None, list[_Link]] = defaultdict(list)
    # Of a link with limits, which may ask for a password, members aren't told where it leads.
    destination = case((Link.has_plan & is_limited(), ""), else_=Link.destination)
    query = select(Link.post_id, Link.id, Link.code, destination).where(
        Link.post_id.in_(post_ids), Link.code.is_not(None)
    )
    for post_id, *link in session.execute(query.order_by(Link.id)):
        found[post_id].append(_Link._make(link))
    return dict(found)


def _followers(
    session: Session, member: Member, account_ids: Collection[AccountId]
) -> Mapping[AccountId, _Personal]:
    """Return which follower of each account the member is, where clicks may say so."""
    if member.network is None or member.network_id is None:
        return {}
    leaked = forwarded_followers.c
    query = (
        select(Follower.account_id, Follower.id, leaked.follower_id, leaked.last_link)
        .join(Account, Account.id == Follower.account_id)
        .join(Consent, Consent.follower_id == Follower.id)
        .outerjoin(forwarded_followers, leaked.follower_id == Follower.id)
        .where(
            Follower.account_id.in_(account_ids),
            Follower.network_id == member.network_id,
            Account.network == member.network,
        )
    )
    return {
        account_id: _Personal(number, last_link if is_leaked is not None else -1)
        for account_id, number, is_leaked, last_link in session.execute(query)
    }


def _seen(session: Session, post_ids: Collection[PostId | None]) -> Mapping[PostId, str]:
    query = select(SeenPost.post_id, SeenPost.network_id).where(SeenPost.post_id.in_(post_ids))
    # A thread is several posts of the network: the last of these is its beginning.
    rows = session.execute(query.order_by(SeenPost.posted_at.desc(), SeenPost.network_id.desc()))
    return {row.post_id: row.network_id for row in rows}


def _item(
    row: _Row,
    shortener: Shortener,
    links: Sequence[_Link],
    followers: Mapping[AccountId, _Personal],
    seen: Mapping[PostId, str],
) -> FeedItem:
    own = followers.get(row.account_id)
    network_id = row.network_id if row.post_id is None else seen.get(row.post_id)
    return FeedItem(
        entry_id=row.entry_id,
        brought_at=row.brought_at,
        posted_at=row.posted_at,
        note=row.note,
        handle=row.handle,
        post=PostText(
            row.text,
            row.written_in or "plain",
            {link.code: link.destination or shortener.base_url for link in links},
        ),
        codes={}
        if row.segment_id is None
        else {link.code: _code(shortener, link, row.segment_id, own) for link in links},
        address=None if network_id is None else network_of(row.network).post_address(network_id),
    )


def _code(shortener: Shortener, link: _Link, segment_id: SegmentId, own: _Personal | None) -> str:
    is_own = own is not None and own.last_link is not None and link.link_id > own.last_link
    follower_id = own.follower_id if own is not None and is_own else None
    return shortener.codes.compute(Bearer(link.link_id, segment_id, follower_id))

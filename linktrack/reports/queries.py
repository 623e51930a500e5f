"""What reports read from the database: a few rows each, from the counts beside the clicks."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeAlias

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from linktrack.audience.models import FollowerCount, Segment
from linktrack.clicks.models import (
    account_days,
    link_days,
    post_reasons,
    post_sources,
    post_windows,
    sources,
)
from linktrack.clicks.vocabulary import REASONS
from linktrack.links.models import Link, Post, Version


@dataclass(frozen=True, slots=True)
class PostFacts:
    """A published post and the follower count that stood when it was posted."""

    id: int
    posted_at: datetime
    text: str
    written: str
    followers: int | None
    followers_at: datetime | None


@dataclass(slots=True)
class SegmentCounts:
    """Human clicks of one segment on one post within the window; 0 is unattributed."""

    clicks: int
    unique_clicks: int
    without_visitor: int


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """Human clicks from one source within the window; no name means no referrer."""

    source: str | None
    medium: str
    clicks: int
    unique_clicks: int


@dataclass(slots=True)
class PostCounts:
    """All that is counted of one post within the window."""

    segments: dict[int, SegmentCounts] = field(default_factory=dict)
    not_human: dict[str, int] = field(default_factory=dict)
    referrers: list[SourceCounts] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """A version of a post: whom it was for, and how many it reached."""

    segment_id: int
    segment: str
    addressed: int | None


@dataclass(frozen=True, slots=True)
class DayCounts:
    """One day's clicks."""

    day: date
    clicks: int
    unique_clicks: int
    not_human: int


Chosen: TypeAlias = ColumnElement[bool]


def chosen_posts(account_id: int, since: datetime | None, until: datetime | None) -> Chosen:
    """Return the condition for published posts with a wrapped link in [since, until)."""
    conditions = [Post.account_id == account_id, Post.state == "published"]
    if since is not None:
        conditions.append(Post.posted_at >= since)
    if until is not None:
        conditions.append(Post.posted_at < until)
    return and_(*conditions)


def posts_page(
    session: Session, chosen: ColumnElement[bool], after: Post | None, limit: int
) -> list[PostFacts]:
    """Return a page of posts, newest first, beginning behind `after`."""
    query = select(Post).where(chosen).order_by(Post.posted_at.desc(), Post.id.desc())
    if after is not None and after.posted_at is not None:
        earlier = Post.posted_at < after.posted_at
        same = and_(Post.posted_at == after.posted_at, Post.id < after.id)
        query = query.where(earlier | same)
    posts = session.scalars(query.limit(limit)).all()
    return _with_followers(session, posts)


def _with_followers(session: Session, posts: Sequence[Post]) -> list[PostFacts]:
    if not posts:
        return []
    history = count_history(session, posts[0].account_id)
    facts = []
    for post in posts:
        assert post.posted_at is not None
        followers_at, followers = standing_count(history, post.posted_at)
        facts.append(
            PostFacts(post.id, post.posted_at, post.text, post.written, followers, followers_at)
        )
    return facts


History: TypeAlias = Sequence[tuple[datetime, int]]


def count_history(session: Session, account_id: int) -> History:
    """Return the account's follower counts, oldest first."""
    query = (
        select(FollowerCount.counted_at, FollowerCount.count)
        .where(FollowerCount.account_id == account_id)
        .order_by(FollowerCount.counted_at)
    )
    return [(row.counted_at, row.count) for row in session.execute(query)]


def standing_count(history: History, at: datetime) -> tuple[datetime | None, int | None]:
    """Return the last follower count at or before a moment, or two Nones."""
    place = bisect_right(history, at, key=lambda item: item[0])
    return history[place - 1] if place else (None, None)


def unique_clicks_by_post(
    session: Session, chosen: ColumnElement[bool], window: int
) -> list[tuple[datetime, int, int, int, int]]:
    """Return (posted_at, clicks, unique_clicks, without_visitor, unattributed) of every post."""
    counts = post_windows.c
    query = (
        select(
            Post.posted_at,
            func.coalesce(func.sum(counts.clicks), 0),
            func.coalesce(func.sum(counts.unique_clicks), 0),
            func.coalesce(func.sum(counts.without_visitor), 0),
            func.coalesce(
                func.sum(counts.unique_clicks).filter(counts.segment_id == 0), 0
            ),
        )
        .outerjoin(post_windows, and_(counts.post_id == Post.id, counts.window <= window))
        .where(chosen)
        .group_by(Post.id, Post.posted_at)
    )
    return [(row[0], *map(int, row[1:])) for row in session.execute(query)]


def counts_of(
    session: Session, post_ids: Sequence[int], window: int
) -> Mapping[int, PostCounts]:
    """Return all counts of these posts (at most some hundreds) within a window."""
    found: defaultdict[int, PostCounts] = defaultdict(PostCounts)
    windows, reasons, origins = post_windows.c, post_reasons.c, post_sources.c
    for post_id, segment_id, *sums in session.execute(
        select(
            windows.post_id,
            windows.segment_id,
            func.sum(windows.clicks),
            func.sum(windows.unique_clicks),
            func.sum(windows.without_visitor),
        )
        .where(windows.post_id.in_(post_ids), windows.window <= window)
        .group_by(windows.post_id, windows.segment_id)
    ):
        found[post_id].segments[segment_id] = SegmentCounts(*map(int, sums))
    for post_id, reason, count in session.execute(
        select(reasons.post_id, reasons.reason, func.sum(reasons.clicks))
        .where(reasons.post_id.in_(post_ids), reasons.window <= window)
        .group_by(reasons.post_id, reasons.reason)
        .order_by(reasons.reason)
    ):
        found[post_id].not_human[REASONS[reason]] = int(count)
    for post_id, name, medium, count, unique in session.execute(
        select(
            origins.post_id,
            sources.c.name,
            sources.c.medium,
            func.sum(origins.clicks).label("clicks"),
            func.sum(origins.unique_clicks),
        )
        .join(sources, origins.source_id == sources.c.id)
        .where(origins.post_id.in_(post_ids), origins.window <= window)
        .group_by(origins.post_id, sources.c.id, sources.c.name, sources.c.medium)
        .order_by(func.sum(origins.clicks).desc(), sources.c.name)
    ):
        found[post_id].referrers.append(
            SourceCounts(name or None, medium, int(count), int(unique))
        )
    return found


def versions_of(session: Session, post_ids: Sequence[int]) -> Mapping[int, list[VersionFacts]]:
    """Return the versions of these posts, in the order of their segments."""
    found: defaultdict[int, list[VersionFacts]] = defaultdict(list)
    query = (
        select(Version.post_id, Version.segment_id, Segment.name, Version.addressed)
        .join(Segment, Version.segment_id == Segment.id)
        .where(Version.post_id.in_(post_ids))
        .order_by(Segment.position)
    )
    for post_id, *rest in session.execute(query):
        found[post_id].append(VersionFacts(*rest))
    return found


def segment_names(session: Session, segment_ids: set[int]) -> dict[int, str]:
    """Return the names of these segments."""
    query = select(Segment.id, Segment.name).where(Segment.id.in_(sorted(segment_ids)))
    return {row.id: row.name for row in session.execute(query)} if segment_ids else {}


def account_series(
    session: Session, account_id: int, first: date, last: date
) -> list[DayCounts]:
    """Return the days on which the account had clicks, first to last inclusive."""
    days = account_days.c
    query = (
        select(days.day, days.clicks, days.unique_clicks, days.not_human)
        .where(days.account_id == account_id)
        .where(days.day.between(first.toordinal(), last.toordinal()))
        .order_by(days.day)
    )
    return [
        DayCounts(date.fromordinal(row[0]), row[1], row[2], row[3])
        for row in session.execute(query)
    ]


def link_totals(session: Session, link_ids: Sequence[int]) -> Mapping[int, tuple[int, int, int]]:
    """Return (clicks, unique_clicks, not_human) of these links, ever."""
    days = link_days.c
    query = (
        select(
            days.link_id,
            func.sum(days.clicks),
            func.sum(days.unique_clicks),
            func.sum(days.not_human),
        )
        .where(days.link_id.in_(link_ids))
        .group_by(days.link_id)
    )
    return {
        link_id: (int(clicks), int(unique), int(left_out))
        for link_id, clicks, unique, left_out in session.execute(query)
    }


def link_series(
    session: Session, link_ids: Iterable[int], first: date, last: date
) -> Mapping[int, list[DayCounts]]:
    """Return the days on which these links had clicks, first to last inclusive."""
    found: defaultdict[int, list[DayCounts]] = defaultdict(list)
    days = link_days.c
    query = (
        select(days.link_id, days.day, days.clicks, days.unique_clicks, days.not_human)
        .where(days.link_id.in_(list(link_ids)))
        .where(days.day.between(first.toordinal(), last.toordinal()))
        .order_by(days.day)
    )
    for link_id, day, *counts in session.execute(query):
        found[link_id].append(DayCounts(date.fromordinal(day), *counts))
    return found


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """A link on the owner's list."""

    link: Link
    clicks: int
    unique_clicks: int
    not_human: int


def links_page(
    session: Session, account_id: int | None, search: str, before: int | None, limit: int
) -> list[LinkFacts]:
    """Return links, newest first, that have `search` in code or destination."""
    query = select(Link).order_by(Link.id.desc()).limit(limit)
    if account_id is not None:
        query = query.where(Link.account_id == account_id)
    if before is not None:
        query = query.where(Link.id < before)
    if search:
        query = query.where(
            Link.destination.icontains(search, autoescape=True)
            | Link.code.icontains(search, autoescape=True)
        )
    links = session.scalars(query).all()
    totals = link_totals(session, [link.id for link in links])
    return [LinkFacts(link, *totals.get(link.id, (0, 0, 0))) for link in links]


"""What reports read from the database: a few rows each, from the counts beside the clicks."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from operator import add
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from linktrack.audience.models import FollowerCount, Segment
from linktrack.clicks.models import (
    account_days,
    link_days,
    link_totals,
    post_reasons,
    post_sources,
    post_totals,
    post_windows,
    sources,
)
from linktrack.clicks.vocabulary import REASONS, WINDOWS
from linktrack.links.models import Link, Post, Version
from linktrack.publishing.models import Sending
from linktrack.publishing.sendings import OPEN


@dataclass(frozen=True, slots=True)
class PostFacts:
    """A published post and the follower count that stood when it was posted."""

    id: int
    account_id: int
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


def chosen_posts(
    account_ids: Iterable[int], since: datetime | None, until: datetime | None
) -> Chosen:
    """Return the condition for published posts with a wrapped link in [since, until)."""
    conditions = [Post.account_id.in_(list(account_ids)), Post.state == "published"]
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
    histories = count_histories(session, {post.account_id for post in posts})
    facts = []
    for post in posts:
        assert post.posted_at is not None
        at, followers = standing_count(histories[post.account_id], post.posted_at)
        facts.append(
            PostFacts(
                post.id, post.account_id, post.posted_at, post.text, post.written, followers, at
            )
        )
    return facts


History: TypeAlias = Sequence[tuple[datetime, int]]

_ENDLESS: Final = 2**63  # more followers than any count: it sorts behind those of its moment


def count_histories(session: Session, account_ids: Iterable[int]) -> Mapping[int, History]:
    """Return each account's follower counts, oldest first."""
    found: dict[int, list[tuple[datetime, int]]] = {number: [] for number in account_ids}
    query = (
        select(FollowerCount.account_id, FollowerCount.counted_at, FollowerCount.count)
        .where(FollowerCount.account_id.in_(list(found)))
        .order_by(FollowerCount.counted_at)
    )
    for account_id, counted_at, count in session.execute(query):
        found[account_id].append((counted_at, count))
    return found


def standing_count(history: History, at: datetime) -> tuple[datetime | None, int | None]:
    """Return the last follower count at or before a moment, or two Nones."""
    place = bisect_right(history, (at, _ENDLESS))
    return history[place - 1] if place else (None, None)


class PostSums(NamedTuple):
    """One post's counts within a window."""

    account_id: int
    posted_at: datetime
    clicks: int
    unique_clicks: int
    without_visitor: int
    unattributed: int
    post_id: int


def sums_by_post(session: Session, chosen: Chosen, window: int) -> list[PostSums]:
    """Return the sums of every post, also of those without a click."""
    query = (
        select(
            Post.account_id,
            Post.posted_at,
            within_window("clicks", window),
            within_window("unique_clicks", window),
            within_window("without_visitor", window),
            within_window("unattributed", window),
            Post.id,
        )
        .outerjoin(post_totals, post_totals.c.post_id == Post.id)
        .where(chosen)
    )
    found = []
    for account_id, posted_at, *sums in session.execute(query):
        assert posted_at is not None  # published posts have one
        found.append(PostSums(account_id, posted_at, *sums))
    return found


class PostPeople(NamedTuple):
    """How many people clicked one post within a window."""

    account_id: int
    posted_at: datetime
    unique_clicks: int
    post_id: int


def people_by_post(session: Session, chosen: Chosen, window: int) -> list[PostPeople]:
    """Return how many people clicked every post; a third faster than `sums_by_post`."""
    query = (
        select(Post.account_id, Post.posted_at, within_window("unique_clicks", window), Post.id)
        .outerjoin(post_totals, post_totals.c.post_id == Post.id)
        .where(chosen)
    )
    found = []
    for account_id, posted_at, unique_clicks, post_id in session.execute(query):
        assert posted_at is not None  # published posts have one
        found.append(PostPeople(account_id, posted_at, unique_clicks, post_id))
    return found


def within_window(what: str, window: int) -> ColumnElement[int]:
    """Return a post's total of something up to a window; 0 for a post without a click."""
    narrower = [post_totals.c[f"{what}_{name}"] for name in WINDOWS[: window + 1]]
    return func.coalesce(reduce(add, narrower), 0)


def left_out_of_posts(session: Session, chosen: Chosen, window: int) -> dict[str, int]:
    """Return how many clicks on these posts are left out, by the reason why, most first."""
    reasons = post_reasons.c
    query = (
        select(reasons.reason, func.sum(reasons.clicks))
        .join(Post, reasons.post_id == Post.id)
        .where(chosen, reasons.window <= window)
        .group_by(reasons.reason)
        .order_by(func.sum(reasons.clicks).desc(), reasons.reason)
    )
    return {REASONS[row[0]]: int(row[1]) for row in session.execute(query)}


def counts_of(
    session: Session, post_ids: Sequence[int], window: int, *, by_source: bool = True
) -> Mapping[int, PostCounts]:
    """Return all counts of these posts (at most some hundreds) within a window.

    Those by source are most of it, and left out where nobody looks at them.
    """
    found: defaultdict[int, PostCounts] = defaultdict(PostCounts)
    windows, reasons = post_windows.c, post_reasons.c
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
    if by_source:
        for post_id, origins in _by_source(session, post_ids, window).items():
            found[post_id].referrers = origins
    return found


def _by_source(
    session: Session, post_ids: Sequence[int], window: int
) -> Mapping[int, list[SourceCounts]]:
    """Return each post's counts by source, most first; summed in the table's order, then named."""
    counts = post_sources.c
    sums = (
        select(
            counts.post_id,
            counts.source_id,
            func.sum(counts.clicks).label("clicks"),
            func.sum(counts.unique_clicks).label("unique_clicks"),
        )
        .where(counts.post_id.in_(post_ids), counts.window <= window)
        .group_by(counts.post_id, counts.source_id)
        .subquery()
    )
    found: defaultdict[int, list[SourceCounts]] = defaultdict(list)
    for post_id, name, medium, count, unique in session.execute(
        select(
            sums.c.post_id, sources.c.name, sources.c.medium, sums.c.clicks, sums.c.unique_clicks
        ).join(sources, sums.c.source_id == sources.c.id)
    ):
        found[post_id].append(SourceCounts(name or None, medium, int(count), int(unique)))
    for origins in found.values():
        origins.sort(key=lambda origin: (-origin.clicks, origin.source or "", origin.medium))
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
    for post_id, segment_id, name, addressed in session.execute(query):
        found[post_id].append(VersionFacts(segment_id, name, addressed))
    return found


def segment_names(session: Session, segment_ids: set[int]) -> dict[int, str]:
    """Return the names of these segments."""
    query = select(Segment.id, Segment.name).where(Segment.id.in_(sorted(segment_ids)))
    return {row.id: row.name for row in session.execute(query)} if segment_ids else {}


def account_series(
    session: Session, account_ids: Iterable[int], first: date, last: date
) -> Mapping[int, list[DayCounts]]:
    """Return the days on which these accounts had clicks, first to last inclusive."""
    found: defaultdict[int, list[DayCounts]] = defaultdict(list)
    days = account_days.c
    query = (
        select(days.account_id, days.day, days.clicks, days.unique_clicks, days.not_human)
        .where(days.account_id.in_(list(account_ids)))
        .where(days.day.between(first.toordinal(), last.toordinal()))
        .order_by(days.day)
    )
    for account_id, day, *counts in session.execute(query):
        found[account_id].append(DayCounts(date.fromordinal(day), *counts))
    return found


def clicks_of_links(
    session: Session, link_ids: Sequence[int]
) -> Mapping[int, tuple[int, int, int]]:
    """Return (clicks, unique_clicks, not_human) of these links, ever."""
    query = select(link_totals).where(link_totals.c.link_id.in_(link_ids))
    return {
        link_id: (clicks, unique_clicks, not_human)
        for link_id, clicks, unique_clicks, not_human in session.execute(query)
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
    totals = clicks_of_links(session, [link.id for link in links])
    return [LinkFacts(link, *totals.get(link.id, (0, 0, 0))) for link in links]


def links_to(session: Session, destination: str) -> list[LinkFacts]:
    """Return the links that lead to exactly this address now, newest first, 500 at most."""
    query = select(Link).where(Link.destination == destination).order_by(Link.id.desc()).limit(500)
    links = session.scalars(query).all()
    totals = clicks_of_links(session, [link.id for link in links])
    return [LinkFacts(link, *totals.get(link.id, (0, 0, 0))) for link in links]


def posts_in_state(
    session: Session, account_id: int, state: str, before: int | None, limit: int
) -> Sequence[Post]:
    """Return an account's posts of one state, newest first, beginning behind number `before`."""
    query = select(Post).where(Post.account_id == account_id, Post.state == state)
    if before is not None:
        query = query.where(Post.id < before)
    return session.scalars(query.order_by(Post.id.desc()).limit(limit)).all()


def texts_of(session: Session, post_ids: Sequence[int]) -> Mapping[int, str]:
    """Return the texts of these posts as they were written, by the posts' numbers."""
    rows = session.execute(select(Post.id, Post.written).where(Post.id.in_(post_ids)))
    return {row.id: row.written for row in rows}


def overdue_posts(session: Session, account_ids: Sequence[int], now: datetime) -> Sequence[Post]:
    """Return the planned posts of these accounts whose time has passed, the oldest first.

    Those that linktrack sends itself are not among them.
    """
    queued = select(Sending.post_id).where(Sending.state.in_(OPEN))
    query = select(Post).where(
        Post.account_id.in_(account_ids),
        Post.state == "scheduled",
        Post.posted_at < now,
        Post.id.not_in(queued),
    )
    return session.scalars(query.order_by(Post.posted_at).limit(20)).all()


def newest_link(session: Session) -> Link | None:
    """Return the link that was made last, or None where there is none."""
    return session.scalar(select(Link).order_by(Link.id.desc()).limit(1))


def has_clicks(session: Session) -> bool:
    """Whether any person's click has been counted."""
    query = select(account_days.c.day).where(account_days.c.clicks > 0).limit(1)
    return session.scalar(query) is not None


def last_clicked_day(session: Session, account_ids: Sequence[int]) -> date | None:
    """Return the day of the last click of a person on these accounts, None where there is none."""
    days = account_days.c
    query = select(func.max(days.day)).where(days.account_id.in_(account_ids), days.clicks > 0)
    last = session.scalar(query)
    return None if last is None else date.fromordinal(last)


def last_clicked_day_of_links(session: Session, link_ids: Sequence[int]) -> date | None:
    """Return the day of the last click of a person on these links, None where there is none."""
    days = link_days.c
    query = select(func.max(days.day)).where(days.link_id.in_(link_ids), days.clicks > 0)
    last = session.scalar(query)
    return None if last is None else date.fromordinal(last)


def segments_of(session: Session, account_ids: Iterable[int]) -> Mapping[int, list[Segment]]:
    """Return the segments of these accounts that can have versions, each account's in order."""
    found: defaultdict[int, list[Segment]] = defaultdict(list)
    query = (
        select(Segment)
        .where(Segment.account_id.in_(list(account_ids)))
        .where(Segment.removed_at.is_(None), Segment.kind != "rest")
        .order_by(Segment.position)
    )
    for segment in session.scalars(query):
        found[segment.account_id].append(segment)
    return found


def left_out_ever(session: Session) -> int:
    """Return how many clicks have been left out since the beginning."""
    return int(session.scalar(select(func.sum(account_days.c.not_human))) or 0)

"""What reports read of posts: a few rows each, from the counts beside the clicks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import BigInteger, ColumnElement, Select, and_, func, select, type_coerce
from sqlalchemy.orm import Session

from linktrack.audience.counts import count_at, count_histories
from linktrack.audience.models import Segment
from linktrack.clicks.bulk import given
from linktrack.clicks.columns import listed, read_columns, read_list
from linktrack.clicks.counts import windows
from linktrack.clicks.models import (
    post_reasons,
    post_segments,
    post_sources,
    post_totals,
    sources,
)
from linktrack.clicks.vocabulary import REASON_OF, Reason, window_number
from linktrack.db import from_ms
from linktrack.ids import AccountId, PostId, SegmentId
from linktrack.links.models import Post, Version
from linktrack.reports.counting import Counting, measured_posts


@dataclass(frozen=True, slots=True)
class PostFacts:
    """A published post and the follower count that stood when it was posted."""

    id: PostId
    account_id: AccountId
    posted_at: datetime
    measured_from: datetime | None
    text: str
    written: str
    followers: int | None
    followers_at: datetime | None


@dataclass(slots=True)
class SegmentCounts:
    """Human clicks of one segment on one post within the window; 0 is unattributed."""

    clicks: int
    unique_clicks: int


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

    segments: dict[SegmentId, SegmentCounts] = field(default_factory=dict)
    without_visitor: int = 0
    not_human: dict[Reason, int] = field(default_factory=dict)
    referrers: list[SourceCounts] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """A version of a post: whom it was for, and how many it reached."""

    segment_id: SegmentId
    segment: str
    addressed: int | None


Chosen: TypeAlias = ColumnElement[bool]


def chosen_posts(
    account_ids: Iterable[AccountId], since: datetime | None, until: datetime | None
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
        at, followers = count_at(histories[post.account_id], post.posted_at)
        facts.append(
            PostFacts(
                id=post.id,
                account_id=post.account_id,
                posted_at=post.posted_at,
                measured_from=post.measured_from,
                text=post.text,
                written=post.written,
                followers=followers,
                followers_at=at,
            )
        )
    return facts


class PostSums(NamedTuple):
    """One post's counts within a window."""

    account_id: AccountId
    posted_at: datetime
    measured_from: datetime | None
    clicks: int
    unique_clicks: int
    without_visitor: int
    unattributed: int
    post_id: PostId


def sums_by_post(session: Session, chosen: Chosen, window: int) -> list[PostSums]:
    """Return the sums of every post, also of those without a click."""
    query = (
        select(
            Post.account_id,
            Post.posted_at,
            Post.measured_from,
            within_window("clicks", window),
            within_window("unique_clicks", window),
            within_window("without_visitor", window),
            within_window("unattributed", window),
            Post.id,
        )
        .outerjoin(post_totals, post_totals.c.post_id == Post.id)
        .where(chosen)
    )
    return list(map(PostSums._make, _with_moments(*read_columns(session, query))))


def _with_moments(
    account_ids: Sequence[int],
    posted: Sequence[int],
    measured: Sequence[int | None],
    *rest: Sequence[int],
) -> Iterator[tuple[object, ...]]:
    """Return columns as rows, the times of posting and of the beginning of measuring as moments."""
    known = [None if each is None else from_ms(each) for each in measured]
    return zip(account_ids, map(from_ms, posted), known, *rest, strict=True)


class AccountSums(NamedTuple):
    """How many people clicked each of an account's posts (moments in ms), and sums of them all."""

    account_id: AccountId
    posted_at: Sequence[int]
    unique_clicks: Sequence[int]
    clicks: int
    without_visitor: int
    unattributed: int


_SUMMED: Final = ("clicks", "without_visitor", "unattributed")


def _sums(window: int) -> list[ColumnElement[int]]:
    """Return the sums over posts; those without a click are passed over by themselves."""
    totals = (windows.within_window(post_totals, what, window) for what in _SUMMED)
    return [func.coalesce(func.sum(each), 0) for each in totals]


def by_account(chosen: Chosen, columns: Sequence[ColumnElement[Any]]) -> Select[*tuple[Any, ...]]:
    """Select accounts, and beside each what is aggregated of its posts and their totals."""
    return (
        select(Post.account_id, *columns)
        .outerjoin(post_totals, post_totals.c.post_id == Post.id)
        .where(chosen)
        .group_by(Post.account_id)
    )


def sums_by_account(session: Session, chosen: Chosen, window: int) -> list[AccountSums]:
    """Return the sums of each account's posts; the database adds up what nobody asks post by post.

    That is two thirds of `sums_by_post` for the database, and a tenth of it for Python.
    """
    moments = listed(session, Post.posted_at)
    readers = listed(session, within_window("unique_clicks", window))
    query = by_account(chosen, [moments, readers, *_sums(window)])
    return [
        AccountSums(account_id, read_list(posted), read_list(people), *map(int, sums))
        for account_id, posted, people, *sums in session.execute(query)
    ]


def sums_at(
    session: Session, chosen: Chosen, window: int, moments: Sequence[tuple[AccountId, int]]
) -> Mapping[AccountId, Sequence[int]]:
    """Return by account the sums (clicks, without a visitor, unattributed) of posts of moments.

    Moments are different ones of accounts, in milliseconds.
    """
    if not moments:
        return {}
    theirs = given(session.connection(), moments, ("account_id", "posted_at"))
    query = (
        select(Post.account_id, *_sums(window))
        .join(
            theirs,
            and_(
                theirs.c.account_id == Post.account_id,
                theirs.c.posted_at == type_coerce(Post.posted_at, BigInteger),
            ),
        )
        .outerjoin(post_totals, post_totals.c.post_id == Post.id)
        .where(chosen)
        .group_by(Post.account_id)
    )
    return {number: [int(each) for each in sums] for number, *sums in session.execute(query)}


class SetApart(NamedTuple):
    """Posts of an account that no rate is of, and their clicks so far."""

    account_id: AccountId
    is_measured: bool
    posts: int
    clicks: int
    unique_clicks: int


def posts_set_apart(session: Session, chosen: Chosen, counting: Counting) -> list[SetApart]:
    """Return the sums of the posts that are still counting, and of those that are unmeasured."""
    window = window_number(counting.window)
    is_measured = measured_posts()
    query = (
        select(
            Post.account_id,
            is_measured,
            func.count(),
            func.sum(within_window("clicks", window)),
            func.sum(within_window("unique_clicks", window)),
        )
        .outerjoin(post_totals, post_totals.c.post_id == Post.id)
        .where(chosen, ~counting.pooled_posts())
        .group_by(Post.account_id, is_measured)
    )
    return [
        SetApart(account_id, bool(measured), posts, int(clicks), int(people))
        for account_id, measured, posts, clicks, people in session.execute(query)
    ]


def within_window(what: str, window: int) -> ColumnElement[int]:
    """Return a post's total of something up to a window; 0 for a post without a click."""
    return func.coalesce(windows.within_window(post_totals, what, window), 0)


def counts_of(
    session: Session, post_ids: Sequence[PostId], window: int, *, by_source: bool = True
) -> Mapping[PostId, PostCounts]:
    """Return all counts of these posts (at most some hundreds) within a window.

    Those by source are most of it, and left out where nobody looks at them.
    """
    found: defaultdict[PostId, PostCounts] = defaultdict(PostCounts)
    segments, reasons = post_segments.c, post_reasons.c
    clicks = windows.within_window(post_segments, "clicks", window)
    for post_id, segment_id, *sums, without_visitor in session.execute(
        select(
            segments.post_id,
            segments.segment_id,
            clicks,
            windows.within_window(post_segments, "unique_clicks", window),
            within_window("without_visitor", window),
        )
        .join(post_totals, post_totals.c.post_id == segments.post_id)
        .where(segments.post_id.in_(post_ids), clicks > 0)
        .order_by(segments.post_id, segments.segment_id)
    ):
        found[post_id].segments[segment_id] = SegmentCounts(*sums)
        found[post_id].without_visitor = without_visitor
    for post_id, reason, count in session.execute(
        select(reasons.post_id, reasons.reason, func.sum(reasons.clicks))
        .where(reasons.post_id.in_(post_ids), reasons.window <= window)
        .group_by(reasons.post_id, reasons.reason)
        .order_by(reasons.reason)
    ):
        found[post_id].not_human[REASON_OF[reason]] = int(count)
    if by_source:
        for post_id, origins in _by_source(session, post_ids, window).items():
            found[post_id].referrers = origins
    return found


def _by_source(
    session: Session, post_ids: Sequence[PostId], window: int
) -> Mapping[PostId, list[SourceCounts]]:
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
    found: defaultdict[PostId, list[SourceCounts]] = defaultdict(list)
    for post_id, name, medium, count, unique in session.execute(
        select(
            sums.c.post_id, sources.c.name, sources.c.medium, sums.c.clicks, sums.c.unique_clicks
        ).join(sources, sums.c.source_id == sources.c.id)
    ):
        found[post_id].append(SourceCounts(name or None, medium, int(count), int(unique)))
    for origins in found.values():
        origins.sort(key=lambda origin: (-origin.clicks, origin.source or "", origin.medium))
    return found


def versions_of(
    session: Session, post_ids: Sequence[PostId]
) -> Mapping[PostId, list[VersionFacts]]:
    """Return the versions of these posts, in the order of their segments."""
    found: defaultdict[PostId, list[VersionFacts]] = defaultdict(list)
    query = (
        select(Version.post_id, Version.segment_id, Segment.name, Version.addressed)
        .join(Segment, Version.segment_id == Segment.id)
        .where(Version.post_id.in_(post_ids))
        .order_by(Segment.position)
    )
    for post_id, segment_id, name, addressed in session.execute(query):
        found[post_id].append(VersionFacts(segment_id, name, addressed))
    return found

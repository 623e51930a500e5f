"""Keep what is counted of each post, and give it: counted anew where it is out of date."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import BigInteger, Select, and_, delete, func, insert, select, type_coerce
from sqlalchemy.orm import Session

from linktrack.chunks import chunked
from linktrack.clicks.columns import read_columns
from linktrack.db import from_ms
from linktrack.engagement.models import Engagement, EngagementCount, NetworkPost
from linktrack.engagement.standing import Lists, Person, Standing, read_people
from linktrack.engagement.tally_models import EngagementTally, EngagementTallySegment
from linktrack.engagement.tallying import Named, PostRead, Tally, tallies_of
from linktrack.ids import AccountId, PostId, SegmentId

CHUNK: Final = 300
_COUNTS: Final = (
    EngagementTally.likes,
    EngagementTally.reposts,
    EngagementTally.replies,
    EngagementTally.quotes,
    EngagementTally.bookmarks,
    EngagementTally.views,
)
"""In the order of `KINDS`."""
_NOBODY: Final = Person([], [])
_NO_LISTS: Final = Lists(None, None, None)
_NO_SEGMENTS: Final[Mapping[SegmentId, int]] = {}


Rows: TypeAlias = Select[int, PostId | None, int, int, int]
"""A query for the columns of `PostRow`."""


class PostRow(NamedTuple):
    """A post of the network that was read at least once; times are milliseconds."""

    number: int
    post_id: PostId | None
    posted_at: int
    read_at: int
    names_read_at: int | None


class EngagedPost(NamedTuple):
    """A post with its figures within a window, and the lists that stood when it was posted."""

    row: PostRow
    lists: Lists
    tally: Tally


def engaged_posts(
    session: Session,
    account_id: AccountId,
    window: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[EngagedPost]:
    """Return the posts posted in [since, until) that were read, oldest first."""
    standing = Standing.read(session, account_id)
    chosen = _rows(account_id)
    if since is not None:
        chosen = chosen.where(NetworkPost.posted_at >= since)
    if until is not None:
        chosen = chosen.where(NetworkPost.posted_at < until)
    return list(_with_tallies(session, standing, chosen, window))


def engaged_post(
    session: Session, account_id: AccountId, post_id: PostId, window: int
) -> EngagedPost | None:
    """Return one of our posts with its figures; None where it was never read on its network."""
    chosen = _rows(account_id).where(NetworkPost.post_id == post_id).limit(1)
    standing = Standing.read(session, account_id)
    return next(_with_tallies(session, standing, chosen, window), None)


def keep_tallies(session: Session, account_id: AccountId) -> int:
    """Count anew what is out of date, and keep it; return how many posts that were."""
    standing = Standing.read(session, account_id)
    stale = [
        (row, lists)
        for row, lists, kept in _kept(session, standing, _rows(account_id), 0)
        if kept is None
    ]
    for chunk in chunked(stale, CHUNK):
        numbers = [row.number for row, _ in chunk]
        drop_tallies(session, numbers)
        read = read_posts(session, chunk)
        made = [
            (row, lists, tally) for row, lists in chunk for tally in tallies_of(read[row.number])
        ]
        session.execute(insert(EngagementTally), [_written(*each) for each in made])
        segments = [
            {
                "network_post_id": row.number,
                "window": tally.window,
                "segment_id": segment_id,
                "people": people,
            }
            for row, _, tally in made
            for segment_id, people in tally.segments.items()
        ]
        if segments:
            session.execute(insert(EngagementTallySegment), segments)
    return len(stale)


def drop_tallies(session: Session, numbers: Collection[int]) -> None:
    """Delete what is kept of these posts, by their numbers: it is counted anew when asked for."""
    for chunk in chunked(numbers, CHUNK):
        for table in (EngagementTallySegment, EngagementTally):
            session.execute(
                delete(table)
                .where(table.network_post_id.in_(chunk))
                .execution_options(synchronize_session=False)
            )


def read_posts(session: Session, posts: Sequence[tuple[PostRow, Lists]]) -> dict[int, PostRead]:
    """Return everything that was read of these posts (at most some hundreds), by number."""
    numbers = [row.number for row, _ in posts]
    counts: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
    query = select(
        EngagementCount.network_post_id,
        EngagementCount.kind,
        type_coerce(EngagementCount.counted_at, BigInteger),
        EngagementCount.count,
    ).where(EngagementCount.network_post_id.in_(numbers))
    for number, kind, at, count in session.execute(query):
        counts[number].append((kind, at, count))
    first = (
        select(
            Engagement.network_post_id,
            Engagement.follower_id,
            func.min(type_coerce(Engagement.first_seen_at, BigInteger)),
        )
        .where(Engagement.network_post_id.in_(numbers))
        .group_by(Engagement.network_post_id, Engagement.follower_id)
    )
    theirs = select(Engagement.follower_id).where(Engagement.network_post_id.in_(numbers))
    known = read_people(session, theirs)
    named: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, follower_id, at in session.execute(first):
        named[number].append((follower_id, at))
    return {
        row.number: PostRead(
            posted_at=row.posted_at,
            read_at=row.read_at,
            names_read_at=row.names_read_at,
            has_roster=lists.roster_at is not None,
            counts=counts[row.number],
            people=[
                Named(at, person.was_on(lists.roster_at), person.segment_at(lists))
                for follower_id, at in named[row.number]
                for person in (known.get(follower_id, _NOBODY),)
            ],
        )
        for row, lists in posts
    }


def _rows(account_id: AccountId) -> Rows:
    return (
        select(
            NetworkPost.id,
            NetworkPost.post_id,
            type_coerce(NetworkPost.posted_at, BigInteger),
            type_coerce(NetworkPost.read_at, BigInteger),
            type_coerce(NetworkPost.names_read_at, BigInteger),
        )
        .where(NetworkPost.account_id == account_id, NetworkPost.read_at.is_not(None))
        .order_by(NetworkPost.posted_at, NetworkPost.id)
    )


def _kept(
    session: Session,
    standing: Standing,
    chosen: Rows,
    window: int,
) -> Iterator[tuple[PostRow, Lists, Tally | None]]:
    """Yield posts with what is kept of a window; None where that is out of date, or missing."""
    kept = EngagementTally
    query = chosen.add_columns(
        type_coerce(kept.read_at, BigInteger).label("kept_read_at"),
        type_coerce(kept.names_read_at, BigInteger).label("kept_names_read_at"),
        type_coerce(kept.roster_at, BigInteger).label("kept_roster_at"),
        type_coerce(kept.sized_at, BigInteger).label("kept_sized_at"),
        type_coerce(kept.counted_at, BigInteger).label("kept_counted_at"),
        kept.is_complete,
        kept.people,
        *_COUNTS,
    ).outerjoin(kept, and_(kept.network_post_id == NetworkPost.id, kept.window == window))
    for values in zip(*read_columns(session, query), strict=True):
        row = PostRow._make(values[:5])
        lists = standing.at(row.posted_at)
        made_of = (row.read_at, row.names_read_at, lists.roster_at, lists.sized_at)
        if values[5:9] != made_of:
            yield row, lists, None
            continue
        counted_at, is_complete, people = values[9:12]
        tally = Tally(
            window,
            counted_at,
            bool(is_complete),
            values[12:],
            people=people,
            segments=_NO_SEGMENTS,
        )
        yield row, lists, tally


def _with_tallies(
    session: Session,
    standing: Standing,
    chosen: Rows,
    window: int,
) -> Iterator[EngagedPost]:
    found = list(_kept(session, standing, chosen, window))
    stale = [(row, lists) for row, lists, kept in found if kept is None]
    anew: dict[int, Tally] = {}
    for chunk in chunked(stale, CHUNK):
        read = read_posts(session, chunk)
        anew |= {number: tallies_of(post)[window] for number, post in read.items()}
    by_segment = _segments(session, chosen, window)
    for row, lists, kept in found:
        if kept is None:
            yield EngagedPost(row, lists, anew[row.number])
        else:
            segments = by_segment.get(row.number, _NO_SEGMENTS)
            yield EngagedPost(row, lists, kept._replace(segments=segments))


def _segments(
    session: Session,
    chosen: Rows,
    window: int,
) -> dict[int, dict[SegmentId, int]]:
    found: dict[int, dict[SegmentId, int]] = {}
    numbers = chosen.with_only_columns(NetworkPost.id)
    part = EngagementTallySegment
    query = select(part.network_post_id, part.segment_id, part.people).where(
        part.window == window, part.network_post_id.in_(numbers)
    )
    for number, segment_id, people in zip(*read_columns(session, query), strict=True):
        found.setdefault(number, {})[segment_id] = people
    return found


def _written(row: PostRow, lists: Lists, tally: Tally) -> dict[str, object]:
    counts = zip((column.key for column in _COUNTS), tally.counts, strict=True)
    return {
        "network_post_id": row.number,
        "window": tally.window,
        "counted_at": from_ms(tally.counted_at),
        "is_complete": tally.is_complete,
        **dict(counts),
        "people": tally.people,
        "read_at": from_ms(row.read_at),
        "names_read_at": _moment(row.names_read_at),
        "roster_at": _moment(lists.roster_at),
        "sized_at": _moment(lists.sized_at),
    }


def _moment(at: int | None) -> datetime | None:
    return None if at is None else from_ms(at)


class CountedPost(NamedTuple):
    """A post's counts within a window, without its people; `post_id` is ours, if it has links."""

    account_id: AccountId
    posted_at: int
    is_complete: bool
    counts: tuple[int | None, ...]
    post_id: PostId | None


def counted_posts(
    session: Session,
    account_ids: Sequence[AccountId],
    window: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[CountedPost]:
    """Return the counts of these accounts' posts posted in [since, until) that were read.

    Whom they are of is not asked, so it takes less than `engaged_posts`.
    """
    kept = EngagementTally
    query = (
        select(
            NetworkPost.account_id,
            NetworkPost.id,
            type_coerce(NetworkPost.posted_at, BigInteger),
            type_coerce(NetworkPost.read_at, BigInteger),
            type_coerce(kept.read_at, BigInteger).label("kept_read_at"),
            kept.is_complete,
            NetworkPost.post_id,
            *_COUNTS,
        )
        .outerjoin(kept, and_(kept.network_post_id == NetworkPost.id, kept.window == window))
        .where(NetworkPost.account_id.in_(account_ids), NetworkPost.read_at.is_not(None))
    )
    if since is not None:
        query = query.where(NetworkPost.posted_at >= since)
    if until is not None:
        query = query.where(NetworkPost.posted_at < until)
    found: list[CountedPost] = []
    stale: list[tuple[AccountId, PostRow]] = []
    for (
        account_id,
        number,
        posted_at,
        read_at,
        kept_read_at,
        is_complete,
        post_id,
        *counts,
    ) in zip(*read_columns(session, query), strict=True):
        if kept_read_at == read_at:
            found.append(
                CountedPost(account_id, posted_at, bool(is_complete), tuple(counts), post_id)
            )
        else:
            stale.append((account_id, PostRow(number, post_id, posted_at, read_at, None)))
    for chunk in chunked(stale, CHUNK):
        read = read_posts(session, [(row, _NO_LISTS) for _, row in chunk])
        for account_id, row in chunk:
            tally = tallies_of(read[row.number])[window]
            found.append(
                CountedPost(account_id, row.posted_at, tally.is_complete, tally.counts, row.post_id)
            )
    return found

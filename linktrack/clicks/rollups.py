"""The counts kept beside the clicks, so that reports read hundreds of rows and not millions.

The order of loading never matters: when an earlier click of a visitor comes later, the visitor's
first-click mark moves, and with it every count of unique clicks that hangs on it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Table, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from linktrack.clicks.models import (
    account_days,
    clicks,
    link_days,
    post_reasons,
    post_sources,
    post_windows,
    referrers,
    visitor_links,
    visitor_posts,
)
from linktrack.clicks.vocabulary import HUMAN, narrowest_window
from linktrack.db import is_sqlite, to_ms
from linktrack.links.models import Link, Post

CHUNK: Final = 1_000  # pairs in one IN list; SQLite takes 32,766 values
STEP: Final = 5_000  # clicks recounted at a time


class Click(NamedTuple):
    """What the counts need to know of a click. Times are in milliseconds since 1970 UTC."""

    clicked_at: int
    link_id: int
    post_id: int | None
    account_id: int
    posted_at: int | None
    segment_id: int
    source_id: int
    visitor: int | None
    reason: int


class Unique(NamedTuple):
    """One unique click coming (`sign` 1) or going (-1), with the click it is the first of."""

    sign: int
    click: Click


@dataclass(frozen=True, slots=True)
class Batch:
    """Clicks to be counted, and what they change among unique clicks."""

    clicks: Sequence[Click]
    on_posts: Sequence[Unique]
    on_links: Sequence[Unique]
    days: "Days"


Deltas: TypeAlias = dict[tuple[int, ...], list[int]]


class Days:
    """Calendar days in the owner's time zone, as ordinals of the proleptic calendar."""

    def __init__(self, timezone: ZoneInfo) -> None:
        self._timezone = timezone
        self._known: dict[int, int] = {}

    def day(self, milliseconds: int) -> int:
        """Return the day of a moment; remembered by quarter hours, where all zones' days begin."""
        quarter = milliseconds // 900_000
        day = self._known.get(quarter)
        if day is None:
            if len(self._known) > 100_000:
                self._known.clear()
            day = datetime.fromtimestamp(quarter * 900, self._timezone).date().toordinal()
            self._known[quarter] = day
        return day


def add_batch(connection: Connection, new: Sequence[Click], days: Days) -> None:
    """Count clicks that have just been stored, in the same transaction."""
    humans = [click for click in new if click.reason == HUMAN]
    batch = Batch(
        new,
        list(_mark_posts(connection, [click for click in humans if click.post_id is not None])),
        list(_mark_links(connection, humans)),
        days,
    )
    for table, count in COUNTS:
        _add(connection, table, count(batch))


def count_post_windows(batch: Batch) -> Deltas:
    """clicks, unique_clicks, without_visitor by (post, segment, window)."""
    deltas = _deltas(3)
    for click in batch.clicks:
        if click.reason == HUMAN and click.post_id is not None:
            row = deltas[click.post_id, click.segment_id, _window(click)]
            row[0] += 1
            row[2] += click.visitor is None
    for sign, click in batch.on_posts:
        assert click.post_id is not None
        deltas[click.post_id, click.segment_id, _window(click)][1] += sign
    return deltas


def count_post_sources(batch: Batch) -> Deltas:
    """clicks, unique_clicks by (post, source, window)."""
    deltas = _deltas(2)
    for click in batch.clicks:
        if click.reason == HUMAN and click.post_id is not None:
            deltas[click.post_id, click.source_id, _window(click)][0] += 1
    for sign, click in batch.on_posts:
        assert click.post_id is not None
        deltas[click.post_id, click.source_id, _window(click)][1] += sign
    return deltas


def count_post_reasons(batch: Batch) -> Deltas:
    """Clicks left out by (post, reason, window)."""
    deltas = _deltas(1)
    for click in batch.clicks:
        if click.reason != HUMAN and click.post_id is not None:
            deltas[click.post_id, click.reason, _window(click)][0] += 1
    return deltas


def count_link_days(batch: Batch) -> Deltas:
    """clicks, unique_clicks, not_human by (link, day)."""
    deltas = _deltas(3)
    for click in batch.clicks:
        column = 0 if click.reason == HUMAN else 2
        deltas[click.link_id, batch.days.day(click.clicked_at)][column] += 1
    for sign, click in batch.on_links:
        deltas[click.link_id, batch.days.day(click.clicked_at)][1] += sign
    return deltas


def count_account_days(batch: Batch) -> Deltas:
    """clicks, unique_clicks, not_human by (account, day); a link on its own counts as a post."""
    deltas = _deltas(3)
    for click in batch.clicks:
        column = 0 if click.reason == HUMAN else 2
        deltas[click.account_id, batch.days.day(click.clicked_at)][column] += 1
    alone = (unique for unique in batch.on_links if unique.click.post_id is None)
    for sign, click in (*batch.on_posts, *alone):
        deltas[click.account_id, batch.days.day(click.clicked_at)][1] += sign
    return deltas


Count: TypeAlias = Callable[[Batch], Deltas]

POST_COUNTS: Final[tuple[tuple[Table, Count], ...]] = (
    (post_windows, count_post_windows),
    (post_sources, count_post_sources),
    (post_reasons, count_post_reasons),
)
"""Counts that hang on a post's time of posting."""

COUNTS: Final = (
    *POST_COUNTS,
    (link_days, count_link_days),
    (account_days, count_account_days),
)


def _window(click: Click) -> int:
    return narrowest_window(click.clicked_at, click.posted_at)


def _deltas(columns: int) -> "defaultdict[tuple[int, ...], list[int]]":
    return defaultdict(lambda: [0] * columns)


# First clicks --------------------------------------------------------------------------------


def _mark_posts(connection: Connection, humans: Iterable[Click]) -> Iterator[Unique]:
    """Move the first-click marks on posts; yield the unique clicks that come and go.

    Of two clicks in the same millisecond the smaller segment, then source, is taken as the
    first, whichever is loaded first.
    """
    firsts: dict[tuple[int, int], Click] = {}
    for click in humans:
        if click.visitor is None:
            yield Unique(1, click)
            continue
        assert click.post_id is not None
        key = (click.post_id, click.visitor)
        known = firsts.get(key)
        if known is None or _order(click) < _order(known):
            firsts[key] = click
    table = visitor_posts
    marks = {
        (post_id, visitor): rest
        for post_id, visitor, *rest in _select_pairs(connection, table, sorted(firsts))
    }
    moved = []
    for key, click in firsts.items():
        mark = marks.get(key)
        if mark is not None:
            first_at, segment_id, source_id = mark
            old = click._replace(clicked_at=first_at, segment_id=segment_id, source_id=source_id)
            if _order(old) <= _order(click):
                continue
            yield Unique(-1, old)
        yield Unique(1, click)
        moved.append((*key, click.clicked_at, click.segment_id, click.source_id))
    _upsert(connection, table, moved)


def _mark_links(connection: Connection, humans: Iterable[Click]) -> Iterator[Unique]:
    """Move the first-click marks on links; yield the unique clicks that come and go."""
    firsts: dict[tuple[int, int], Click] = {}
    for click in humans:
        if click.visitor is None:
            yield Unique(1, click)
            continue
        key = (click.link_id, click.visitor)
        known = firsts.get(key)
        if known is None or click.clicked_at < known.clicked_at:
            firsts[key] = click
    table = visitor_links
    marks = {
        (link_id, visitor): first_at
        for link_id, visitor, first_at in _select_pairs(connection, table, sorted(firsts))
    }
    moved = []
    for key, click in firsts.items():
        first_at = marks.get(key)
        if first_at is not None:
            if first_at <= click.clicked_at:
                continue
            yield Unique(-1, click._replace(clicked_at=first_at))
        yield Unique(1, click)
        moved.append((*key, click.clicked_at))
    _upsert(connection, table, moved)


def _order(click: Click) -> tuple[int, int, int]:
    return (click.clicked_at, click.segment_id, click.source_id)


def _select_pairs(
    connection: Connection, table: Table, pairs: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, ...]]:
    key = tuple_(*table.primary_key)
    for start in range(0, len(pairs), CHUNK):
        query = select(table).where(key.in_(pairs[start : start + CHUNK]))
        for row in connection.execute(query):
            yield tuple(row)


# Writing -------------------------------------------------------------------------------------


def _add(connection: Connection, table: Table, deltas: Deltas) -> None:
    """Add to the counts under each key, making the rows that are not there yet."""
    changed = [(*key, *values) for key, values in sorted(deltas.items()) if any(values)]
    _upsert(connection, table, changed, add=True)


def _upsert(
    connection: Connection, table: Table, values: Sequence[tuple[int, ...]], add: bool = False
) -> None:
    if not values:
        return
    names = [column.name for column in table.columns]
    insert = (sqlite.insert if is_sqlite(connection) else postgresql.insert)(table)
    changes = {
        column.name: column + insert.excluded[column.name] if add else insert.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    connection.execute(
        insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=changes),
        [dict(zip(names, row, strict=True)) for row in values],
    )


# Recounting ----------------------------------------------------------------------------------

_STORED: Final = (
    select(
        clicks.c.seq,
        clicks.c.clicked_at,
        clicks.c.link_id,
        Link.post_id,
        Link.account_id,
        Post.posted_at,
        clicks.c.segment_id,
        referrers.c.source_id,
        clicks.c.visitor,
        clicks.c.reason,
    )
    .join_from(clicks, Link, clicks.c.link_id == Link.id)
    .outerjoin(Post, Link.post_id == Post.id)
    .join(referrers, clicks.c.referrer_id == referrers.c.id)
    .limit(STEP)
)


def _all_clicks(connection: Connection) -> Iterator[list[Click]]:
    """Yield every stored click, in steps, in order of loading."""
    query = _STORED.order_by(clicks.c.seq)
    after = 0
    while rows := connection.execute(query.where(clicks.c.seq > after)).all():
        after = rows[-1].seq
        yield [_click(row) for row in rows]


def _clicks_of_post(connection: Connection, post_id: int) -> Iterator[list[Click]]:
    """Yield a post's stored clicks, in steps, along the index on link and time."""
    place = tuple_(clicks.c.clicked_at, clicks.c.seq)
    for link_id in connection.scalars(select(Link.id).where(Link.post_id == post_id)).all():
        query = _STORED.where(clicks.c.link_id == link_id)
        query = query.order_by(clicks.c.clicked_at, clicks.c.seq)
        rows = connection.execute(query).all()
        while rows:
            yield [_click(row) for row in rows]
            after = (rows[-1].clicked_at, rows[-1].seq)
            rows = connection.execute(query.where(place > after)).all()


def _click(row: Row[Any]) -> Click:
    posted_at = None if row.posted_at is None else to_ms(row.posted_at)
    return Click(
        row.clicked_at,
        row.link_id,
        row.post_id,
        row.account_id,
        posted_at,
        row.segment_id,
        row.source_id,
        row.visitor,
        row.reason,
    )


def rebuild(connection: Connection, days: Days) -> int:
    """Make all counts anew from the stored clicks; return how many clicks there are.

    It runs in one transaction that holds the writers' turn: loading waits, redirects do not.
    """
    for table in (visitor_posts, visitor_links, *(table for table, _ in COUNTS)):
        connection.execute(delete(table))
    total = 0
    for step in _all_clicks(connection):
        add_batch(connection, step, days)
        total += len(step)
    return total


def recount_post(connection: Connection, post_id: int, days: Days) -> None:
    """Count a post's clicks anew after its time of posting has changed.

    Marks and days do not depend on it. The caller holds the writers' turn.
    """
    for table, _ in POST_COUNTS:
        connection.execute(delete(table).where(table.c.post_id == post_id))
    firsts: dict[int, Click] = {}
    for step in _clicks_of_post(connection, post_id):
        unknown = []
        for click in step:
            if click.reason != HUMAN:
                continue
            if click.visitor is None:
                unknown.append(Unique(1, click))
            elif click.visitor not in firsts or _order(click) < _order(firsts[click.visitor]):
                firsts[click.visitor] = click
        batch = Batch(step, unknown, [], days)
        for table, count in POST_COUNTS:
            _add(connection, table, count(batch))
    batch = Batch([], [Unique(1, click) for click in firsts.values()], [], days)
    for table, count in POST_COUNTS:
        _add(connection, table, count(batch))

"""First-click marks: which click of a visitor is the unique one, on a post and on a link.

The order of loading never matters: when an earlier click of a visitor comes later, the mark
moves, and with it every count of unique clicks that hangs on it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, Table, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from linktrack.clicks.models import visitor_links, visitor_posts
from linktrack.db import is_sqlite

CHUNK: Final = 1_000  # pairs in one IN list; SQLite takes 32,766 values


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
    referrer_id: int


class Unique(NamedTuple):
    """One unique click coming (`sign` 1) or going (-1), with the click it is the first of."""

    sign: int
    click: Click


def mark_posts(connection: Connection, humans: Iterable[Click]) -> Iterator[Unique]:
    """Move the first-click marks on posts; yield the unique clicks that come and go.

    Of two clicks in the same millisecond the smaller segment, then referrer, is taken as the
    first, whichever is loaded first.
    """

    def key(click: Click) -> tuple[int, int]:
        assert click.post_id is not None
        assert click.visitor is not None
        return click.post_id, click.visitor

    return _move(connection, visitor_posts, humans, key)


def mark_links(connection: Connection, humans: Iterable[Click]) -> Iterator[Unique]:
    """Move the first-click marks on links; yield the unique clicks that come and go."""

    def key(click: Click) -> tuple[int, int]:
        assert click.visitor is not None
        return click.link_id, click.visitor

    return _move(connection, visitor_links, humans, key)


def _move(
    connection: Connection,
    table: Table,
    humans: Iterable[Click],
    key_of: Callable[[Click], tuple[int, int]],
) -> Iterator[Unique]:
    firsts: dict[tuple[int, int], Click] = {}
    for click in humans:
        if click.visitor is None:
            yield Unique(1, click)
            continue
        key = key_of(click)
        known = firsts.get(key)
        if known is None or order_of(click) < order_of(known):
            firsts[key] = click
    _, _, _, *kept = [column.name for column in table.columns]  # behind key and first_at
    marks = {
        (subject, visitor): rest
        for subject, visitor, *rest in _select_pairs(connection, table, sorted(firsts))
    }
    moved = []
    for key, click in firsts.items():
        mark = marks.get(key)
        if mark is not None:
            first_at, *rest = mark
            old = click._replace(clicked_at=first_at, **dict(zip(kept, rest, strict=True)))
            if order_of(old) <= order_of(click):
                continue
            yield Unique(-1, old)
        yield Unique(1, click)
        moved.append((*key, click.clicked_at, *(getattr(click, name) for name in kept)))
    upsert(connection, table, moved)


def order_of(click: Click) -> tuple[int, int, int]:
    """Return what decides which of a visitor's clicks is the first."""
    return (click.clicked_at, click.segment_id, click.referrer_id)


def _select_pairs(
    connection: Connection, table: Table, pairs: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, ...]]:
    key = tuple_(*table.primary_key)
    for start in range(0, len(pairs), CHUNK):
        query = select(table).where(key.in_(pairs[start : start + CHUNK]))
        for row in connection.execute(query):
            yield tuple(row)


def upsert(
    connection: Connection, table: Table, values: Sequence[tuple[int, ...]], add: bool = False
) -> None:
    """Write rows of a table under its primary key; with `add` onto the counts that are there."""
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

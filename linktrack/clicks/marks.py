"""First-click marks: which click of a visitor is the unique one, on a post and on a link.

The order of loading never matters: when an earlier click of a visitor comes later, the mark
moves, and with it every count of unique clicks that hangs on it.
"""

from collections.abc import Iterable, Iterator, Sequence
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


class Unique(NamedTuple):
    """One unique click coming (`sign` 1) or going (-1), with the click it is the first of."""

    sign: int
    click: Click


def mark_posts(connection: Connection, humans: Iterable[Click]) -> Iterator[Unique]:
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
        if known is None or order_of(click) < order_of(known):
            firsts[key] = click
    table = visitor_posts
    marks = {
        (post_id, visitor): rest
        for post_id, visitor, *rest in find_rows(connection, table, sorted(firsts))
    }
    moved = []
    for key, click in firsts.items():
        mark = marks.get(key)
        if mark is not None:
            first_at, segment_id, source_id = mark
            old = click._replace(clicked_at=first_at, segment_id=segment_id, source_id=source_id)
            if order_of(old) <= order_of(click):
                continue
            yield Unique(-1, old)
        yield Unique(1, click)
        moved.append((*key, click.clicked_at, click.segment_id, click.source_id))
    upsert(connection, table, moved)


def mark_links(connection: Connection, humans: Iterable[Click]) -> Iterator[Unique]:
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
        for link_id, visitor, first_at in find_rows(connection, table, sorted(firsts))
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
    upsert(connection, table, moved)


def order_of(click: Click) -> tuple[int, int, int]:
    """Return what decides which of a visitor's clicks is the first."""
    return (click.clicked_at, click.segment_id, click.source_id)


def find_rows(
    connection: Connection, table: Table, keys: Sequence[tuple[int, ...]]
) -> Iterator[tuple[int, ...]]:
    """Yield the rows that have these primary keys, all columns, in any order."""
    key = tuple_(*table.primary_key)
    for start in range(0, len(keys), CHUNK):
        query = select(table).where(key.in_(keys[start : start + CHUNK]))
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

"""First-click marks: which click of a visitor is the unique one, on a post and on a link.

The order of loading never matters: when an earlier click of a visitor comes later, the mark
moves, and with it every count of unique clicks that hangs on it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, Table, func, select
from sqlalchemy.orm import InstrumentedAttribute

from linktrack.clicks.bulk import delete_rows, find_rows, upsert_rows
from linktrack.clicks.models import clicks, referrers, visitor_links, visitor_posts
from linktrack.clicks.vocabulary import HUMAN
from linktrack.links.models import Link

CHUNK: Final = 1_000  # visitors in one IN list; SQLite takes 32,766 values


COUNTED_AS: Final = func.coalesce(referrers.c.host_id, referrers.c.id)
"""The referrer that a click is counted under, in SQL."""


class Click(msgspec.Struct, frozen=True, gc=False):
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
    referrer_id: int  # of a code of X, that of the host (`COUNTED_AS`)


Unique: TypeAlias = tuple[int, Click]
"""One unique click coming (1) or going (-1), with the click it is the first of."""

_POST_OF: Final[Callable[[Click], int]] = attrgetter("post_id")
_LINK_OF: Final[Callable[[Click], int]] = attrgetter("link_id")

Key: TypeAlias = tuple[int, int]
"""A post or a link, and a visitor."""


def mark_posts(connection: Connection, humans: Iterable[Click]) -> Iterator[Unique]:
    """Move the first-click marks on posts; yield the unique clicks that come and go.

    Of two clicks in the same millisecond that of the smaller segment, then of the referrer that
    was known before the other, is taken as the first, whichever is loaded first.
    """
    return _mark(connection, visitor_posts, humans, _POST_OF)


def mark_links(connection: Connection, humans: Iterable[Click]) -> Iterator[Unique]:
    """Move the first-click marks on links; yield the unique clicks that come and go."""
    return _mark(connection, visitor_links, humans, _LINK_OF)


def unmark_posts(connection: Connection, gone: Iterable[Click]) -> Iterator[Unique]:
    """Take back the marks on posts of clicks that no longer are a person's.

    The stored clicks say so already: where a visitor has another human click on the post, the
    earliest of them becomes the first. Yields the unique clicks that go and come.
    """
    return _unmark(connection, visitor_posts, gone, _POST_OF, Link.post_id)


def unmark_links(connection: Connection, gone: Iterable[Click]) -> Iterator[Unique]:
    """Take back the marks on links of clicks that no longer are a person's; as `unmark_posts`."""
    return _unmark(connection, visitor_links, gone, _LINK_OF, clicks.c.link_id)


def order_of(click: Click) -> tuple[int, int, int]:
    """Return what decides which of a visitor's clicks is the first."""
    return (click.clicked_at, click.segment_id, click.referrer_id)


def kept_by(table: Table) -> list[str]:
    """Return what a mark says of its click, behind the key: its time first, then its fields."""
    _, _, _, *kept = [column.name for column in table.columns]
    return ["clicked_at", *kept]


def _mark(
    connection: Connection,
    table: Table,
    humans: Iterable[Click],
    place_of: Callable[[Click], int],
) -> Iterator[Unique]:
    firsts: dict[Key, Click] = {}
    for click in humans:
        if click.visitor is None:
            yield 1, click
            continue
        key = (place_of(click), click.visitor)
        known = firsts.get(key)
        if known is None or order_of(click) < order_of(known):
            firsts[key] = click
    kept = kept_by(table)
    keys = sorted(firsts)  # in the order of the table, which finds and writes rows fastest so
    marks = {row[:2]: row[2:] for row in find_rows(connection, table, keys)}
    moved = []
    rest_of = attrgetter(*kept)
    for key in keys:
        click, mark = firsts[key], marks.get(key)
        if mark is not None:
            old = replace(click, **dict(zip(kept, mark, strict=True)))
            if order_of(old) <= order_of(click):
                continue
            yield -1, old
        yield 1, click
        moved.append((*key, *rest_of(click)))
    upsert_rows(connection, table, moved)


def _unmark(
    connection: Connection,
    table: Table,
    gone: Iterable[Click],
    place_of: Callable[[Click], int],
    place: ColumnElement[int] | InstrumentedAttribute[int | None],
) -> Iterator[Unique]:
    lost: dict[Key, Click] = {}
    by_key: defaultdict[Key, list[Click]] = defaultdict(list)
    for click in gone:
        if click.visitor is None:
            yield -1, click
        else:
            by_key[place_of(click), click.visitor].append(click)
    kept = kept_by(table)
    for number, visitor, *rest in find_rows(connection, table, sorted(by_key)):
        for click in by_key[number, visitor]:
            if [getattr(click, name) for name in kept] == rest:
                lost[number, visitor] = click
    heirs = _first_humans(connection, place, lost)
    moved = []
    for key, click in lost.items():
        yield -1, click
        heir = heirs.get(key)
        if heir is not None:
            yield 1, heir
            moved.append((*key, *(getattr(heir, name) for name in kept)))
    upsert_rows(connection, table, moved)
    delete_rows(connection, table, sorted(lost.keys() - heirs.keys()))


def _first_humans(
    connection: Connection,
    place: ColumnElement[int] | InstrumentedAttribute[int | None],
    lost: Mapping[Key, Click],
) -> dict[Key, Click]:
    """Return the earliest stored human click of each (place, visitor), not before the lost one."""
    found: dict[Key, Click] = {}
    keys = sorted(lost)
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        query = (
            select(
                place,
                clicks.c.visitor,
                clicks.c.clicked_at,
                clicks.c.link_id,
                clicks.c.segment_id,
                referrers.c.source_id,
                COUNTED_AS,
            )
            .join_from(clicks, Link, clicks.c.link_id == Link.id)
            .join(referrers, clicks.c.referrer_id == referrers.c.id)
            .where(
                place.in_({number for number, _ in part}),
                clicks.c.clicked_at >= min(lost[key].clicked_at for key in part),
                clicks.c.visitor.in_({visitor for _, visitor in part}),
                clicks.c.reason == HUMAN,
            )
        )
        for number, visitor, at, link_id, segment_id, source_id, referrer_id in connection.execute(
            query
        ):
            key = (number, visitor)
            if key not in lost:
                continue
            heir = replace(
                lost[key],
                clicked_at=at,
                link_id=link_id,
                segment_id=segment_id,
                source_id=source_id,
                referrer_id=referrer_id,
            )
            if key not in found or order_of(heir) < order_of(found[key]):
                found[key] = heir
    return found

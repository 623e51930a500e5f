"""First-click marks: which click of a visitor is the unique one, on a post and on a link.

The order of loading never matters: when an earlier click of a visitor comes later, the mark
moves, and with it every count of unique clicks that hangs on it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.orm import InstrumentedAttribute

from linktrack.clicks.bulk import delete_rows, find_rows, upsert_rows
from linktrack.clicks.models import clicks, referrers, visitor_links, visitor_posts
from linktrack.clicks.vocabulary import HUMAN
from linktrack.links.models import Link

CHUNK: Final = 1_000  # visitors in one IN list; SQLite takes 32,766 values


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
    upsert_rows(connection, table, moved)


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
    upsert_rows(connection, table, moved)


def unmark_posts(connection: Connection, gone: Iterable[Click]) -> Iterator[Unique]:
    """Take back the marks on posts of clicks that no longer are a person's.

    The stored clicks say so already: where a visitor has another human click on the post, the
    earliest of them becomes the first. Yields the unique clicks that go and come.
    """
    table = visitor_posts
    lost: dict[tuple[int, int], Click] = {}
    by_key: dict[tuple[int, int], list[Click]] = {}
    for click in gone:
        if click.visitor is None:
            yield Unique(-1, click)
        else:
            assert click.post_id is not None
            by_key.setdefault((click.post_id, click.visitor), []).append(click)
    for post_id, visitor, *rest in find_rows(connection, table, sorted(by_key)):
        for click in by_key[post_id, visitor]:
            if list(order_of(click)) == rest:
                lost[post_id, visitor] = click
    heirs = _first_humans(connection, Link.post_id, lost)
    moved = []
    for key, click in lost.items():
        yield Unique(-1, click)
        heir = heirs.get(key)
        if heir is not None:
            yield Unique(1, heir)
            moved.append((*key, heir.clicked_at, heir.segment_id, heir.source_id))
    upsert_rows(connection, table, moved)
    delete_rows(connection, table, sorted(lost.keys() - heirs.keys()))


def unmark_links(connection: Connection, gone: Iterable[Click]) -> Iterator[Unique]:
    """Take back the marks on links of clicks that no longer are a person's; as `unmark_posts`."""
    table = visitor_links
    lost: dict[tuple[int, int], Click] = {}
    by_key: dict[tuple[int, int], list[Click]] = {}
    for click in gone:
        if click.visitor is None:
            yield Unique(-1, click)
        else:
            by_key.setdefault((click.link_id, click.visitor), []).append(click)
    for link_id, visitor, first_at in find_rows(connection, table, sorted(by_key)):
        for click in by_key[link_id, visitor]:
            if click.clicked_at == first_at:
                lost[link_id, visitor] = click
    heirs = _first_humans(connection, clicks.c.link_id, lost)
    moved = []
    for key, click in lost.items():
        yield Unique(-1, click)
        heir = heirs.get(key)
        if heir is not None:
            yield Unique(1, heir)
            moved.append((*key, heir.clicked_at))
    upsert_rows(connection, table, moved)
    delete_rows(connection, table, sorted(lost.keys() - heirs.keys()))


def _first_humans(
    connection: Connection,
    place: ColumnElement[int] | InstrumentedAttribute[int | None],
    lost: Mapping[tuple[int, int], Click],
) -> dict[tuple[int, int], Click]:
    """Return the earliest stored human click of each (place, visitor), not before the lost one."""
    found: dict[tuple[int, int], Click] = {}
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
        for number, visitor, clicked_at, link_id, segment_id, source_id in connection.execute(
            query
        ):
            key = (number, visitor)
            if key not in lost:
                continue
            heir = lost[key]._replace(
                clicked_at=clicked_at, link_id=link_id, segment_id=segment_id, source_id=source_id
            )
            if key not in found or order_of(heir) < order_of(found[key]):
                found[key] = heir
    return found


def order_of(click: Click) -> tuple[int, int, int]:
    """Return what decides which of a visitor's clicks is the first."""
    return (click.clicked_at, click.segment_id, click.source_id)

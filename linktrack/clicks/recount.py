"""Counting stored clicks anew: all of them, or those of a post whose time has changed."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, select, tuple_

from linktrack.clicks.marks import Click, Unique, order_of
from linktrack.clicks.models import clicks, referrers, visitor_links, visitor_posts
from linktrack.clicks.rollups import COUNTS, POST_COUNTS, Batch, Days, add, add_batch
from linktrack.clicks.vocabulary import HUMAN
from linktrack.db import to_ms
from linktrack.links.models import Link, Post

STEP: Final = 5_000  # clicks recounted at a time

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
        clicks.c.referrer_id,
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
        row.referrer_id,
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
            elif click.visitor not in firsts or order_of(click) < order_of(firsts[click.visitor]):
                firsts[click.visitor] = click
        batch = Batch(step, unknown, [], days)
        for table, count in POST_COUNTS:
            add(connection, table, count(batch))
    batch = Batch([], [Unique(1, click) for click in firsts.values()], [], days)
    for table, count in POST_COUNTS:
        add(connection, table, count(batch))

"""Marks of first clicks in the SQL database: a table that has those on links.

A post's links lie together in it, so that a visitor's first click on the post is the earliest of
those few rows, and has no row of its own.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, and_, func, literal, select

from linktrack.chunks import chunked
from linktrack.clicks.bulk import find_rows
from linktrack.clicks.keeping.click import Key, Mark, Pair
from linktrack.clicks.keeping.dressing import COUNTED_AS, known
from linktrack.clicks.keeping.places import PLACE
from linktrack.clicks.keeping.sql.reading import span_of
from linktrack.clicks.keeping.which import Every
from linktrack.clicks.models import agents, clicks, first_clicks, referrers
from linktrack.clicks.vocabulary import HUMAN
from linktrack.ids import AccountId, LinkId, PostId
from linktrack.links.models import Link

CHUNK: Final = 1_000  # visitors in one IN list; SQLite takes 32,766 values
PLACES: Final = 500  # posts and links in one


def marks(connection: Connection, pairs: Collection[Pair]) -> dict[Key, Mark]:
    """Return the marks of these visitors on all links of these posts, or on these links."""
    found = find_rows(connection, first_clicks, list(pairs))
    return {(row[0], row[1], row[2]): row[3:] for row in found}


def marks_of(
    connection: Connection, places: Collection[int], until: int | None
) -> Iterator[tuple[Key, Mark]]:
    """Yield all marks on posts, or on links of their own."""
    for part in chunked(sorted(places), PLACES):
        query = select(first_clicks).where(first_clicks.c.post_or_link.in_(part))
        if until is not None:
            query = query.where(first_clicks.c.first_at < until)
        for place, visitor, link_id, *mark in connection.execute(query):
            yield (place, visitor, link_id), tuple(mark)


def next_firsts(
    connection: Connection, wanted: Mapping[tuple[LinkId, int], int]
) -> Iterator[tuple[tuple[LinkId, int], Mark]]:
    """Yield people's clicks of (link, visitor) pairs from a moment on, as marks."""
    for part in chunked(sorted(wanted), CHUNK):
        query = (
            select(
                clicks.c.link_id,
                clicks.c.visitor,
                clicks.c.clicked_at,
                clicks.c.segment_id,
                COUNTED_AS,
                referrers.c.source_id,
                clicks.c.attribution,
                known(clicks.c.country),
                agents.c.device_id,
                clicks.c.language,
                func.coalesce(clicks.c.city_id, 0),
                known(clicks.c.option_id),
            )
            .join(referrers, clicks.c.referrer_id == referrers.c.id)
            .join(agents, clicks.c.agent_id == agents.c.id)
            .where(
                clicks.c.link_id.in_({link_id for link_id, _ in part}),
                clicks.c.clicked_at >= min(wanted[pair] for pair in part),
                clicks.c.visitor.in_({visitor for _, visitor in part}),
                clicks.c.reason == HUMAN,
            )
        )
        for link_id, visitor, *mark in connection.execute(query):
            if (link_id, visitor) in wanted:
                yield (link_id, visitor), tuple(mark)


def firsts_on_post(
    connection: Connection, post_id: PostId, by: Every | None
) -> Sequence[tuple[int, int, int, int]]:
    """Return (span, segment, source, number) of visitors' first clicks on a post."""
    mark = first_clicks.c
    ordered = func.row_number().over(
        partition_by=mark.visitor, order_by=(mark.first_at, mark.segment_id, mark.referrer_id)
    )
    numbered = (
        select(mark.first_at, mark.segment_id, mark.source_id, ordered.label("rank"))
        .where(mark.post_or_link == post_id)
        .subquery()
    )
    first = numbered.c
    span = literal(0) if by is None else span_of(first.first_at, by)
    query = (
        select(span.label("span"), first.segment_id, first.source_id, func.count())
        .where(first.rank == 1)
        .group_by("span", first.segment_id, first.source_id)
    )
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(query)]


def firsts_of_account(
    connection: Connection, account_id: AccountId, since: int, until: int
) -> Iterator[tuple[int, int]]:
    """Yield (visitor, moment) of the marks on an account's links in [since, until)."""
    mark = first_clicks.c
    query = (
        select(mark.visitor, mark.first_at)
        .join(Link, and_(mark.post_or_link == PLACE, Link.id == mark.link_id))
        .where(Link.account_id == account_id, mark.first_at >= since, mark.first_at < until)
    )
    yield from ((row[0], row[1]) for row in connection.execute(query))

"""Which imported links are measured: those whose clicks were imported, too."""

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, func, select, update

from linktrack.chunks import chunked
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Which
from linktrack.db import to_ms
from linktrack.ids import AccountId, LinkId, PostId
from linktrack.links.models import ImportedTotal, Link, Post

CHUNK = 500  # values in one IN list


class Measured(NamedTuple):
    """How many links' posts are measured from now on, and how many still lack clicks."""

    links: int
    lacking: int


def mark_measured(
    connection: Connection, account_id: AccountId, link_ids: Collection[LinkId]
) -> Measured:
    """Mark the posts of these links as measured whose clicks are all there.

    All are there when as many are stored as the other shortener counted or, where it gave no
    total, any. Further addresses of a link stand in its post, and count together with it. Where a
    shortener counted none for a link, and gave the clicks of another, none is all.
    """
    whole: set[PostId] = set()
    lacking: set[PostId] = set()
    sources: set[str] = set()
    for part in chunked(sorted(link_ids), CHUNK):
        of_links = select(Link.post_id).where(Link.id.in_(part), Link.account_id == account_id)
        query = (
            select(
                Link.id,
                Link.post_id,
                func.max(ImportedTotal.clicks).label("total"),
                Post.measured_from,
            )
            .join(Post, Link.post_id == Post.id)
            .outerjoin(ImportedTotal, ImportedTotal.link_id == Link.id)
            .where(Link.post_id.in_(of_links), Post.measured_from.is_not(None))
            .group_by(Link.id, Link.post_id, Post.measured_from)
        )
        rows = connection.execute(query).all()
        stored = _stored(connection, {row.id: to_ms(row.measured_from) for row in rows})
        counted: Counter[PostId] = Counter()
        totals: Counter[PostId] = Counter()
        for row in rows:
            counted[row.post_id] += stored[row.id]
            totals[row.post_id] += row.total or 0
        found = {post_id for post_id in counted if counted[post_id] >= max(1, totals[post_id])}
        lacking |= counted.keys() - found
        whole |= found
        named = select(ImportedTotal.source).where(
            ImportedTotal.link_id.in_([row.id for row in rows if row.post_id in found])
        )
        sources.update(connection.scalars(named))
    never = (
        select(Link.post_id)
        .join(ImportedTotal, ImportedTotal.link_id == Link.id)
        .join(Post, Link.post_id == Post.id)
        .where(
            Link.account_id == account_id,
            ImportedTotal.clicks == 0,
            ImportedTotal.source.in_(sources),
            Post.measured_from.is_not(None),
        )
    )
    whole.update(number for number in connection.scalars(never) if number is not None)
    for posts in chunked(sorted(whole), CHUNK):
        connection.execute(update(Post).where(Post.id.in_(posts)).values(measured_from=None))
    return Measured(len(whole), len(lacking - whole))


def _stored(connection: Connection, before: dict[LinkId, int]) -> dict[LinkId, int]:
    """Return how many clicks of each link are stored from before a moment (ms since 1970 UTC)."""
    counted = dict.fromkeys(before, 0)
    for moment in set(before.values()):
        links = [link_id for link_id, end in before.items() if end == moment]
        counted.update(clicks_of(connection).count(Which(links=links, until=moment), ("link_id",)))
    return counted

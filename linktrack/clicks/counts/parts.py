"""All links in parts, so that each part can be counted on its own."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from sqlalchemy import Connection, select

from linktrack.ids import LinkId, PostId
from linktrack.links.models import Link

PART: Final = 500  # links read at a time, with all links of their posts

Links: TypeAlias = Sequence[tuple[LinkId, PostId | None]]
"""Links, as (link, post)."""


def all_links(connection: Connection) -> Iterator[Links]:
    """Yield all links in parts, each post's together; those on their own come last."""
    pairs = select(Link.id, Link.post_id).limit(PART)
    of_posts = pairs.order_by(Link.post_id, Link.id)
    last = 0
    while rows := connection.execute(of_posts.where(Link.post_id > last)).all():
        last = rows[-1].post_id
        rest = select(Link.id).where(Link.post_id == last, Link.id > rows[-1].id)
        part = [(row.id, row.post_id) for row in rows]
        yield part + [(number, last) for number in connection.scalars(rest)]
    alone = pairs.where(Link.post_id.is_(None)).order_by(Link.id)
    last = 0
    while rows := connection.execute(alone.where(Link.id > last)).all():
        last = rows[-1].id
        yield [(row.id, None) for row in rows]

"""Read stored clicks back in the form in which they are counted."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Row, select

from linktrack.clicks.counts.first_clicks import (
    CITY,
    COUNTED_AS,
    COUNTRY,
    OPTION,
    Click,
    DayOf,
)
from linktrack.clicks.models import agents, clicks, referrers
from linktrack.clicks.vocabulary import narrowest_window
from linktrack.db import to_ms
from linktrack.ids import LinkId, PostId
from linktrack.links.models import Link, Post

PART: Final = 500  # links read at a time, with all links of their posts

Links: TypeAlias = Sequence[tuple[LinkId, PostId | None]]
"""Links, as (link, post)."""

STORED: Final = (
    select(
        clicks.c.clicked_at,
        clicks.c.link_id,
        Link.post_id,
        Link.account_id,
        Post.posted_at,
        clicks.c.segment_id,
        referrers.c.source_id,
        clicks.c.visitor,
        clicks.c.reason,
        clicks.c.attribution,
        COUNTED_AS.label("counted_as"),
        COUNTRY.label("counted_in"),
        agents.c.device_id,
        clicks.c.language,
        CITY.label("counted_at"),
        clicks.c.flags,
        OPTION.label("led_to"),
        clicks.c.seq,
    )
    .join_from(clicks, Link, clicks.c.link_id == Link.id)
    .outerjoin(Post, Link.post_id == Post.id)
    .join(referrers, clicks.c.referrer_id == referrers.c.id)
    .join(agents, clicks.c.agent_id == agents.c.id)
)


def as_click(row: Row[Any], day_of: DayOf) -> Click:
    """Return a row of `STORED` as the counts take it; further columns may follow."""
    at, link_id, post_id, account_id, posted_at, segment_id, source_id, visitor, reason, *rest = (
        tuple(row)
    )
    posted = None if posted_at is None else to_ms(posted_at)
    return Click(
        clicked_at=at,
        link_id=link_id,
        post_id=post_id,
        account_id=account_id,
        posted_at=posted,
        segment_id=segment_id,
        source_id=source_id,
        visitor=visitor,
        reason=reason,
        attribution=rest[0],
        referrer_id=rest[1],
        country=rest[2],
        device=rest[3],
        language=rest[4],
        city=rest[5],
        flags=rest[6],
        option=rest[7],
        day=day_of(at),
        window=narrowest_window(at, posted),
    )


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

"""Dress stored clicks with what the SQL database knows of their links, agents and referrers."""

from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Row, Select, func, select

from linktrack.clicks.keeping.click import Click, DayOf, Stored
from linktrack.clicks.models import agents, referrers
from linktrack.clicks.vocabulary import narrowest_window
from linktrack.db import to_ms
from linktrack.links.models import Link, Post

COUNTED_AS: Final = func.coalesce(referrers.c.host_id, referrers.c.id)
"""The referrer that a click is counted under, in SQL."""


def known(column: ColumnElement[int]) -> ColumnElement[int]:
    """Return a column as it is counted where 0 is a value of its own: one more, and 0 for null."""
    return func.coalesce(column + 1, 0)


def dressed(table: FromClause) -> Select[Any]:
    """Return clicks as `stored_of` takes them; further columns may be added."""
    click = table.c
    return (
        select(
            click.seq,
            click.clicked_at,
            click.link_id,
            Link.post_id,
            Link.account_id,
            Post.posted_at,
            click.segment_id,
            referrers.c.source_id,
            click.visitor,
            click.reason,
            click.attribution,
            COUNTED_AS.label("counted_as"),
            known(click.country).label("counted_in"),
            agents.c.device_id,
            click.language,
            func.coalesce(click.city_id, 0).label("counted_at"),
            click.flags,
            known(click.option_id).label("led_to"),
            click.agent_id,
        )
        .join_from(table, Link, click.link_id == Link.id)
        .outerjoin(Post, Link.post_id == Post.id)
        .join(referrers, click.referrer_id == referrers.c.id)
        .join(agents, click.agent_id == agents.c.id)
    )


def stored_of(row: Row[Any], day_of: DayOf) -> Stored:
    """Return a row of `dressed` as the counts take it."""
    seq, at, link_id, post_id, account_id, posted_at, segment_id, source_id, visitor, *rest = tuple(
        row
    )
    posted = None if posted_at is None else to_ms(posted_at)
    click = Click(
        clicked_at=at,
        link_id=link_id,
        post_id=post_id,
        account_id=account_id,
        posted_at=posted,
        segment_id=segment_id,
        source_id=source_id,
        visitor=visitor,
        reason=rest[0],
        attribution=rest[1],
        referrer_id=rest[2],
        country=rest[3],
        device=rest[4],
        language=rest[5],
        city=rest[6],
        flags=rest[7],
        option=rest[8],
        agent_id=rest[9],
        day=day_of(at),
        window=narrowest_window(at, posted),
    )
    return Stored(seq, click)

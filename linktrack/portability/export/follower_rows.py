"""Followers as rows of an export: one row for each time in which somebody followed."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, and_, or_, select

from linktrack.audience.models import Account, Follower, FollowPeriod
from linktrack.audience.roster_staging import FACTS
from linktrack.calendar.times import utc
from linktrack.db import from_ms, to_ms
from linktrack.links.catalog import Shortener
from linktrack.portability.export.steps import STEP, Position, Row, Selection

FOLLOWER_FIELDS: Final = (
    "account",
    "network",
    "id",
    "handle",
    "began_after",
    "began_by",
    "ended_after",
    "ended_by",
    *FACTS,
    "facts_at",
)


def follower_rows(
    connection: Connection, _shortener: Shortener, selection: Selection, position: Position
) -> tuple[Sequence[Row], Position | None]:
    """Read one step of follow periods, follower by follower, oldest first."""
    follower_id, began_by = position
    period = FollowPeriod
    behind = or_(
        period.follower_id > follower_id,
        and_(period.follower_id == follower_id, period.began_by > from_ms(began_by)),
    )
    query = (
        select(
            period.follower_id,
            period.began_after,
            period.began_by,
            period.ended_after,
            period.ended_by,
            Follower.network_id,
            Follower.handle,
            *(getattr(Follower, name) for name in FOLLOWER_FIELDS[8:]),
            Account.handle.label("account"),
            Account.network,
        )
        .join(Follower, period.follower_id == Follower.id)
        .join(Account, Follower.account_id == Account.id)
        .where(behind)
    )
    if selection.since is not None:
        query = query.where(period.began_by >= selection.since)
    if selection.until is not None:
        query = query.where(period.began_by < selection.until)
    if selection.account_id is not None:
        query = query.where(period.account_id == selection.account_id)
    found = connection.execute(
        query.order_by(period.follower_id, period.began_by).limit(STEP)
    ).all()
    rows: list[Row] = [
        {
            "account": row.account,
            "network": row.network,
            "id": row.network_id,
            "handle": row.handle,
            "began_after": utc(row.began_after),
            "began_by": utc(row.began_by),
            "ended_after": utc(row.ended_after),
            "ended_by": utc(row.ended_by),
            "followers": row.followers,
            "following": row.following,
            "posts": row.posts,
            "account_created_at": utc(row.account_created_at),
            "has_description": row.has_description,
            "has_picture": row.has_picture,
            "last_active_at": utc(row.last_active_at),
            "followed_back": row.followed_back,
            "facts_at": utc(row.facts_at),
        }
        for row in found
    ]
    return rows, (found[-1].follower_id, to_ms(found[-1].began_by)) if found else None

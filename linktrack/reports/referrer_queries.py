"""Where clicks came from, by segment: from an account's counts, or from a few links' clicks."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Select, Subquery, case, func, select
from sqlalchemy.orm import Session

from linktrack.clicks.models import account_referrer_days, clicks, referrers, sources
from linktrack.clicks.vocabulary import HUMAN
from linktrack.db import to_ms


class OriginCounts(NamedTuple):
    """Human clicks of one segment (0: unattributed) from one host; no name means no referrer."""

    source: str | None
    medium: str
    host: str | None
    segment_id: int
    clicks: int
    unique_clicks: int


def account_origins(
    session: Session, account_id: int, since: date | None, until: date | None
) -> list[OriginCounts]:
    """Return an account's clicks of the days in [since, until), most first."""
    days = account_referrer_days.c
    query = select(
        days.segment_id,
        days.referrer_id,
        func.sum(days.clicks).label("clicks"),
        func.sum(days.unique_clicks).label("unique_clicks"),
    ).where(days.account_id == account_id)
    if since is not None:
        query = query.where(days.day >= since.toordinal())
    if until is not None:
        query = query.where(days.day < until.toordinal())
    return _named(session, query.group_by(days.segment_id, days.referrer_id).subquery())


def link_origins(
    session: Session, link_ids: Sequence[int], since: datetime | None, until: datetime | None
) -> list[OriginCounts]:
    """Return the clicks on these links (those of one post) in [since, until), most first.

    A visitor's unique click is the first on any of them, ever. Read from the clicks themselves,
    along their index on link and time.
    """
    order = (clicks.c.clicked_at, clicks.c.segment_id, clicks.c.referrer_id)
    place = func.row_number().over(partition_by=clicks.c.visitor, order_by=order)
    placed = (
        select(
            clicks.c.clicked_at,
            clicks.c.segment_id,
            clicks.c.referrer_id,
            case((clicks.c.visitor.is_(None), 1), else_=place).label("place"),
        )
        .where(clicks.c.link_id.in_(link_ids), clicks.c.reason == HUMAN)
        .subquery()
    )
    first = case((placed.c.place == 1, 1), else_=0)
    query: Select[tuple[int, int, int, int]] = select(
        placed.c.segment_id,
        placed.c.referrer_id,
        func.count().label("clicks"),
        func.sum(first).label("unique_clicks"),
    )
    if since is not None:
        query = query.where(placed.c.clicked_at >= to_ms(since))
    if until is not None:
        query = query.where(placed.c.clicked_at < to_ms(until))
    return _named(session, query.group_by(placed.c.segment_id, placed.c.referrer_id).subquery())


def _named(session: Session, counts: Subquery) -> list[OriginCounts]:
    """Bring counts by referrer together by host; X's referrers tell posts apart, too."""
    clicked = func.sum(counts.c.clicks)
    query = (
        select(
            sources.c.name,
            sources.c.medium,
            referrers.c.host,
            counts.c.segment_id,
            clicked,
            func.sum(counts.c.unique_clicks),
        )
        .select_from(counts)
        .join(referrers, counts.c.referrer_id == referrers.c.id)
        .join(sources, referrers.c.source_id == sources.c.id)
        .group_by(sources.c.name, sources.c.medium, referrers.c.host, counts.c.segment_id)
        .having(clicked > 0)
        .order_by(clicked.desc(), sources.c.name, referrers.c.host, counts.c.segment_id)
    )
    return [
        OriginCounts(name or None, medium, host, segment_id, int(count), int(unique))
        for name, medium, host, segment_id, count, unique in session.execute(query)
    ]

"""Where clicks came from, by segment: from an account's counts, or from a few links' clicks."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, Subquery, Table, case, func, select, union_all
from sqlalchemy.orm import Session

from linktrack.clicks.models import (
    account_referrer_days,
    account_referrer_months,
    clicks,
    referrers,
    sources,
)
from linktrack.clicks.rollups import month_of
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
    """Return an account's clicks of the days in [since, until), most first.

    Whole months are read from the counts by month, the days before and behind them by day.
    """
    days, months = account_referrer_days, account_referrer_months
    first = None if since is None else since.toordinal()
    end = None if until is None else until.toordinal()
    if since is not None and until is not None and until <= _month_after(since):
        parts = [_part(days, days.c.day, account_id, first, end)]  # no whole month in between
    else:
        begin = None if since is None else month_of(since) + (since.day > 1)
        close = None if until is None else month_of(until)
        parts = [_part(months, months.c.month, account_id, begin, close)]
        if since is not None and since.day > 1:
            next_month = _month_after(since).toordinal()
            parts.append(_part(days, days.c.day, account_id, first, next_month))
        if until is not None and until.day > 1:
            this_month = until.replace(day=1).toordinal()
            parts.append(_part(days, days.c.day, account_id, this_month, end))
    return _named(session, union_all(*parts).subquery())


def _month_after(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _part(
    table: Table, period: ColumnElement[int], account_id: int, first: int | None, end: int | None
) -> Select[tuple[int, int, int, int]]:
    """Select an account's sums of the days, or months, in [first, end)."""
    query: Select[tuple[int, int, int, int]] = select(
        table.c.segment_id,
        table.c.referrer_id,
        func.sum(table.c.clicks).label("clicks"),
        func.sum(table.c.unique_clicks).label("unique_clicks"),
    ).where(table.c.account_id == account_id)
    if first is not None:
        query = query.where(period >= first)
    if end is not None:
        query = query.where(period < end)
    return query.group_by(table.c.segment_id, table.c.referrer_id)


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

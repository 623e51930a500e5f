"""Where clicks came from, by segment: from an account's counts, or from a few links' clicks."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, TypeAlias

from sqlalchemy import FromClause, Select, Subquery, Table, and_, func, select, union_all
from sqlalchemy.orm import Session

from linktrack.calendar.days import first_of_month, month_of
from linktrack.clicks.bulk import among, given
from linktrack.clicks.columns import read_columns
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.models import (
    account_days,
    account_referrer_days,
    account_referrer_months,
    account_referrer_years,
    referrers,
    sources,
)
from linktrack.db import to_ms
from linktrack.ids import AccountId, LinkId, SegmentId


class OriginCounts(NamedTuple):
    """Human clicks of one segment (0: unattributed) from one host; no name means no referrer."""

    source: str | None
    medium: str
    host: str | None
    segment_id: SegmentId
    clicks: int
    unique_clicks: int


def account_origins(
    session: Session, account_id: AccountId, since: date | None, until: date | None
) -> list[OriginCounts]:
    """Return an account's clicks of the days in [since, until), most first.

    Whole years are read from the counts by year, whole months beside them by month, and the other
    days by day. A range that holds all of an account's days is as fast as one without ends.
    """
    counts = _counts(session, account_id, since, until)
    return [] if counts is None else _named(session, counts)


class SourceCounts(NamedTuple):
    """Human clicks by source and segment, column by column, and the sources' names.

    A source and a segment may be there more than once.
    """

    source_ids: Sequence[int]
    segment_ids: Sequence[SegmentId]
    clicks: Sequence[int]
    names: Mapping[int, str]


def account_sources(
    session: Session, account_id: AccountId, since: date | None, until: date | None
) -> SourceCounts:
    """Return the same without hosts and people, for what shows a few sources of thousands."""
    counts = _counts(session, account_id, since, until)
    if counts is None:
        return SourceCounts([], [], [], {})
    query = (
        select(referrers.c.source_id, counts.c.segment_id, counts.c.clicks)
        .select_from(counts)
        .join(referrers, counts.c.referrer_id == referrers.c.id)
    )
    source_ids, segment_ids, clicks = read_columns(session, query)
    theirs = among(session.connection(), sources.c.id, list(set(source_ids)))
    named = read_columns(session, select(sources.c.id, sources.c.name).where(theirs))
    return SourceCounts(source_ids, segment_ids, clicks, dict(zip(*named, strict=True)))


def _counts(
    session: Session, account_id: AccountId, since: date | None, until: date | None
) -> Subquery | None:
    """Select an account's sums by segment and referrer; a pair may be there more than once."""
    days = account_days.c
    first, last = session.execute(
        select(func.min(days.day), func.max(days.day)).where(days.account_id == account_id)
    ).one()
    if first is None:
        return None
    if since is None or since.toordinal() <= first:
        since = date(date.fromordinal(first).year, 1, 1)
    if until is None or until.toordinal() > last:
        until = date(date.fromordinal(last).year + 1, 1, 1)
    parts = [_part(account_id, *span) for span in _spans(since, until) if span[1] < span[2]]
    return union_all(*parts).subquery() if parts else None


Span: TypeAlias = tuple[Table, int, int]
"""A table of counts, and the periods in [first, end) that are read from it."""


def _spans(since: date, until: date) -> Iterator[Span]:
    """Yield what to read for the days in [since, until); some of it may be empty."""
    first, end = month_of(since) + (since.day > 1), month_of(until)
    if first >= end:  # no whole month in between
        yield account_referrer_days, since.toordinal(), until.toordinal()
        return
    yield account_referrer_days, since.toordinal(), first_of_month(first).toordinal()
    yield account_referrer_days, first_of_month(end).toordinal(), until.toordinal()
    first_year, end_year = -(-first // 12), end // 12
    if first_year >= end_year:
        yield account_referrer_months, first, end
        return
    yield account_referrer_months, first, 12 * first_year
    yield account_referrer_years, first_year, end_year
    yield account_referrer_months, 12 * end_year, end


def _part(
    account_id: AccountId, table: Table, first: int, end: int
) -> Select[tuple[int, int, int, int]]:
    """Select an account's sums of the days, months or years in [first, end)."""
    period = next(table.c[name] for name in ("day", "month", "year") if name in table.c)
    # Of one period nothing is to be sorted: its rows are in this order.
    within = period == first if end == first + 1 else and_(period >= first, period < end)
    return (
        select(
            table.c.segment_id,
            table.c.referrer_id,
            func.sum(table.c.clicks).label("clicks"),
            func.sum(table.c.unique_clicks).label("unique_clicks"),
        )
        .where(table.c.account_id == account_id, within)
        .group_by(table.c.segment_id, table.c.referrer_id)
    )


def link_origins(
    session: Session, link_ids: Sequence[LinkId], since: datetime | None, until: datetime | None
) -> list[OriginCounts]:
    """Return the clicks on these links (those of one post) in [since, until), most first.

    A visitor's unique click is the first on any of them, ever. Read from the clicks themselves.
    """
    rows = clicks_of(session).origins(
        link_ids,
        None if since is None else to_ms(since),
        None if until is None else to_ms(until),
    )
    if not rows:
        return []
    names = ("segment_id", "referrer_id", "clicks", "unique_clicks")
    return _named(session, given(session.connection(), rows, names))


def _named(session: Session, counts: FromClause) -> list[OriginCounts]:
    """Bring counts by referrer together by host.

    Here and not by the database, which would sort thousands of rows by their names twice.
    """
    query = (
        select(
            sources.c.name,
            sources.c.medium,
            referrers.c.host,
            counts.c.segment_id,
            counts.c.clicks,
            counts.c.unique_clicks,
        )
        .select_from(counts)
        .join(referrers, counts.c.referrer_id == referrers.c.id)
        .join(sources, referrers.c.source_id == sources.c.id)
    )
    sums: defaultdict[tuple[str, str, str | None, SegmentId], list[int]]
    sums = defaultdict(lambda: [0, 0])
    *named, clicked, unique = read_columns(session, query)
    for origin, clicks_of_one, people in zip(
        zip(*named, strict=True), clicked, unique, strict=True
    ):
        row = sums[origin]
        row[0] += int(clicks_of_one)
        row[1] += int(people)
    found = [
        OriginCounts(name or None, medium, host, segment_id, *counts)
        for (name, medium, host, segment_id), counts in sums.items()
        if counts[0]
    ]
    return sorted(found, key=_most_first)


def _most_first(one: OriginCounts) -> tuple[int, str, str, int]:
    return -one.clicks, one.source or "", one.host or "", one.segment_id

"""What reports read about visitors: a few dozen rows for a whole visitor period."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from sqlalchemy import BigInteger, exists, func, select, type_coerce, union_all
from sqlalchemy.orm import Session

from linktrack.audience.models import Segment
from linktrack.calendar.days import first_of_month, month_of_day
from linktrack.clicks.bulk import given
from linktrack.clicks.facet_models import account_link_months
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Figure, Which
from linktrack.clicks.models import account_visits, link_days
from linktrack.clicks.vocabulary import HOUR, HUMAN
from linktrack.db import EPOCH
from linktrack.ids import AccountId
from linktrack.links.models import Link, Post

ENOUGH_LINKS: Final = 300
"""Links from which it makes no difference to an estimate how many there are."""


class Visits(NamedTuple):
    """How many visitors clicked so many links first in each half of a visitor period."""

    first_half: int
    second_half: int
    visitors: int


def visits_in(session: Session, account_id: AccountId, period: int) -> list[Visits]:
    """Return the visits of the visitor period that begins on this day (an ordinal)."""
    visits = account_visits.c
    query = (
        select(visits.first_half, visits.second_half, visits.visitors)
        .where(visits.account_id == account_id, visits.period == period)
        .order_by(visits.first_half, visits.second_half)
    )
    return [Visits(*row) for row in session.execute(query)]


def visits_by_period(
    session: Session, account_id: AccountId, since: int
) -> dict[int, list[Visits]]:
    """Return the visits of the visitor periods that begin on this day (an ordinal) or later."""
    visits = account_visits.c
    query = (
        select(visits.period, visits.first_half, visits.second_half, visits.visitors)
        .where(visits.account_id == account_id, visits.period >= since)
        .order_by(visits.period, visits.first_half, visits.second_half)
    )
    found: defaultdict[int, list[Visits]] = defaultdict(list)
    for period, *counts in session.execute(query):
        found[period].append(Visits(*counts))
    return dict(found)


def periods_with_visits(session: Session, account_id: AccountId) -> Sequence[int]:
    """Return the first days (ordinals) of visitor periods in which anybody came, newest first."""
    visits = account_visits.c
    query = select(visits.period).where(visits.account_id == account_id)
    return session.scalars(query.distinct().order_by(visits.period.desc())).all()


def clicked_links(session: Session, account_id: AccountId, first: int, end: int) -> int:
    """Return how many of an account's links were clicked first by anybody on days [first, end)."""
    month = _whole_month(first, end)
    if month is not None:
        counts = account_link_months.c
        of_month = select(func.count()).where(
            counts.account_id == account_id, counts.month == month, counts.unique_clicks > 0
        )
        return session.scalar(of_month) or 0
    days = link_days.c
    clicked = exists().where(
        days.link_id == Link.id, days.day >= first, days.day < end, days.unique_clicks > 0
    )
    query = select(func.count()).select_from(Link).where(Link.account_id == account_id, clicked)
    return session.scalar(query) or 0


def links_by_period(
    session: Session, account_id: AccountId, spans: Sequence[tuple[int, int]]
) -> dict[int, int]:
    """Return `clicked_links` of each span of days [first, end), by its first day, in one query.

    It stops at `ENOUGH_LINKS`: more of them change an estimate by less than a 300th part of the
    people nobody saw. Links are tried from those of the span's last post backwards, since most
    clicks are on new links; then the newer ones.
    """
    if not spans:
        return {}
    months = [month for span in spans if (month := _whole_month(*span)) is not None]
    if len(months) == len(spans):
        return _links_by_month(session, account_id, spans, months)
    rows = [(first, end, _milliseconds(end)) for first, end in spans]
    span = given(session.connection(), rows, ("first", "end", "ends_at"))
    days, posted_at = link_days.c, type_coerce(Post.posted_at, BigInteger)
    last_post = (
        select(Link.id)
        .join(Post, Post.id == Link.post_id)
        .where(Post.account_id == account_id, posted_at < span.c.ends_at)
        .order_by(posted_at.desc())
        .limit(1)
        .correlate(span)
        .scalar_subquery()
    )
    newest = func.coalesce(last_post, 0)
    clicked = exists().where(
        days.link_id == Link.id,
        days.day >= span.c.first,
        days.day < span.c.end,
        days.unique_clicks > 0,
    )
    some = select(Link.id).where(Link.account_id == account_id, clicked.correlate(Link, span))
    older = some.where(Link.id <= newest).order_by(Link.id.desc()).limit(ENOUGH_LINKS)
    newer = some.where(Link.id > newest).limit(ENOUGH_LINKS)
    found = union_all(*(select(part.correlate(span).subquery()) for part in (older, newer))).limit(
        ENOUGH_LINKS
    )
    count = select(func.count()).select_from(found.subquery()).scalar_subquery()
    return dict(session.execute(select(span.c.first, count)).all())


def _links_by_month(
    session: Session,
    account_id: AccountId,
    spans: Sequence[tuple[int, int]],
    months: Sequence[int],
) -> dict[int, int]:
    rows = [(first, month) for (first, _), month in zip(spans, months, strict=True)]
    span = given(session.connection(), rows, ("first", "month"))
    counts = account_link_months.c
    some = (
        select(counts.link_id)
        .where(
            counts.account_id == account_id,
            counts.month == span.c.month,
            counts.unique_clicks > 0,
        )
        .limit(ENOUGH_LINKS)
        .correlate(span)
        .subquery()
    )
    count = select(func.count()).select_from(some).scalar_subquery()
    return dict(session.execute(select(span.c.first, count)).all())


def _whole_month(first: int, end: int) -> int | None:
    """Return the number of the month that days [first, end) are, None if they are none."""
    month = month_of_day(first)
    days = (first_of_month(month).toordinal(), first_of_month(month + 1).toordinal())
    return month if (first, end) == days else None


def _milliseconds(day: int) -> int:
    """Return when a day (an ordinal) begins in UTC."""
    return (day - EPOCH.toordinal()) * 24 * HOUR


def known_people(
    session: Session, account_id: AccountId, begins: int, half_at: int, ends: int
) -> list[tuple[bool, bool]]:
    """Return whether each person we can tell clicked in the first half, and in the second.

    Those are followers with a personal link, and browsers that said hello; moments are
    milliseconds since 1970 UTC.
    """
    clicks = clicks_of(session)
    peoples = Which(since=begins, until=ends, reasons=(HUMAN,))
    segments = select(Segment.id).where(Segment.account_id == account_id)
    by_link = replace(peoples, accounts=(account_id,), named=True)
    by_hello = replace(peoples, segments=segments, recognised=True, with_visitor=True)
    ends_of: tuple[Figure, ...] = ("first_at", "last_at")
    return [
        (first < half_at, last >= half_at)
        for _, first, last in (
            *clicks.count(by_link, ("follower_id",), ends_of),
            *clicks.count(by_hello, ("visitor",), ends_of),
        )
    ]

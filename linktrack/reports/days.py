"""Clicks by day, of accounts and of links, from the counts beside the clicks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.clicks.models import account_days, link_days
from linktrack.ids import AccountId, LinkId


@dataclass(frozen=True, slots=True)
class DayCounts:
    """One day's clicks."""

    day: date
    clicks: int
    unique_clicks: int
    not_human: int


def account_series(
    session: Session, account_ids: Iterable[AccountId], first: date, last: date
) -> Mapping[int, list[DayCounts]]:
    """Return the days on which these accounts had clicks, first to last inclusive."""
    found: defaultdict[int, list[DayCounts]] = defaultdict(list)
    days = account_days.c
    query = (
        select(days.account_id, days.day, days.clicks, days.unique_clicks, days.not_human)
        .where(days.account_id.in_(list(account_ids)))
        .where(days.day.between(first.toordinal(), last.toordinal()))
        .order_by(days.day)
    )
    for account_id, day, *counts in session.execute(query):
        found[account_id].append(DayCounts(date.fromordinal(day), *counts))
    return found


def link_series(
    session: Session, link_ids: Iterable[LinkId], first: date, last: date
) -> Mapping[int, list[DayCounts]]:
    """Return the days on which these links had clicks, first to last inclusive."""
    found: defaultdict[int, list[DayCounts]] = defaultdict(list)
    days = link_days.c
    query = (
        select(days.link_id, days.day, days.clicks, days.unique_clicks, days.not_human)
        .where(days.link_id.in_(list(link_ids)))
        .where(days.day.between(first.toordinal(), last.toordinal()))
        .order_by(days.day)
    )
    for link_id, day, *counts in session.execute(query):
        found[link_id].append(DayCounts(date.fromordinal(day), *counts))
    return found


def last_clicked_day(session: Session, account_ids: Sequence[AccountId]) -> date | None:
    """Return the day of the last click of a person on these accounts, None where there is none."""
    days = account_days.c
    query = select(func.max(days.day)).where(days.account_id.in_(account_ids), days.clicks > 0)
    last = session.scalar(query)
    return None if last is None else date.fromordinal(last)


def last_clicked_day_of_links(session: Session, link_ids: Sequence[LinkId]) -> date | None:
    """Return the day of the last click of a person on these links, None where there is none."""
    days = link_days.c
    query = select(func.max(days.day)).where(days.link_id.in_(link_ids), days.clicks > 0)
    last = session.scalar(query)
    return None if last is None else date.fromordinal(last)


def has_clicks(session: Session) -> bool:
    """Whether any person's click has been counted."""
    query = select(account_days.c.day).where(account_days.c.clicks > 0).limit(1)
    return session.scalar(query) is not None


def left_out_ever(session: Session) -> int:
    """Return how many clicks have been left out since the beginning."""
    return int(session.scalar(select(func.sum(account_days.c.not_human))) or 0)

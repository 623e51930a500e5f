"""Clicks by day, of accounts and of links, from the counts beside the clicks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Column, ColumnElement, func, select
from sqlalchemy.orm import Session

from linktrack.clicks.columns import read_columns
from linktrack.clicks.models import account_days, link_days
from linktrack.ids import AccountId, LinkId
from linktrack.links.models import Link, Post


class DayCounts(NamedTuple):
    """One day's clicks."""

    day: date
    clicks: int
    unique_clicks: int
    not_human: int


def account_series(
    session: Session, account_ids: Iterable[AccountId], first: date, last: date
) -> Mapping[int, list[DayCounts]]:
    """Return the days on which these accounts had clicks, first to last inclusive."""
    return _series(session, account_days.c.account_id, account_ids, first, last)


def link_series(
    session: Session, link_ids: Iterable[LinkId], first: date, last: date
) -> Mapping[int, list[DayCounts]]:
    """Return the days on which these links had clicks, first to last inclusive."""
    return _series(session, link_days.c.link_id, link_ids, first, last)


def posts_series(
    session: Session, chosen: ColumnElement[bool], first: date, last: date
) -> list[DayCounts]:
    """Return the days on which the links of these posts had clicks, first to last inclusive."""
    days = link_days.c
    query = (
        select(
            days.day, func.sum(days.clicks), func.sum(days.unique_clicks), func.sum(days.not_human)
        )
        .join(Link, Link.id == days.link_id)
        .join(Post, Post.id == Link.post_id)
        .where(chosen, days.day.between(first.toordinal(), last.toordinal()))
        .group_by(days.day)
        .order_by(days.day)
    )
    return [
        DayCounts(date.fromordinal(day), int(clicks), int(unique), int(others))
        for day, clicks, unique, others in session.execute(query)
    ]


def _series(
    session: Session, key: Column[int], numbers: Iterable[int], first: date, last: date
) -> Mapping[int, list[DayCounts]]:
    found: defaultdict[int, list[DayCounts]] = defaultdict(list)
    days = key.table.c
    query = select(key, days.day, days.clicks, days.unique_clicks, days.not_human).where(
        key.in_(list(numbers)), days.day.between(first.toordinal(), last.toordinal())
    )
    for number, *counts in sorted(zip(*read_columns(session, query), strict=True)):
        found[number].append(DayCounts(date.fromordinal(counts[0]), *counts[1:]))
    return found


def last_clicked_day(session: Session, account_ids: Sequence[AccountId]) -> date | None:
    """Return the day of the last click of a person on these accounts, None if there is none."""
    return _last_day(session, account_days.c.account_id, account_ids)


def last_clicked_day_of_links(session: Session, link_ids: Sequence[LinkId]) -> date | None:
    """Return the day of the last click of a person on these links, None if there is none."""
    return _last_day(session, link_days.c.link_id, link_ids)


def _last_day(session: Session, key: Column[int], numbers: Sequence[int]) -> date | None:
    days = key.table.c
    query = select(func.max(days.day)).where(key.in_(numbers), days.clicks > 0)
    last = session.scalar(query)
    return None if last is None else date.fromordinal(last)


def has_clicks(session: Session) -> bool:
    """Whether any person's click has been counted."""
    query = select(account_days.c.day).where(account_days.c.clicks > 0).limit(1)
    return session.scalar(query) is not None

"""Clicks beyond an account's usual: many in an hour, or few in some hours."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.clicks.models import account_hours
from linktrack.ids import AccountId
from linktrack.reports.alerts.finding import (
    HOUR,
    BySlot,
    Finding,
    Look,
    by_account,
    days_in_a_row,
)
from linktrack.reports.alerts.missed import days_missed
from linktrack.reports.figures.statistics.alarms import Usual

HOURS: Final = 24
RECENT: Final = 3
"""Hours, with the one that goes on, in which many clicks are news: some are loaded late."""


def usual_clicks(
    session: Session, account_ids: Sequence[AccountId], look: Look
) -> Mapping[AccountId, Usual]:
    """Return what is usual for the accounts that are known for long enough; until tomorrow."""
    first, last = look.history
    counts = _hours(session, account_ids, first, last)
    missing = days_missed(session, account_ids, "clicks.drop", look)
    found = {
        number: Usual.of(days_in_a_row(own, first, last, HOURS, missing[number]))
        for number, own in counts.items()
    }
    return {number: usual for number, usual in found.items() if usual is not None}


def click_findings(
    session: Session, usual: Mapping[AccountId, Usual], look: Look
) -> Iterator[Finding]:
    """Yield what is beyond the usual of the last hours."""
    today = look.today.toordinal()
    for number, counts in _hours(session, list(usual), today - 1, today).items():
        yield from _many(number, usual[number], counts, look)
        yield from _few(number, usual[number], counts, look)


def _many(number: AccountId, usual: Usual, counts: BySlot, look: Look) -> Iterator[Finding]:
    for at in (look.at - HOUR * i for i in reversed(range(RECENT))):
        day, hour, weekday = _slot(at, look)
        count, most = counts.get((day, hour), 0), usual.most(weekday, hour)
        if count > most:
            since = look.moment(day, hour)
            yield Finding(number, "clicks.spike", since, since + HOUR, count, usual=most)
            return


def _few(number: AccountId, usual: Usual, counts: BySlot, look: Look) -> Iterator[Finding]:
    """Yield the shortest run of whole hours that has too few; one not watched is unknown."""
    day, hour, _ = _slot(look.at, look)
    until = look.moment(day, hour)
    slots = [_slot(until - HOUR * (i + 1), look) for i in range(HOURS)]
    for window in usual.fewest:
        since = until - HOUR * window
        if since < look.watched_since:
            return
        run = slots[:window]
        count = sum(counts.get((day, hour), 0) for day, hour, _ in run)
        least = usual.least(window, sum(usual.expected[weekday][hour] for _, hour, weekday in run))
        if count < least:
            yield Finding(number, "clicks.drop", since, until, count, usual=least)
            return


def _slot(at: datetime, look: Look) -> tuple[int, int, int]:
    """Return the day, hour and weekday of a moment on the owner's clock."""
    local = at.astimezone(look.timezone)
    return local.toordinal(), local.hour, local.weekday()


def _hours(
    session: Session, account_ids: Sequence[AccountId], first: int, last: int
) -> Mapping[AccountId, BySlot]:
    hours = account_hours.c
    query = select(hours.account_id, hours.day, hours.hour, hours.clicks).where(
        hours.account_id.in_(account_ids), hours.day.between(first, last)
    )
    rows = session.execute(query)
    found = ((AccountId(number), day, hour, count) for number, day, hour, count in rows)
    return by_account(found, account_ids)

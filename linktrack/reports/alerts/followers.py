"""Followers beyond an account's usual: how its count rose or fell since the day before."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.counts import History, count_histories
from linktrack.ids import AccountId
from linktrack.reports.alerts.finding import Finding, Look
from linktrack.reports.alerts.models import AlertKind
from linktrack.reports.figures.statistics.alarms import HISTORY, Day, Usual

FRESH: Final = timedelta(days=1)
"""A count older than this is no news."""

LONGEST_GAP: Final = 7
"""Days between two counts beyond which nobody knows when something happened."""


def follower_findings(
    session: Session, account_ids: Sequence[AccountId], look: Look
) -> Iterator[Finding]:
    """Yield counts that rose or fell further than is usual."""
    for number, history in count_histories(session, account_ids).items():
        if history and look.at - history[-1][0] <= FRESH:
            yield from _of_account(AccountId(number), history, look)


def _of_account(number: AccountId, history: History, look: Look) -> Iterator[Finding]:
    by_day = {at.astimezone(look.timezone).date(): (at, count) for at, count in history}
    days = sorted(by_day)[-HISTORY:]
    steps = list(pairwise(days))
    if not steps:
        return
    nets = [by_day[day][1] - by_day[before][1] for before, day in steps]
    (before, last), net = steps[-1], nets[-1]
    gap = (last - before).days
    kind: AlertKind = "followers.rise" if net > 0 else "followers.fall"
    sign = 1 if net > 0 else -1
    past = [
        Day(day.weekday(), [round(max(0, sign * change) / _days(earlier, day))])
        for (earlier, day), change in zip(steps[:-1], nets[:-1], strict=True)
    ]
    usual = Usual.of(past)
    if usual is None or not 0 < gap <= LONGEST_GAP:
        return
    most = usual.most(last.weekday(), 0) * gap
    if abs(net) > most:
        since, until = _moments(by_day, before, last)
        yield Finding(number, kind, since, until, abs(net), usual=most)


def _days(earlier: date, day: date) -> int:
    return max(1, (day - earlier).days)


def _moments(
    by_day: dict[date, tuple[datetime, int]], before: date, last: date
) -> tuple[datetime, datetime]:
    return by_day[before][0], by_day[last][0]

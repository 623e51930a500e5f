"""How often each user agent was left out: whole months of accounts by counts, else by clicks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.calendar.days import first_of_month, month_of
from linktrack.calendar.ranges import DayRange
from linktrack.clicks.facet_models import account_agent_months
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Which
from linktrack.db import to_ms

Told: TypeAlias = tuple[int, int]
"""Why clicks are left out (vocabulary.REASONS), and the row of their user agent."""


class Agent(NamedTuple):
    """How many clicks of an agent were left out, and when the last was; 0: not read yet."""

    clicks: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Months:
    """Whole months of accounts, from the first up to `end`, as counts are kept under them."""

    account_ids: Sequence[int]
    first: int
    end: int
    timezone: ZoneInfo

    @classmethod
    def within(
        cls, account_ids: Sequence[int], days: DayRange, deleted_before: datetime | None
    ) -> "Months | None":
        """Return the months that lie within days and lost no click; None where there is none."""
        first = days.first
        if deleted_before is not None:
            first = max(first, deleted_before.astimezone(days.timezone).date())
        begin, end = month_of(first) + (first.day > 1), month_of(days.last + timedelta(days=1))
        return cls(account_ids, begin, end, days.timezone) if begin < end else None

    def begin_of(self, month: int) -> int:
        """Return when a month begins, in milliseconds since 1970 UTC."""
        first = first_of_month(month)
        return to_ms(DayRange(first, first, self.timezone).since)


def agents_left_out(session: Session, which: Which, months: Months | None) -> dict[Told, Agent]:
    """Return the agents of some clicks, all of which are left out.

    With `months` they are all clicks of these accounts: in these months they are read from counts.
    """
    if months is None:
        return _counted(session, which)
    found = _counted(session, replace(which, until=months.begin_of(months.first)))
    counts = account_agent_months.c
    query = (
        select(counts.reason, counts.agent_id, func.sum(counts.clicks))
        .where(counts.account_id.in_(months.account_ids))
        .where(counts.month >= months.first, counts.month < months.end)
        .group_by(counts.reason, counts.agent_id)
    )
    for reason, agent, clicks in session.execute(query):
        earlier = found.get((reason, agent), Agent(0, 0))
        found[reason, agent] = Agent(earlier.clicks + int(clicks), 0)
    for told, later in _counted(session, replace(which, since=months.begin_of(months.end))).items():
        earlier = found.get(told, Agent(0, 0))
        found[told] = Agent(earlier.clicks + later.clicks, later.last_at)
    return found


def last_left_out(
    session: Session, which: Which, months: Months | None, found: Mapping[Told, Agent]
) -> dict[Told, int]:
    """Return when each of these agents was last left out.

    Where that was not read, their clicks are, month by month from the last one on: it takes few
    months, since the agents that are left out most come often.
    """
    last = {told: agent.last_at for told, agent in found.items() if agent.last_at}
    if months is None:
        return last
    for month in reversed(range(months.first, months.end)):
        left = found.keys() - last.keys()
        if not left:
            break
        of_month = replace(
            which,
            since=months.begin_of(month),
            until=months.begin_of(month + 1),
            agents=sorted({agent for _, agent in left}),
        )
        last |= {
            told: agent.last_at
            for told, agent in _counted(session, of_month).items()
            if told in left
        }
    return last


def _counted(session: Session, which: Which) -> dict[Told, Agent]:
    if which.since is not None and which.until is not None and which.since >= which.until:
        return {}
    rows = clicks_of(session).count(which, ("reason", "agent_id"), ("clicks", "last_at"))
    return {(reason, agent): Agent(clicks, last) for reason, agent, clicks, last in rows}

"""What a look at an account may find, and the days in a row that it is judged by."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from linktrack.ids import AccountId
from linktrack.reports.alerts.models import AlertKind
from linktrack.reports.figures.statistics.alarms import HISTORY, Day

BySlot: TypeAlias = Mapping[tuple[int, int], int]
"""Counts by day (an ordinal) and slot; what isn't there is none."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something beyond the usual, going on since a moment."""

    account_id: AccountId
    kind: AlertKind
    since: datetime
    until: datetime
    count: int
    usual: int


@dataclass(frozen=True, slots=True)
class Look:
    """A moment up to which every click is loaded, and since when everything was watched.

    What ended before `watched_since` may be missing because nobody was there to count it.
    """

    at: datetime
    watched_since: datetime
    timezone: ZoneInfo

    @property
    def today(self) -> date:
        """The day of the moment, in the owner's zone."""
        return self.at.astimezone(self.timezone).date()

    def moment(self, day: int, hour: int = 0) -> datetime:
        """Return when an hour of the owner's clock began."""
        return datetime.combine(date.fromordinal(day), time(hour), self.timezone)

    @property
    def history(self) -> tuple[int, int]:
        """The first and last day that may be looked back on: yesterday is the last."""
        today = self.today.toordinal()
        return today - HISTORY, today - 1


def days_in_a_row(
    counts: BySlot, first: int, last: int, slots: int, missing: Collection[int] = ()
) -> list[Day]:
    """Return the days from the one behind the first that has anything: it may not be whole.

    Nor are those of which something is `missing`.
    """
    begun = min((day for day, _ in counts), default=last) + 1
    return [
        Day(
            date.fromordinal(day).weekday(),
            [counts.get((day, slot), 0) for slot in range(slots)],
            day not in missing,
        )
        for day in range(max(first, begun), last + 1)
    ]


def by_account(
    rows: Iterable[tuple[AccountId, int, int, int]], account_ids: Sequence[AccountId]
) -> dict[AccountId, dict[tuple[int, int], int]]:
    """Return rows of account, day, slot and count by their account."""
    found: dict[AccountId, dict[tuple[int, int], int]] = {number: {} for number in account_ids}
    for account_id, day, slot, count in rows:
        own = found[account_id]
        own[day, slot] = own.get((day, slot), 0) + count
    return found


HOUR = timedelta(hours=1)

"""Ranges of calendar days, and the moments they begin and end. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from linktrack.errors import Invalid

Point = TypeVar("Point", date, datetime)
"""Where a range may begin or end: a day or a moment."""


@dataclass(frozen=True, slots=True)
class DayRange:
    """Calendar days in a time zone, from the first to the last, both included."""

    first: date
    last: date
    timezone: ZoneInfo

    @classmethod
    def until(cls, last: date, length: int, timezone: ZoneInfo) -> "DayRange":
        """Return so many days that end with `last`."""
        return cls(last - timedelta(days=length - 1), last, timezone)

    @property
    def length(self) -> int:
        """How many days these are."""
        return (self.last - self.first).days + 1

    @property
    def since(self) -> datetime:
        """The moment the first day begins (UTC)."""
        return _midnight(self.first, self.timezone)

    @property
    def end(self) -> datetime:
        """The moment the day after the last begins (UTC)."""
        return _midnight(self.last + timedelta(days=1), self.timezone)

    @property
    def before(self) -> "DayRange":
        """As many days that end where these begin."""
        return DayRange.until(self.first - timedelta(days=1), self.length, self.timezone)

    def earlier(self, days: int) -> "DayRange":
        """Return as many days, so many days earlier."""
        shift = timedelta(days=days)
        return DayRange(self.first - shift, self.last - shift, self.timezone)

    def compared(self, choice: str) -> "DayRange":
        """Return the days to compare these with: those `before`, or a `year` ago.

        Weekdays meet the same weekdays: the shift is in whole weeks, 52 of them for a year. Fewer
        than 7 days are compared with those directly before them.
        """
        if choice == "year":
            return self.earlier(364)
        return self.earlier(self.length if self.length < 7 else -(-self.length // 7) * 7)

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=i) for i in range(self.length))


def whole_days(
    since: datetime | None, until: datetime | None, timezone: ZoneInfo
) -> tuple[date | None, date | None]:
    """Return the calendar days that hold [since, until): the first, and the one after the last."""
    first = None if since is None else since.astimezone(timezone).date()
    if until is None:
        return first, None
    local = until.astimezone(timezone)
    begun = local.timetz().replace(tzinfo=None) != time.min
    return first, local.date() + timedelta(days=begun)


def check_range(since: Point | None, until: Point | None) -> None:
    """Raise `Invalid` if [since, until) is empty; None has no end on its side."""
    if since is not None and until is not None and until <= since:
        raise Invalid("The range is empty: its end must be later than its beginning.")


def check_days(first: date, last: date) -> None:
    """Raise `Invalid` if no day lies between the first and the last, both included."""
    if last < first:
        raise Invalid("The range is empty: its first day must not be later than its last day.")


def _midnight(day: date, timezone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, timezone).astimezone(UTC)

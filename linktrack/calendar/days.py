"""Days: the owner's calendar as numbers, as the counts are kept under them."""

from datetime import date, datetime, time
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from linktrack.calendar.periods import period_end, period_start
from linktrack.db import to_ms
from linktrack.settings import VisitorPeriod

QUARTER: Final = 900_000
"""Milliseconds: hours and days of every time zone begin at a quarter of an hour of UTC.

But for the east of Canada until 2011, whose clocks were put back a minute past midnight: that
quarter counts as the new day's.
"""


class Days:
    """Calendar days in the owner's time zone, as ordinals of the proleptic calendar."""

    def __init__(self, timezone: ZoneInfo, visitor_period: VisitorPeriod = "month") -> None:
        self.timezone = timezone
        self.visitor_period = visitor_period
        self._known: dict[int, int] = {}
        self._periods: dict[int, tuple[int, int, int]] = {}

    def day(self, milliseconds: int) -> int:
        """Return the day of a moment; remembered by quarter hours, where all zones' days begin."""
        quarter = milliseconds // QUARTER
        day = self._known.get(quarter)
        if day is None:
            if len(self._known) > 100_000:
                self._known.clear()
            day = datetime.fromtimestamp(quarter * QUARTER / 1000, self.timezone).date().toordinal()
            self._known[quarter] = day
        return day

    def hour(self, milliseconds: int) -> tuple[int, int]:
        """Return the day and the hour of the clock, 0 to 23, of a moment."""
        local = datetime.fromtimestamp(milliseconds / 1000, self.timezone)
        return local.toordinal(), local.hour

    def period(self, day: int) -> tuple[int, int, int]:
        """Return a day's visitor period: its first day, second half, and the day after it."""
        found = self._periods.get(day)
        if found is None:
            start = period_start(date.fromordinal(day), self.visitor_period)
            first, end = start.toordinal(), period_end(start, self.visitor_period).toordinal()
            found = self._periods[day] = (first, first + (end - first + 1) // 2, end)
        return found

    def start_of(self, day: int) -> int:
        """Return the moment at which a day begins, in milliseconds since 1970 UTC."""
        midnight = datetime.combine(date.fromordinal(day), time.min, self.timezone)
        return to_ms(midnight)


def month_of(day: date) -> int:
    """Return the number of a calendar month, as counts are kept under it."""
    return 12 * day.year + day.month - 1


@lru_cache(maxsize=4_096)
def month_of_day(number: int) -> int:
    """Return the number of the month in which a day is: an ordinal, as counts are kept under it."""
    return month_of(date.fromordinal(number))


def first_of_month(number: int) -> date:
    """Undo `month_of`: return the first day of the month under this number."""
    return date(number // 12, number % 12 + 1, 1)

"""The weeks and months that digests are of: those that are over. Pure."""

from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from linktrack.calendar.ranges import DayRange
from linktrack.errors import Invalid

PERIODS: Final = ("week", "month", "day")
EARLIEST: Final = date(2000, 1, 1)
"""There were no short links to count before."""


def last_whole(period: str, today: date, timezone: ZoneInfo) -> tuple[DayRange, DayRange]:
    """Return the last week (Monday to Sunday), month or day that is over, and the one before it.

    Raises `Invalid` for another period.
    """
    if period == "week":
        monday = today - timedelta(days=today.weekday())
        days = DayRange.until(monday - timedelta(days=1), 7, timezone)
        return days, days.before
    if period == "month":
        last = today.replace(day=1) - timedelta(days=1)
        earlier = last.replace(day=1) - timedelta(days=1)
        return (
            DayRange(last.replace(day=1), last, timezone),
            DayRange(earlier.replace(day=1), earlier, timezone),
        )
    if period == "day":
        days = DayRange.until(today - timedelta(days=1), 1, timezone)
        return days, days.before
    raise Invalid(f"{period[:40]!r} isn't a period of a digest: choose week, month or day.")


def end_of(period: str, day: date) -> date:
    """Return the day after the week, month or day that holds a day. Raises `Invalid`."""
    if day < EARLIEST:
        raise Invalid(f"There is no digest of days before {EARLIEST.year}.")
    if period == "week":
        return day - timedelta(days=day.weekday()) + timedelta(days=7)
    if period == "day":
        return day + timedelta(days=1)
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def chosen_end(period: str, day: date | None, today: date) -> date:
    """Return the day after the period that holds a day (None: the last one that is over).

    `last_whole` of that day is the period. Raises `Invalid` for one that is not over.
    """
    if period not in PERIODS or day is None:
        return today
    end = end_of(period, day)
    if end > today:
        raise Invalid(f"That {period} is not over yet: choose an earlier one.")
    return end


def later(period: str, days: DayRange, today: date) -> date | None:
    """Return the first day of the period after these days, None if it is not over."""
    after = days.last + timedelta(days=1)
    return after if end_of(period, after) <= today else None

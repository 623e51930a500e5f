"""How a chart draws the days of a range: day by day, or long ranges by week. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from linktrack.calendar.ranges import DayRange

DAILY: Final = 122
"""Ranges of more days are drawn by week: a year of days is a hedge of spikes."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Clicks of a range as a chart draws them: by day, or by week where the range is long.

    `starts` are the first days of the steps. Today is not over and in none of them: `so_far` is
    what it has, None where the range has no today.
    """

    starts: list[date]
    length: int  # days
    so_far: int | None
    _last: int  # how many days at the beginning and the end are in no step
    _first: int

    @property
    def is_weekly(self) -> bool:
        """Whether a step is a week."""
        return self.length > 1

    def sums(self, values: Sequence[int | None]) -> list[int | None]:
        """Add up the values of a range's days by step; a step with an unknown day is unknown."""
        whole = values[self._first : len(values) - self._last]
        found: list[int | None] = []
        for i in range(0, len(whole), self.length):
            step = [value for value in whole[i : i + self.length] if value is not None]
            found.append(sum(step) if len(step) == self.length else None)
        return found


def steps_of(days: DayRange, values: Sequence[int | None], today: date) -> Steps:
    """Return how to draw the values of these days; ranges of over four months go by weeks.

    Weeks are seven days that end with the last whole day; what is left at the beginning is none.
    """
    unfinished = int(days.last == today and days.length > 1)
    whole = days.length - unfinished
    length = 7 if whole > DAILY else 1
    first = whole % length
    starts = [days.first + timedelta(days=first + i) for i in range(0, whole - first, length)]
    return Steps(starts, length, values[-1] if unfinished else None, unfinished, first)

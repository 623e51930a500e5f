"""Scales: round ticks for numbers, logarithms and days, and where a value lies; pure."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeGuard

# fmt: off
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)
# fmt: on
_MOST_DATE_TICKS: Final = 13


@dataclass(frozen=True, slots=True)
class Band:
    """A horizontal band of the chart with its own scale of y; ticks from lowest to highest."""

    top: float
    height: float
    ticks: Sequence[float]
    logarithmic: bool = False

    @property
    def bottom(self) -> float:
        """Where the band ends, in px from the top of the svg."""
        return self.top + self.height

    def y(self, value: float) -> float:
        """Place a value, in px from the top of the svg."""
        low, high = self.ticks[0], self.ticks[-1]
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return self.bottom - (value - low) / (high - low) * self.height


def number(value: float) -> str:
    """Write a number for people: three significant digits, thousands set apart by commas."""
    if value == round(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    digits = min(2 - math.floor(math.log10(abs(value))), 12)
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def short(value: float, top: float) -> str:
    """Write a tick so that it fits beside the plot: thousands and millions shortened."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if top >= size * (100 if letter == "k" else 1) and value:
            return f"{number(value / size)}{letter}"
    return number(value)


def nice_ticks(values: Iterable[float], most: int = 4) -> list[float]:
    """Give evenly spaced round numbers (steps of 1, 2, 5 by tens) that enclose the values.

    Whole values get whole ticks. At most `most` + 2 ticks come out, and at least two.
    """
    values = list(values) or [0.0]
    low, high = min(values), max(values)
    if high - low < 1e-9:  # one value, or so close that their ticks would be the same
        low, high = (min(low, 0.0), max(high, 1.0)) if low <= 1 else (low - 1, high + 1)
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(s * power for s in (1, 2, 5, 10) if s * power * most >= (high - low) * (1 - 1e-9))
    if all(value == round(value) for value in values):
        step = max(step, 1.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def log_ticks(values: Iterable[float], most: int = 9) -> list[float]:
    """Give ticks at 1, 2, 5 by tens that enclose the positive values; only tens where too many."""
    values = [value for value in values if value > 0] or [1.0]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    fine = [s * 10.0**power for power in range(low, high + 2) for s in (1, 2, 5)]
    below = max((tick for tick in fine if tick <= min(values) * (1 + 1e-9)), default=fine[0])
    above = min(tick for tick in fine if tick >= max(values) * (1 - 1e-9))
    if below == above:
        above = fine[fine.index(below) + 1]
    ticks = [tick for tick in fine if below <= tick <= above]
    if len(ticks) > most:
        ticks = [10.0**power for power in range(low, high + 1)]
    return ticks


def date_ticks(first: date, last: date) -> list[tuple[date, str]]:
    """Give days between two (both included) with their labels, from single days to decades.

    Where they lie in several years, the first label and each that begins a year carry it.
    """
    for step in (1, 2, 7, 14):
        ahead = (-first.weekday()) % 7 if step >= 7 else 0  # weeks begin on Monday
        count = ((last - first).days - ahead) // step + 1
        if count <= _MOST_DATE_TICKS:
            days = [first + timedelta(days=ahead + i * step) for i in range(max(count, 0))]
            return _dated(days, lambda day: f"{day.day} {_MONTHS[day.month - 1]}", first, last)
    months = (last.year - first.year) * 12 + last.month - first.month
    for step in (1, 3, 6):
        if months // step < _MOST_DATE_TICKS:
            starts = [_month(first, i) for i in range(months + 1)]
            days = [day for day in starts if day >= first and (day.month - 1) % step == 0]
            return _dated(days, lambda day: _MONTHS[day.month - 1], first, last)
    years = last.year - first.year
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 1000) if years // s < _MOST_DATE_TICKS)
    found = [
        y for y in range(first.year, last.year + 1) if y % step == 0 and date(y, 1, 1) >= first
    ]
    return [(date(year, 1, 1), str(year)) for year in found]


def _month(first: date, ahead: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + ahead, 12)
    return date(year, month + 1, 1)


def _dated(
    days: Sequence[date], name: Callable[[date], str], first: date, last: date
) -> list[tuple[date, str]]:
    """Name each day, with the year on the first and on each that begins another one."""
    if first.year == last.year:
        return [(day, name(day)) for day in days]
    named, year = [], 0
    for day in days:
        named.append((day, name(day) if day.year == year else f"{name(day)} {day.year}"))
        year = day.year
    return named


def day_name(day: date) -> str:
    """Write a day in full: 5 Oct 2026."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def day_span(first: date, last: date) -> str:
    """Write some days without their year: 20–24 Jul, 28 Jul–2 Aug."""
    end = f"{last.day} {_MONTHS[last.month - 1]}"
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}\u2013{end}"
    return f"{first.day} {_MONTHS[first.month - 1]}\u2013{end}"


def day_scale(first: date, last: date) -> Callable[[date], float]:
    """Give the function that places a day, in percent of the width; a lone day in the middle."""
    span = (last - first).days
    return lambda day: (day - first).days / span * 100 if span else 50.0


def known(value: float | None) -> TypeGuard[float]:
    """Say whether a value can be drawn: it is there and finite."""
    return value is not None and math.isfinite(value)

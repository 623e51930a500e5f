"""Figures in words, the same at every door. Pure."""

from datetime import date
from typing import Final

from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.statistics.rates import Interval

WEEKDAYS: Final = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

WITHIN: Final = {
    "1h": "within an hour",
    "24h": "within 24 hours",
    "7d": "within 7 days",
    "30d": "within 30 days",
    "all": "so far",
}
"""How long a post's clicks are counted, by the names of windows, behind "35 people clicked"."""

_HOURS_AT_MOST: Final = 72 * 3600  # seconds that a range in hours may end with


def per_thousand(rate: Rate) -> str:
    """Return a rate per 1,000 followers with its interval, as in "1.52 (1.09 to 2.12)"."""
    if rate.value is None:
        return "unknown"
    told = thousandths(rate.value)
    if rate.interval is None:
        return told
    return f"{told} ({thousandths(rate.interval.low)} to {thousandths(rate.interval.high)})"


def times(rate: Rate) -> str:
    """Return how many times as often, as in "27 (19 to 38)"."""
    if rate.value is None:
        return "unknown"
    told = f"{rate.value:.2g}"
    if rate.interval is None:
        return told
    return f"{told} ({rate.interval.low:.2g} to {rate.interval.high:.2g})"


def thousandths(fraction: float) -> str:
    """Return how many of a thousand: two decimals, or as many as a small number needs."""
    number = fraction * 1000
    if number == 0 or number >= 99.95:
        return f"{number:,.0f}"
    if number >= 9.995:
        return f"{number:.1f}"
    return f"{number:.2f}" if number >= 0.1 else f"{number:.2g}"


def about(people: float, digits: int = 2) -> str:
    """Return a number of people as exactly as an estimate may be told: two digits from 100 on."""
    return f"{rounded_people(people, digits):,}"


def rounded_people(people: float, digits: int = 2) -> int:
    """Return the number of people that `about` writes."""
    size: int = 1 if people < 100 else 10 ** max(0, len(str(int(people))) - digits)
    return round(people / size) * size


def one_in(fraction: float) -> str:
    """Return the followers for each of those who clicked: 657; 7; 1.5 where they are few."""
    followers = 1 / fraction
    return f"{followers:,.0f}" if followers >= 5 else f"{followers:.1f}".removesuffix(".0")


def about_between(people: float, between: Interval) -> tuple[str, str, str]:
    """Return an estimate and its ends as `about` does, with a digit more where two look alike."""
    told, low, high = (f"{each:,}" for each in rounded_between(people, between))
    return told, low, high


def rounded_between(people: float, between: Interval) -> tuple[int, int, int]:
    """Return the numbers of people that `about_between` writes."""
    for digits in (2, 3):
        told, low, high = (rounded_people(x, digits) for x in (people, between.low, between.high))
        if low != told != high:
            break
    return told, low, high


def percent(fraction: float, interval: Interval | None = None) -> str:
    """Return a fraction in per cent with two digits, whole from 10% on: 1.8%, 26%.

    With its interval it has one decimal more: 26.1% (25.5 to 26.7).
    """
    number = fraction * 100
    if interval is None:
        return f"{number:.0f}%" if number >= 10 or number == 0 else f"{number:.2g}%"
    return f"{number:.1f}% ({interval.low * 100:.1f} to {interval.high * 100:.1f})"


def duration(seconds: float) -> str:
    """Return a time as people say it: 40 minutes, 2.8 hours, 3.1 days."""
    if seconds < 90 * 60:
        minutes = max(1, round(seconds / 60))
        return counted(minutes, "minute")
    if seconds < 36 * 3600:
        return f"{_short(seconds / 3600)} hours"
    return f"{_short(seconds / 86400)} days"


def ago(seconds: float) -> str:
    """Return how long ago something was: 4 seconds ago, 3 minutes ago, 2.8 hours ago."""
    if seconds < 90:
        return f"{counted(max(1, int(seconds)), 'second')} ago"
    return f"{duration(seconds)} ago"


def durations(low: float, high: float) -> str:
    """Return a range of times: 2.9 to 3.4 hours, 20 to 39 hours."""
    (first, unit), (last, last_unit) = (duration(x).split(" ") for x in (low, high))
    if unit.rstrip("s") != last_unit.rstrip("s") and high < _HOURS_AT_MOST and unit == "hours":
        last, last_unit = _short(high / 3600), unit
    if unit.rstrip("s") == last_unit.rstrip("s"):
        return f"{first} to {last} {last_unit}"
    return f"{first} {unit} to {last} {last_unit}"


def counted(number: int, one: str, several: str | None = None) -> str:
    """Return a number with its word: 1 post, 2 posts."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def days_from(first: date, end: date) -> str:
    """Return the days from the first to the one before `end`: May 2026, or 4 to 10 May 2026."""
    last = date.fromordinal(end.toordinal() - 1)
    name = f"{_MONTHS[last.month - 1]} {last.year}"
    if first == last:
        return f"{last.day} {name}"
    if first.day == 1 and end.day == 1:
        return name if first.month == last.month else f"{_MONTHS[first.month - 1]} to {name}"
    if first.month == last.month:
        return f"{first.day} to {last.day} {name}"
    return f"{first.day} {_MONTHS[first.month - 1]} to {last.day} {name}"


def month_name(day: date) -> str:
    """Return the month of a day, as sentences name it: July."""
    return _MONTHS[day.month - 1]


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 9.95 else f"{number:.1f}".removesuffix(".0")


def share(part: int, whole: int) -> str:
    """Write a part of a whole in per cent; a part that is neither none nor all shows as such."""
    percent = round(100 * part / whole)
    if 0 < part < whole:
        percent = min(max(percent, 1), 99)
    return f"{percent}%"

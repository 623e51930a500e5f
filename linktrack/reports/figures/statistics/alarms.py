"""What is usual for an account by the hour or by the day, and what lies far beyond it; pure.

How far counts stray is taken from the account's own days and from nothing else: a day stands out
if it is further from what its weekday and hours let expect than every day before it, by a margin.
So it holds for steady accounts and for those to which few posts bring nearly everything; of D
alike days the next is beyond all of them once in D + 1, and beyond the margin far less often
(conformal prediction; Vovk, Gammerman and Shafer 2005). docs/calibration.md has what that gives.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Final, NamedTuple

HISTORY: Final = 182
"""Days that are looked back on."""

LEVEL: Final = 28
"""Days before a day whose mean says what it lets expect: accounts grow."""

EARLIEST: Final = 14
FEWEST: Final = 28
"""Days that must be known beyond the earliest 14, which only say how much is usual."""

FAR: Final = 1.5
"""How many times as far from the usual as any day before a day must be to stand out."""

FARTHER: Final = 3.0
"""The same while fewer than 90 days are known."""

MANY: Final = 90
LEAST: Final = 10
"""Fewer than this, or fewer than this expected, is never news."""

WINDOWS: Final = (3, 24)
"""Slots whose sum is looked at for what is missing: a busy account needs fewer of them."""

_SIGMAS: Final = 5.0  # of a Poisson count, that something must be missing by
_CRUMB: Final = 1e-9  # what fractions lose in being added up
_WEEKS: Final = 4.0  # of the mean that weigh as much as each weekday's own
_DAYS: Final = 0.1  # of all hours alike that weigh against the hours' own


class Day(NamedTuple):
    """A day that is over: its weekday (Monday is 0) and what was counted in each of its slots.

    Of one that is not whole something is missing: what it lacks is no measure of what is usual.
    """

    weekday: int
    counts: Sequence[int]
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Usual:
    """What an account's days let expect of the next one, and how far off they were at most.

    `expected` is by weekday and slot; `fewest` by the length of the window, None where days had
    too little of it.
    """

    expected: Sequence[Sequence[float]]
    level: float
    far: float
    fewest: dict[int, float | None]

    @classmethod
    def of(cls, days: Sequence[Day]) -> "Usual | None":
        """Judge these days in a row, oldest first; None where they are too few."""
        days = days[-HISTORY:]
        if len(days) < EARLIEST + FEWEST:
            return None
        margin = FARTHER if len(days) - EARLIEST < MANY else FAR
        sums = [sum(day.counts) for day in days]
        shape = _shape(days, sums)
        levels = [fmean(sums[max(0, i - LEVEL) : i]) for i in range(EARLIEST, len(days) + 1)]
        slots = len(days[0].counts)
        most = max(
            _off(count, level * shape[day.weekday][slot], level / slots)
            for level, day in zip(levels, days[EARLIEST:], strict=False)
            for slot, count in enumerate(day.counts)
        )
        fewest = {
            window: _fewest(days, levels, shape, window) for window in WINDOWS if window <= slots
        } or {1: _fewest(days, levels, shape, 1)}
        return cls(
            [[levels[-1] * part for part in parts] for parts in shape],
            levels[-1] / slots,
            most * margin,
            {window: None if low is None else low / margin for window, low in fewest.items()},
        )

    def most(self, weekday: int, slot: int) -> int:
        """Return the largest count of a slot that is still usual; it is so as the slot goes on."""
        expected = self.expected[weekday][slot]
        return max(LEAST - 1, math.floor(self.far * (expected + self.level + 1) + _CRUMB))

    def least(self, window: int, expected: float) -> int:
        """Return the smallest sum of `window` slots that is still usual; 0: no sum stands out."""
        low = self.fewest.get(window)
        if low is None or expected < LEAST:
            return 0
        bound = min(low * (expected + 1) - 1, expected - _SIGMAS * math.sqrt(expected))
        return max(0, math.ceil(bound))


def _shape(days: Sequence[Day], sums: Sequence[int]) -> list[list[float]]:
    """Return the part of a mean day that each slot of each weekday has."""
    mean = fmean(sums) or 1.0
    slots = len(days[0].counts)
    by_slot = [sum(day.counts[slot] for day in days) for slot in range(slots)]
    whole = sum(by_slot) * (1 + _DAYS) + slots
    parts = [(count + sum(by_slot) * _DAYS / slots + 1) / whole for count in by_slot]
    shape = []
    for weekday in range(7):
        own = [total for day, total in zip(days, sums, strict=True) if day.weekday == weekday]
        factor = (sum(own) + _WEEKS * mean) / (len(own) + _WEEKS) / mean
        shape.append([factor * part for part in parts])
    return shape


def _off(count: int, expected: float, level: float) -> float:
    """Return how many times as much as expected; a level keeps the night from being nothing."""
    return count / (expected + level + 1)


def _fewest(
    days: Sequence[Day], levels: Sequence[float], shape: Sequence[Sequence[float]], window: int
) -> float | None:
    """Return the smallest part of what was expected that any window of these days had."""
    lows = [
        (seen + 1) / (expected + 1)
        for seen, expected in _windows(days, levels, shape, window)
        if expected >= LEAST
    ]
    return min(lows) if len(lows) >= FEWEST else None


def _windows(
    days: Sequence[Day], levels: Sequence[float], shape: Sequence[Sequence[float]], window: int
) -> Iterator[tuple[int, float]]:
    """Yield what was counted, and expected, in the slots up to each slot."""
    for level, (before, day) in zip(levels, pairwise(days[EARLIEST - 1 :]), strict=False):
        if not (before.is_whole and day.is_whole):
            continue
        counts = [*before.counts, *day.counts]
        wanted = [level * part for each in (before, day) for part in shape[each.weekday]]
        slots = len(day.counts)
        seen, expected = sum(counts[slots - window : slots]), sum(wanted[slots - window : slots])
        for i in range(slots, 2 * slots):
            seen += counts[i] - counts[i - window]
            expected += wanted[i] - wanted[i - window]
            yield seen, expected

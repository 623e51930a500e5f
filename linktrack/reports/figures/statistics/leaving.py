"""Unfollowing: its usual rate, unusual days, and one event compared with the usual; pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from linktrack.reports.figures.statistics.comparisons import difference
from linktrack.reports.figures.statistics.rates import (
    Interval,
    poisson_rate,
    ratio_of_sums,
    wilson,
)

NEIGHBOURS: Final = 14
"""Changes before and behind one that it is held against: growth differs from year to year."""

FEWEST: Final = 10
"""People who must come or go before a day is said to stand out."""

_SIGMAS: Final = 5.0  # of chance alone fewer than one day in a million lies so far out


@dataclass(frozen=True, slots=True)
class Excess:
    """How many left beyond the usual, of how many; `share` is a fraction of all who followed.

    `usual` is null where nothing is known from before: then nothing is taken off.
    """

    usual: float | None
    excess: float
    share: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class DailyRate:
    """The part of followers that leaves in a day, with its 95 % interval."""

    value: float
    interval: Interval


def daily_rate(losses: Sequence[tuple[int, int, float]]) -> DailyRate | None:
    """Return how many followers usually leave, from (lost, followers, days) each.

    People lost over follower-days, so that long gaps weigh more; None without any follower-day.
    The interval is clustered over the gaps, since some days cost more than others; under five
    gaps it is Poisson's.
    """
    exposure = math.fsum(followers * days for _, followers, days in losses)
    if exposure <= 0:
        return None
    lost = sum(lost for lost, _, _ in losses)
    pairs = [(lost, round(followers * days)) for lost, followers, days in losses]
    found = ratio_of_sums([pair for pair in pairs if pair[1]])
    interval = None if found is None else found.interval
    return DailyRate(lost / exposure, interval or poisson_rate(lost, max(1, round(exposure))))


def excess_of(left: int, followers: int, rate: DailyRate | None, days: float) -> Excess:
    """Return how many of `followers` left within `days` beyond a daily rate.

    The interval is that of the difference of two shares, the one that left (Wilson) and the one
    that usually leaves, as `comparisons.difference` gives it; no share is below 0. Raises
    ValueError where more left than followed.
    """
    if left > followers:
        raise ValueError(f"{left} cannot leave of {followers}")
    usual = None if rate is None else _gone(rate.value, days)
    excess = left - (usual or 0.0) * followers
    if followers == 0:
        return Excess(None if usual is None else 0.0, excess, None, None)
    share, bounds = left / followers, wilson(left, followers)
    if rate is not None and usual is not None:
        ends = Interval(_gone(rate.interval.low, days), _gone(rate.interval.high, days))
        bounds = difference(share, bounds, usual, ends)
        share -= usual
    return Excess(
        None if usual is None else usual * followers,
        excess,
        max(0.0, share),
        Interval(max(0.0, bounds.low), max(0.0, bounds.high)),
    )


def _gone(rate: float, days: float) -> float:
    """Return the share that is gone after so many days at a daily rate."""
    return float(1 - (1 - min(rate, 1.0)) ** days)


def jumps(changes: Sequence[tuple[int, float]]) -> list[bool]:
    """Say of each (people, days), in order of time, whether it stands out from its neighbours.

    It does where it has at least ten people and lies five standard deviations of a Poisson count
    above what the median daily rate around it gives for its days: of the changes at most
    `NEIGHBOURS` before and behind it, so that steady growth, however fast by now, is no jump.
    """
    rates = [people / days if days > 0 else None for people, days in changes]
    found = []
    for i, (people, days) in enumerate(changes):
        around = rates[max(0, i - NEIGHBOURS) : i + NEIGHBOURS + 1]
        expected = median([rate for rate in around if rate is not None] or [0.0]) * days
        found.append(
            people >= FEWEST and people > expected + _SIGMAS * math.sqrt(max(expected, 1.0))
        )
    return found

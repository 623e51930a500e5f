"""Unfollowing: its usual rate, unusual days, and one event compared with the usual; pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from linktrack.reports.figures.statistics.rates import Interval, rate_interval

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


def daily_rate(losses: Sequence[tuple[int, int, float]]) -> float | None:
    """Return the part of followers that leaves in a day, from (lost, followers, days) each.

    People lost over follower-days, so that long gaps weigh more; None without any follower-day.
    """
    exposure = math.fsum(followers * days for _, followers, days in losses)
    return sum(lost for lost, _, _ in losses) / exposure if exposure > 0 else None


def excess_of(left: int, followers: int, rate: float | None, days: float) -> Excess:
    """Return how many of `followers` left within `days` beyond a daily rate.

    The interval is Wilson's for the excess as a count; what the usual rate itself leaves open is
    not in it. Raises ValueError where more left than followed.
    """
    if left > followers:
        raise ValueError(f"{left} cannot leave of {followers}")
    usual = None if rate is None else followers * (1 - (1 - min(rate, 1.0)) ** days)
    excess = left - (usual or 0.0)
    if followers == 0:
        return Excess(usual, excess, None, None)
    count = max(0, round(excess))
    return Excess(usual, excess, max(0.0, excess) / followers, rate_interval(count, followers))


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

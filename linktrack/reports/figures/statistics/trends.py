"""Trends that a few odd posts cannot turn: Theil and Sen's slope; pure arithmetic."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist, median
from typing import Final

from linktrack.reports.figures.statistics.rates import CONFIDENCE, Interval

MOST_POINTS: Final = 600
"""Every pair is looked at: 600 points have 180,000, which takes a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Slope:
    """The change of y for one more of x; `points` is how many were used."""

    value: float
    interval: Interval
    points: int


def theil_sen(points: Sequence[tuple[float, float]]) -> Slope | None:
    """Give the median slope over all pairs of points with different x, with a 95 % interval.

    Sen (1968), JASA 63:1379: the interval holds the slopes whose Kendall statistic chance alone
    can bring, with its variance corrected for ties in x and y. None where x does not vary or the
    pairs are too few for an interval. At most `MOST_POINTS` points, evenly spaced in their order.
    """
    points = thinned(points)
    slopes = sorted(
        (y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x1 != x2
    )
    if not slopes:
        return None
    n = len(points)
    variance = _pairs(n) - _ties(x for x, _ in points) - _ties(y for _, y in points)
    if variance <= 0:
        return None
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    reach = z * math.sqrt(variance / 18)
    low = round((len(slopes) - reach) / 2) - 1
    high = round((len(slopes) + reach) / 2)
    if low < 0 or high >= len(slopes):
        return None
    return Slope(median(slopes), Interval(slopes[low], slopes[high]), n)


def thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """Give at most `MOST_POINTS` of the points, evenly spaced, the first and last among them."""
    if len(points) <= MOST_POINTS:
        return points
    last = len(points) - 1
    return [points[i * last // (MOST_POINTS - 1)] for i in range(MOST_POINTS)]


def _pairs(n: int) -> int:
    return n * (n - 1) * (2 * n + 5)


def _ties(values: Iterable[float]) -> int:
    return sum(_pairs(count) for count in Counter(values).values())

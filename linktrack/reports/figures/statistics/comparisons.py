"""Comparing: differences of two figures, many judgements at once, middles; pure arithmetic."""

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from linktrack.reports.figures.statistics.distributions import chi_square_above
from linktrack.reports.figures.statistics.rates import CONFIDENCE, Interval, RatioOfSums


def difference(
    first: float, first_interval: Interval, second: float, second_interval: Interval
) -> Interval:
    """Give the interval of first - second from the intervals of both.

    Zou and Donner (2008), Statistics in Medicine 27:1693: the variance towards each end is
    recovered from that end of each interval. For two shares with Wilson's intervals this is
    Newcombe's (1998) method 10. The two figures must come from different posts.
    """
    value = first - second
    down = math.hypot(first - first_interval.low, second_interval.high - second)
    up = math.hypot(first_interval.high - first, second - second_interval.low)
    return Interval(value - down, value + up)


def ratio(
    first: float, first_interval: Interval, second: float, second_interval: Interval
) -> Interval:
    """Give the interval of first / second: their `difference` on logarithms. All are above zero."""
    logs = difference(
        math.log(first),
        Interval(math.log(first_interval.low), math.log(first_interval.high)),
        math.log(second),
        Interval(math.log(second_interval.low), math.log(second_interval.high)),
    )
    return Interval(math.exp(logs.low), math.exp(logs.high))


def difference_of_ratios(first: RatioOfSums, second: RatioOfSums) -> Interval | None:
    """Give the interval of second - first; None where one has no interval."""
    if first.interval is None or second.interval is None:
        return None
    return difference(second.value, second.interval, first.value, first.interval)


def ratio_of_ratios(first: RatioOfSums, second: RatioOfSums) -> Interval | None:
    """Give the 95% interval of second / first: their `difference` on logarithms.

    None where one has no interval or no clicks: a ratio to nothing is unknown.
    """
    a, b = first.interval, second.interval
    if a is None or b is None or min(first.value, second.value, a.low, b.low) <= 0:
        return None
    return ratio(second.value, b, first.value, a)


def holm(probabilities: Sequence[float], level: float) -> list[bool]:
    """Say which of several hypotheses fall so that any false alarm has at most this probability.

    Holm (1979): the smallest against level / m, the next against level / (m - 1), until one stands.
    """
    fallen = [False] * len(probabilities)
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__)
    for rank, i in enumerate(order):
        if probabilities[i] > level / (len(order) - rank):
            break
        fallen[i] = True
    return fallen


def median_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval | None:
    """Give the interval of the median between two of the values, whatever their distribution.

    By order statistics (Conover, Practical Nonparametric Statistics, 3.2): the widest ranks that
    a fair coin leaves outside with at most (1 - confidence) / 2 on each side. None where even
    the least and the greatest value promise less: under 6 values at 95%.
    """
    n = len(values)
    rank = _rank_of_median(n, (1 - confidence) / 2)
    if rank == 0:
        return None
    ordered = sorted(values)
    return Interval(ordered[rank - 1], ordered[n - rank])


@lru_cache(maxsize=1024)
def _rank_of_median(n: int, tail: float) -> int:
    """Give under which rank of n values their median lies with at most this probability."""
    # What lies twenty standard errors below the middle adds nothing to a sum that is compared.
    rank = max(0, n // 2 - 10 * math.isqrt(n))
    below = 0.0  # the probability of fewer than `rank` values under the median
    while True:
        below += math.exp(_log_choose(n, rank) - n * math.log(2))
        if below > tail:
            return rank
        rank += 1


def kruskal_wallis(groups: Sequence[Sequence[float]]) -> float:
    """Give the probability of groups as unlike as these where all are alike.

    Kruskal and Wallis (1952): ranks over all groups, corrected for ties; chi-square with one
    degree of freedom less than groups. 1 where there is nothing to compare.
    """
    alike = [Counter(group) for group in groups if group]  # of thousands of values few differ
    if len(alike) < 2:
        return 1.0
    of_all: Counter[float] = Counter()
    for group in alike:
        of_all.update(group)
    rank: dict[float, float] = {}
    ties, n = 0, 0
    for value in sorted(of_all):
        equal = of_all[value]
        rank[value] = n + (1 + equal) / 2
        ties += equal**3 - equal
        n += equal
    correction = 1 - ties / (n**3 - n)
    if correction <= 0:  # all values are the same
        return 1.0
    squares = sum(
        sum(rank[value] * equal for value, equal in group.items()) ** 2 / group.total()
        for group in alike
    )
    statistic = (12 / (n * (n + 1)) * squares - 3 * (n + 1)) / correction
    return chi_square_above(statistic, len(groups) - 1)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

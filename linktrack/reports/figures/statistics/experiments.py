"""Verdicts over two groups of posts: permutation tests, looks fixed in advance, days to go. Pure.

A verdict must not depend on how often somebody looks. So the looks are fixed when the experiment
is made: one a week while it runs, and the last when all its posts are counted. Each spends its own
part of the 5% of false alarms, little before the end and most at it (Haybittle 1971; Peto et al.
1976), and the parts add up to no more than 5% whatever the looks have to do with each other
(Bonferroni). The first look that finds a difference decides.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from statistics import NormalDist
from typing import Final

from linktrack.reports.figures.statistics.rates import FEWEST_POSTS

FALSE_ALARMS: Final = 0.05
EARLY: Final = 0.01
"""How much of the false alarms all looks before the last spend together."""

MOST_EXACT: Final = 5_000  # ways to deal the posts out that are all gone through
SHUFFLES: Final = 9_999
FEW_SHUFFLES: Final = 999  # enough to tell 5%, where a page asks for many comparisons at once
MOST_SHUFFLED: Final = 400  # posts in both groups; shuffling them takes a second or two
ENOUGH: Final = 20  # shuffles as extreme as what was seen, after which p is known well enough
POWER: Final = 0.8

Pair = tuple[int, int]
"""One post: people who clicked, followers (more than none)."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look: its day after the beginning, and the part of the false alarms it may spend."""

    day: int
    alpha: float


def looks(days: int, counting_days: int) -> list[Look]:
    """Give the looks of an experiment of so many days whose posts are counted so long.

    One after each whole week, and one when the last post is counted.
    """
    last = days + counting_days
    weeks = [day for day in range(7, last, 7) if day > counting_days]
    return [
        *(Look(day, EARLY / len(weeks)) for day in weeks),
        Look(last, FALSE_ALARMS - EARLY if weeks else FALSE_ALARMS),
    ]


@dataclass(frozen=True, slots=True)
class Counted:
    """A post of the second group (`is_after`) or the first, counted to the end on that day.

    Days are fractions of days after the beginning.
    """

    day: float
    is_after: bool
    pair: Pair


@dataclass(frozen=True, slots=True)
class Decision:
    """The look that found a difference and whether the second group has more, or two Nones.

    `p` is that look's, else the last one's; None where no look had enough posts.
    """

    day: int | None
    is_more: bool | None
    p: float | None


def groups_at(posts: Sequence[Counted], day: float) -> tuple[list[Pair], list[Pair]]:
    """Give the posts of both groups that were counted to the end on a day."""
    done = [post for post in posts if post.day <= day]
    return (
        [post.pair for post in done if not post.is_after],
        [post.pair for post in done if post.is_after],
    )


def decide(posts: Sequence[Counted], done: Sequence[Look], seed: int = 0) -> Decision:
    """Give what the looks found that are done; each sees what was counted to the end on its day.

    Whenever it is asked it says the same, so asking often finds nothing that is not there.
    """
    p = None
    for look in done:
        first, second = groups_at(posts, look.day)
        if min(len(first), len(second)) < FEWEST_POSTS:
            continue
        p = permutation_p(first, second, seed)
        if p <= look.alpha:
            rates = [
                sum(k for k, _ in group) / sum(n for _, n in group) for group in (first, second)
            ]
            return Decision(look.day, rates[1] > rates[0], p)
    return Decision(None, None, p)


def permutation_p(
    first: Sequence[Pair], second: Sequence[Pair], seed: int = 0, shuffles: int = SHUFFLES
) -> float:
    """Give the two-sided p of "posts of both groups are alike", by dealing them out anew.

    The statistic is the difference of the two ratios of sums over its standard error (studentised:
    Janssen 1997; Chung and Romano 2013, Annals of Statistics 41:484), so that groups whose posts
    scatter differently are compared fairly. Where there are at most `MOST_EXACT` ways to deal, all
    are gone through and p is exact; else posts are shuffled `shuffles` times, or until `ENOUGH`
    were as extreme (Besag and Clifford 1991, Biometrika 78:301): p is then valid as it is. The
    same `seed` gives the same p. More than `MOST_SHUFFLED` posts need no shuffling: then the
    statistic is normal. Raises ValueError for fewer than two posts in a group.
    """
    if len(first) < 2 or len(second) < 2:
        raise ValueError("a comparison needs two posts in each group")
    return _permutation_p(tuple(first), tuple(second), seed, shuffles)


def is_clear(first: Sequence[Pair], second: Sequence[Pair]) -> bool:
    """Say whether two groups of posts differ beyond doubt: cried falsely in 5% at most.

    It holds where a few posts bring nearly everything, too: there an interval of the difference
    leaves out zero far too often (docs/calibration.md). Two posts of each are needed.
    """
    if min(len(first), len(second)) < 2:
        return False
    return permutation_p(first, second, shuffles=FEW_SHUFFLES) <= FALSE_ALARMS


@lru_cache(maxsize=512)  # a look that is over is asked again by every page that shows it
def _permutation_p(
    first: tuple[Pair, ...], second: tuple[Pair, ...], seed: int, shuffles: int
) -> float:
    small, large = sorted((first, second), key=len)
    columns = list(zip(*_squares((*small, *large)), strict=True))
    whole = tuple(map(sum, columns))
    size, count = len(small), len(small) + len(large)
    of = [column.__getitem__ for column in columns]

    def statistic(chosen: Sequence[int]) -> float:
        part = tuple(sum(map(get, chosen)) for get in of)
        rest = tuple(w - p for w, p in zip(whole, part, strict=True))
        return _studentised(part, size, rest, count - size)

    # Rounding must not make one and the same deal look less extreme than itself.
    seen = statistic(range(size)) * (1 - 1e-9)
    if count > MOST_SHUFFLED:
        return 2 * NormalDist().cdf(-seen)
    ways = math.comb(count, size)
    if ways <= MOST_EXACT:
        extreme = sum(statistic(chosen) >= seen for chosen in combinations(range(count), size))
        return extreme / ways
    chance = random.Random(seed)  # noqa: S311 - shuffles, not secrets
    extreme = 0
    for drawn in range(1, shuffles + 1):
        extreme += statistic(chance.sample(range(count), size)) >= seen
        if extreme == ENOUGH:
            return extreme / drawn
    return (extreme + 1) / (shuffles + 1)


def _studentised(
    one: tuple[int, ...], one_size: int, other: tuple[int, ...], other_size: int
) -> float:
    """Give |difference| over its standard error, from the sums of k, n, kk, kn, nn."""
    difference = abs(one[0] / one[1] - other[0] / other[1])
    variance = _variance(one, one_size) + _variance(other, other_size)
    if variance <= 0:
        return math.inf if difference > 0 else 0.0
    return difference / math.sqrt(variance)


def _variance(sums: tuple[int, ...], size: int) -> float:
    """Give the variance of a ratio of sums, linearised (Cochran, Sampling Techniques, ch. 6)."""
    k, n, kk, kn, nn = sums
    ratio = k / n
    squares = max(kk - 2 * ratio * kn + ratio * ratio * nn, 0.0)
    return squares / (n * n) * size / (size - 1)


@dataclass(frozen=True, slots=True)
class Pace:
    """How posts come in: posts a day in the first and the second group, and days they count."""

    first: float
    second: float
    counting_days: int


def day_of_verdict(
    first: Sequence[Pair],
    second: Sequence[Pair],
    plan: Sequence[Look],
    pace: Pace,
    days: int,
) -> int | None:
    """Give the day of the first look that will probably (80%) find the difference seen so far.

    It takes for granted that posts go on at this pace until day `days`, and go on scattering and
    differing as they do. None where no look of the plan will, or nothing can be told from so few.
    """
    if min(len(first), len(second)) < 2:
        return None
    sums = [tuple(map(sum, zip(*_squares(group), strict=True))) for group in (first, second)]
    if not all(part[0] for part in sums):
        return None
    ratios = [part[0] / part[1] for part in sums]
    effect = abs(math.log(ratios[1] / ratios[0]))
    # Variance of the logarithm of a ratio, for one post of each group.
    spread = [
        _variance(part, len(group)) * len(group) / ratio**2
        for part, group, ratio in zip(sums, (first, second), ratios, strict=True)
    ]
    for look in plan:
        span = min(days, look.day - pace.counting_days)
        counts = (
            max(len(first), pace.first * span),
            max(len(second), pace.second * span),
        )
        if min(counts) < FEWEST_POSTS:
            continue
        error = math.sqrt(spread[0] / counts[0] + spread[1] / counts[1])
        normal = NormalDist()
        needed = normal.inv_cdf(1 - look.alpha / 2) + normal.inv_cdf(POWER)
        if effect >= needed * error:
            return look.day
    return None


def _squares(group: Sequence[Pair]) -> Iterator[tuple[int, int, int, int, int]]:
    return ((k, n, k * k, k * n, n * n) for k, n in group)

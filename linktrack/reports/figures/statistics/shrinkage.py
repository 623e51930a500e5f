"""Shrinkage: pull rates of small groups toward the overall rate; pure arithmetic."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from linktrack.reports.figures.statistics.distributions import t_quantile
from linktrack.reports.figures.statistics.rates import CONFIDENCE, Interval, best_high

_STEPS: Final = 20
_WIDEST: Final = 2.0  # the largest standard deviation between groups, in means, that is weighed
_FEWEST_DEGREES: Final = 2


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A group's rate after shrinking, with its 95 % interval."""

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """All groups in order; None where a group has nothing. `mean` is the rate of all together."""

    mean: float
    groups: list[Shrunk | None]


@dataclass(frozen=True, slots=True)
class _Group:
    """A group in units of the mean: its rate, its error squared, and its part of all followers."""

    rate: float
    error: float
    part: float


def shrink(groups: Sequence[Sequence[tuple[int, int]]]) -> Shrinkage | None:
    """Give each group's rate, shrunk toward the mean, from its posts of (clicks, followers).

    A two-level model (Morris 1983, JASA 78:47): groups' true rates scatter around the mean, and
    what a group's posts brought scatters around its rate, as Poisson counts and by `scatter`. How
    much groups truly differ is not known, so every difference is weighed by how well it explains
    what is seen, all variances beforehand being equally likely. The interval takes in what is
    unknown about the group, the mean and that difference. It is log-normal with Student's t, and
    ends where the best single post's does: no group's rate is above that of all its posts. None
    without clicks or followers. docs/calibration.md has how often it holds.
    """
    alike = [Counter(group) for group in groups]  # of thousands of posts few differ
    sums = [_sums(group) for group in alike]
    clicks, followers = sum(k for k, _ in sums), sum(n for _, n in sums)
    if not clicks or not followers:
        return None
    mean, spread = clicks / followers, scatter(groups)
    known = [
        _Group(
            rate=k / n / mean,
            error=1 / (mean * n) + spread * sum(m * m * c for (_, m), c in group.items()) / n**2,
            part=n / followers,
        )
        for group, (k, n) in zip(alike, sums, strict=True)
        if n
    ]
    differences = [((i + 0.5) / _STEPS * _WIDEST) ** 2 for i in range(_STEPS)]
    weights = _weights(known, differences)
    degrees = sum(max(0, len(group) - 1) for group in groups) / (1 + 3 * spread)
    t = t_quantile((1 + CONFIDENCE) / 2, max(_FEWEST_DEGREES, int(degrees)))
    best = best_high(pair for group in alike for pair in group)
    drawn = iter(_drawn(known, differences, weights, t))
    return Shrinkage(mean, [_scaled(next(drawn), mean, best) if n else None for _, n in sums])


def scatter(groups: Sequence[Sequence[tuple[int, int]]]) -> float:
    """Give the variance of posts' true rates within groups over the square of their mean.

    By moments: what posts differ beyond Poisson counts, at least 0. The squared mean of a few
    posts is itself too large on average, for which the last line makes up.
    """
    beyond, square, posts, number = 0.0, 0.0, 0, 0
    for group in groups:
        alike = Counter(pair for pair in group if pair[1] > 0)
        (clicks, followers), counted = _sums(alike), alike.total()
        if counted < 2 or not clicks:
            continue
        rate, free = clicks / followers, 1 - 1 / counted
        beyond += math.fsum((k - n * rate) ** 2 * c for (k, n), c in alike.items()) - clicks * free
        square += math.fsum((n * rate) ** 2 * c for (_, n), c in alike.items()) * free
        posts, number = posts + counted, number + 1
    if not number or beyond <= 0:
        return 0.0
    return beyond / square / max(0.2, 1 - beyond / square * number / posts)


def _sums(alike: Counter[tuple[int, int]]) -> tuple[int, int]:
    """Give all clicks and all followers of posts that are counted by these."""
    return (
        sum(k * posts for (k, _), posts in alike.items()),
        sum(n * posts for (_, n), posts in alike.items()),
    )


def _weights(groups: Sequence[_Group], differences: Sequence[float]) -> list[float]:
    """Give the weight of each variance between groups: its likelihood, and its step's width."""
    logs = []
    for between in differences:
        variances = [group.error + between for group in groups]
        logs.append(
            math.log(between) / 2
            - math.log(math.fsum(1 / variance for variance in variances)) / 2
            - math.fsum(
                math.log(variance) + (group.rate - 1) ** 2 / variance
                for group, variance in zip(groups, variances, strict=True)
            )
            / 2
        )
    best = max(logs)
    weights = [math.exp(each - best) for each in logs]
    return [weight / math.fsum(weights) for weight in weights]


def _drawn(
    groups: Sequence[_Group], differences: Sequence[float], weights: Sequence[float], t: float
) -> list[Shrunk]:
    """Give the groups' rates, in units of the mean, averaged over the variances between them."""
    unknown = [  # about the mean, if groups differ so much
        math.fsum(group.part**2 * (group.error + between) for group in groups)
        for between in differences
    ]
    found = []
    for group in groups:
        pulls = [group.error / (group.error + between) for between in differences]
        values = [pull + (1 - pull) * group.rate for pull in pulls]
        value = math.fsum(w * v for w, v in zip(weights, values, strict=True))
        variance = math.fsum(
            weight
            * (each**2 / (1 / between + 1 / group.error) + pull**2 * mean + (each - value) ** 2)
            for weight, between, pull, each, mean in zip(
                weights, differences, pulls, values, unknown, strict=True
            )
        )
        log = math.log1p(variance / value**2)
        reach = math.exp(t * math.sqrt(log))
        centre = value * math.exp(-log / 2)
        found.append(Shrunk(value, Interval(min(centre / reach, value), centre * reach)))
    return found


def _scaled(one: Shrunk, mean: float, best: float) -> Shrunk:
    value = one.value * mean
    high = max(value, min(one.interval.high * mean, best))
    return Shrunk(value, Interval(one.interval.low * mean, high))

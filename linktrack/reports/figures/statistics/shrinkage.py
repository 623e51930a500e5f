"""Shrinkage: pull rates of small groups toward the overall rate; pure arithmetic."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from linktrack.reports.figures.statistics.distributions import gamma_quantile
from linktrack.reports.figures.statistics.rates import CONFIDENCE, Interval

NARROWEST: Final = 1e-6
"""Of the mean squared: rates of groups that differ by a thousandth are taken as equal."""


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


def shrink(groups: Sequence[Sequence[tuple[int, int]]]) -> Shrinkage | None:
    """Give each group's rate, shrunk towards the mean, from its posts of (clicks, followers).

    Empirical Bayes with the gamma-Poisson model (Clayton and Kaldor 1987, Biometrics 43:671):
    groups' rates are drawn from one gamma distribution whose mean and variance are estimated by
    moments. Posts of one group differ more than Poisson allows, so clicks and followers are
    first divided by their dispersion (Pearson's chi-square over its degrees of freedom, at
    least 1). Groups that differ no more than chance come out at the mean. None without clicks
    or followers.
    """
    sums = [(sum(k for k, _ in group), sum(n for _, n in group)) for group in groups]
    clicks, followers = sum(k for k, _ in sums), sum(n for _, n in sums)
    if not clicks or not followers:
        return None
    mean = clicks / followers
    spread = dispersion(groups)
    effective = [(k / spread, n / spread) for k, n in sums]
    variance = _variance_between(effective, mean)
    together = Shrunk(mean, _gamma_interval(clicks / spread, followers / spread))
    found: list[Shrunk | None] = []
    for k, n in effective:
        if not n:
            found.append(None)
        elif not variance:
            found.append(together)
        else:
            shape, weight = mean**2 / variance + k, mean / variance + n
            found.append(Shrunk(shape / weight, _gamma_interval(shape, weight)))
    return Shrinkage(mean, found)


def dispersion(groups: Sequence[Sequence[tuple[int, int]]]) -> float:
    """Give by how much posts within groups vary more than Poisson counts would; at least 1."""
    square, degrees = 0.0, 0
    for group in groups:
        counted = [(k, n) for k, n in group if n > 0]
        clicks, followers = sum(k for k, _ in counted), sum(n for _, n in counted)
        if len(counted) < 2 or not clicks:
            continue
        rate = clicks / followers
        square += math.fsum((k - n * rate) ** 2 / (n * rate) for k, n in counted)
        degrees += len(counted) - 1
    return max(1.0, square / degrees) if degrees else 1.0


def _variance_between(groups: Sequence[tuple[float, float]], mean: float) -> float:
    """Give the variance of groups' true rates: what exceeds chance (method of moments).

    0 where there is only one group, and where it is next to nothing beside the mean: a gamma
    distribution that narrow is a point, whose quantiles would be looked for in vain.
    """
    total = sum(n for _, n in groups)
    number = sum(1 for _, n in groups if n)
    seen = math.fsum(n * (k / n - mean) ** 2 for k, n in groups if n)
    weight = total - math.fsum(n * n for _, n in groups) / total
    if number < 2 or weight <= 0:  # beside a vast group others may vanish in rounding
        return 0.0
    variance = (seen - (number - 1) * mean) / weight
    return variance if variance > NARROWEST * mean**2 else 0.0


def _gamma_interval(shape: float, weight: float) -> Interval:
    tail = (1 - CONFIDENCE) / 2
    return Interval(gamma_quantile(tail, shape) / weight, gamma_quantile(1 - tail, shape) / weight)

"""Estimate how many people there are from those seen (capture-recapture); pure arithmetic."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from linktrack.reports.figures.statistics.rates import CONFIDENCE, Interval


@dataclass(frozen=True, slots=True)
class People:
    """An estimated number of people; the interval is that of the method, not of the truth."""

    estimate: float
    error: float
    interval: Interval


def chao2(people_by_occasions: Mapping[int, int], occasions: int) -> People | None:
    """Give the least number of people there are, from on how many occasions each was seen.

    `people_by_occasions` maps 1, 2, … to the people seen on exactly so many of the `occasions`.
    Chao (1987), Biometrics 43:783, as in Chao and Chiu's SpadeR: with Q1 and Q2 people seen once
    and twice and A = (t - 1) / t, the estimate is D + A Q1² / (2 Q2); the interval is log-normal
    on the part that was not seen. None where nobody was seen once or nobody twice: then nothing
    is known about those who were never seen. Raises ValueError for fewer than two occasions.

    It is a lower bound. Where people click equally readily it is also a good estimate; where
    they differ (and they do) it falls short: simulated with gamma rates of shape 1 and mean 0.5,
    1,000 people come out as 674.
    """
    if occasions < 2:
        raise ValueError(f"capture and recapture needs two occasions, not {occasions}")
    once, twice = people_by_occasions.get(1, 0), people_by_occasions.get(2, 0)
    if once <= 0 or twice <= 0:
        return None
    seen = sum(people_by_occasions.values())
    a, ratio = (occasions - 1) / occasions, once / twice
    unseen = a * once * once / (2 * twice)
    variance = twice * (a / 2 * ratio**2 + a**2 * ratio**3 + a**2 / 4 * ratio**4)
    return _people(seen, unseen, variance)


def chapman(first: int, second: int, both: int) -> People | None:
    """Give the number of people from two samples and how many are in both.

    Chapman (1951), with Seber's variance; nearly unbiased where people are equally likely to be
    caught and caught again, too low where they differ. The interval is log-normal on the part
    that was not seen. None where all that were seen were seen twice. Raises ValueError for
    samples that cannot be.
    """
    if min(first, second, both) < 0 or both > min(first, second):
        raise ValueError(f"{both} people cannot be in both of {first} and {second}")
    estimate = (first + 1) * (second + 1) / (both + 1) - 1
    variance = float((first + 1) * (second + 1) * (first - both) * (second - both))
    variance /= (both + 1) ** 2 * (both + 2)
    seen = first + second - both
    return _people(seen, estimate - seen, variance)


def _people(seen: int, unseen: float, variance: float) -> People | None:
    """Give the estimate with its log-normal interval: at least those who were seen."""
    if unseen <= 0:
        return None
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    spread = math.exp(z * math.sqrt(math.log1p(variance / unseen**2)))
    interval = Interval(seen + unseen / spread, seen + unseen * spread)
    return People(seen + unseen, math.sqrt(variance), interval)

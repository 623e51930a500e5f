"""What is usual for an account, and which posts clearly differ from it; pure arithmetic."""

import math
from collections.abc import Sequence
from statistics import median
from typing import Final, Literal, NamedTuple

from linktrack.reports.figures.statistics.comparisons import holm, median_interval
from linktrack.reports.figures.statistics.distributions import poisson_at_least, poisson_at_most
from linktrack.reports.figures.statistics.rates import Interval

SURE: Final = 0.975
"""Half of the 5% of false alarms are spent on not knowing what is usual, half on the posts."""

_DOUBTFUL: Final = 1.96  # standard errors within which no post is sure, alone in its month

Verdict = Literal["above", "below"]


class Judged(NamedTuple):
    """A complete post's people who clicked, and its followers (> 0): no more clicks can come."""

    people: int
    followers: int


def usual_rates(posts: Sequence[tuple[int, int]]) -> Interval | None:
    """Give the range in which the usual rate lies with 97.5%: half of all posts do better.

    By order statistics of the posts, whatever the distribution of rates; None under 7 of them.
    The median of a Poisson count lies within ln 2 below and 1/3 above its mean (Choi 1994,
    Proc. AMS 121:245), so the ends are moved out by as much of a person.
    """
    found = median_interval([people / followers for people, followers in posts], SURE)
    if found is None:
        return None
    followers = median(followers for _, followers in posts)
    return Interval(max(0.0, found.low - 1 / (3 * followers)), found.high + math.log(2) / followers)


def clearly(posts: Sequence[Judged], usual: Interval) -> list[Verdict | None]:
    """Say which posts of one account and month are clearly above or below the usual rate.

    A post is compared with the end of `usual` that is nearer to it (Poisson); Holm's correction
    over all posts, both ways, keeps the probability of any false alarm among them under 5%.
    """
    above = [_above(post, usual.high) for post in posts]
    below = [_below(post, usual.low) for post in posts]
    fallen = holm([*above, *below], 1 - SURE)
    verdicts: list[Verdict | None] = []
    for is_above, is_below in zip(fallen[: len(posts)], fallen[len(posts) :], strict=True):
        verdicts.append("above" if is_above else "below" if is_below else None)
    return verdicts


def _above(post: Judged, rate: float) -> float:
    mean = post.followers * rate
    if post.people <= mean + _DOUBTFUL * math.sqrt(mean):
        return 1.0
    return poisson_at_least(post.people, mean)


def _below(post: Judged, rate: float) -> float:
    mean = post.followers * rate
    if post.people >= mean - _DOUBTFUL * math.sqrt(mean):
        return 1.0
    return poisson_at_most(post.people, mean)

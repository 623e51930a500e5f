"""How many times as often one group clicks as another; pure arithmetic."""

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from linktrack.reports.figures.statistics.distributions import t_quantile
from linktrack.reports.figures.statistics.rates import (
    CONFIDENCE,
    FEWEST_POSTS,
    Interval,
    ratio_of_sums,
)

_LARGEST_EXPONENT: Final = 700.0


class Pair(NamedTuple):
    """One post's clicks and people in a group, and the same in what it is compared with."""

    clicks: int
    people: int
    all_clicks: int
    all_people: int


def lift(posts: Sequence[Pair]) -> tuple[float, Interval | None] | None:
    """Give the ratio of two ratios of sums, with a 95 % interval clustered over posts.

    The standard error is the delete-one jackknife of the double ratio (Cochran, Sampling
    Techniques, 3rd ed., ch. 6) on the log scale with Student's t, as in `rates.ratio_of_sums`:
    whatever makes one post better in both groups cancels out. None where a denominator is zero;
    no interval under five posts. Without a click in the group its rate's upper end decides.
    """
    value = _double_ratio(posts)
    if value is None:
        return None
    if len(posts) < FEWEST_POSTS:
        return value, None
    if value == 0:
        overall = sum(post.all_clicks for post in posts) / sum(post.all_people for post in posts)
        rate = ratio_of_sums([(post.clicks, post.people) for post in posts])
        if rate is None or rate.interval is None:
            return value, None
        return value, Interval(0.0, rate.interval.high / overall)
    known = [ratio for ratio in _left_out(posts) if ratio is not None]
    if len(known) < len(posts):
        return value, None
    mean = math.fsum(known) / len(known)
    squares = math.fsum((ratio - mean) ** 2 for ratio in known)
    error = math.sqrt(squares * (len(known) - 1) / len(known))
    t = t_quantile((1 + CONFIDENCE) / 2, len(posts) - 1)
    factor = math.exp(min(t * error / value, _LARGEST_EXPONENT))
    return value, Interval(value / factor, value * factor)


def _double_ratio(posts: Sequence[Pair]) -> float | None:
    return _divided(*_sums(posts)) if posts else None


def _left_out(posts: Sequence[Pair]) -> Iterator[float | None]:
    """Yield the double ratio without each post in turn."""
    sums = _sums(posts)
    for post in posts:
        yield _divided(*(whole - part for whole, part in zip(sums, post, strict=True)))


def _sums(posts: Sequence[Pair]) -> list[int]:
    return [sum(column) for column in zip(*posts, strict=True)]


def _divided(clicks: int, people: int, all_clicks: int, all_people: int) -> float | None:
    if not people or not all_clicks or not all_people:
        return None
    return (clicks / people) / (all_clicks / all_people)

"""What posts get before an event and after it, beside the followers they had; pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final, Literal

from linktrack.reports.figures.statistics.comparisons import ratio_of_ratios
from linktrack.reports.figures.statistics.experiments import Pair, is_clear
from linktrack.reports.figures.statistics.rates import (
    FEWEST_POSTS,
    Interval,
    RatioOfSums,
    ratio_of_sums,
)

Verdict = Literal["like the others", "less", "more", "can't tell"]
"""How those who left (or came) clicked, beside all the others."""

LEAST_CHANGE: Final = 0.01
"""The part of the followers that must have come or gone before anything is said of them."""


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """By which part the mean of posts changed: -0.27 is 27% less.

    `followers` is the same of the mean number of followers the posts had. No interval and no
    verdict from under five posts a side, or where the posts before got nothing.
    """

    change: float | None
    interval: Interval | None
    followers: float
    verdict: Verdict | None


def before_after(before: Sequence[Pair], after: Sequence[Pair]) -> BeforeAfter:
    """Compare posts of (clicks, followers) before an event with those after it; none may be empty.

    The ratio of both means, each with its interval clustered over posts (`ratio_of_sums`, every
    post weighing the same), divided on logarithms (`ratio_of_ratios`). Two claims are made only
    where shuffled posts would hardly show as much (`is_clear`): that the mean changed, and that it
    changed otherwise than the followers did. docs/calibration.md says how often that is wrong.
    Raises ValueError for a side without posts.
    """
    if not before or not after:
        raise ValueError("both sides need posts")
    followers = fmean(n for _, n in after) / fmean(n for _, n in before) - 1
    alike = [[(k, 1) for k, _ in side] for side in (before, after)]
    first, second = (ratio_of_sums(side) for side in alike)
    assert first is not None
    assert second is not None
    if not first.value:
        return BeforeAfter(None, None, followers, None)
    change, bounds = second.value / first.value - 1, _bounds(first, second)
    if bounds is None or min(len(before), len(after)) < FEWEST_POSTS:
        return BeforeAfter(change, None, followers, None)
    interval = Interval(bounds.low - 1, bounds.high - 1)
    if abs(followers) < LEAST_CHANGE:
        return BeforeAfter(change, interval, followers, None)
    verdict: Verdict = "can't tell"
    if not interval.low <= followers <= interval.high and is_clear(before, after):
        verdict = "more" if (change - followers) * followers > 0 else "less"
    elif _went_along(interval, followers) and is_clear(*alike):
        verdict = "like the others"
    return BeforeAfter(change, interval, followers, verdict)


def _bounds(first: RatioOfSums, second: RatioOfSums) -> Interval | None:
    """Return the interval of second / first; from zero up where nothing came after."""
    if second.value:
        return ratio_of_ratios(first, second)
    if first.interval is None or second.interval is None:
        return None
    return Interval(0.0, second.interval.high / first.interval.low)


def _went_along(interval: Interval, followers: float) -> bool:
    """Whether the mean clearly changed the way the followers did, and may have changed as much."""
    is_as_much = interval.low <= followers <= interval.high
    return is_as_much and (interval.high < 0 if followers < 0 else interval.low > 0)

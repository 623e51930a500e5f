"""How long links live: half-lives, and their middle where some are not over; pure arithmetic."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import NormalDist
from typing import Final

from linktrack.reports.figures.statistics.rates import CONFIDENCE, Interval

FEWEST_CLICKS: Final = 20
"""Under so many clicks half of them is a matter of chance."""

STILL_ALIVE: Final = 0.05
"""A link whose last day brought more than this share of its clicks is not over."""

DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Seconds; `is_over` False: at least so long ("≥ 5 h"), since more clicks may come."""

    seconds: float
    is_over: bool


@dataclass(frozen=True, slots=True)
class Middle:
    """The median lifetime in seconds; an end that is None is not known yet."""

    seconds: float
    low: float | None
    high: float | None


def half_life(
    clicks: Sequence[int], width: float, later: int = 0, is_over: bool = True
) -> Lifetime | None:
    """Give the time after its peak in which a link received half of the clicks that followed.

    bitly's definition (Hilary Mason, 2011): the time in which a link receives half of the clicks
    it will ever receive after it has reached its peak. `clicks` are counts of successive spans of
    `width` seconds; the peak is the beginning of the first span with most clicks; `later` clicks
    came after all spans. Within a span clicks are taken as evenly spread. Where the link is not
    over, or half came after all spans, the result is a lower bound. None under 20 clicks.
    """
    most = max(clicks, default=0)
    if not most or sum(clicks) + later < FEWEST_CLICKS:
        return None
    peak = clicks.index(most)
    return _share_of(clicks[peak:], width, 0.5, later, is_over)


def time_to(
    share: float, clicks: Sequence[int], width: float, later: int = 0, is_over: bool = True
) -> Lifetime | None:
    """Give the time until this share (0 to 1) of all clicks had come, by `half_life`'s rules.

    It runs from the beginning of the first span that has a click.
    """
    first = next((i for i, count in enumerate(clicks) if count), None)
    if first is None or sum(clicks) + later < FEWEST_CLICKS:
        return None
    return _share_of(clicks[first:], width, share, later, is_over)


def _share_of(
    clicks: Sequence[int], width: float, share: float, later: int, is_over: bool
) -> Lifetime:
    reached = list(accumulate(clicks))
    wanted = (reached[-1] + later) * share
    if reached[-1] < wanted:  # it was reached after all that was looked at
        return Lifetime(len(clicks) * width, False)
    i = bisect_left(reached, wanted)
    within = 1 - (reached[i] - wanted) / clicks[i] if clicks[i] else 1.0
    return Lifetime((i + within) * width, is_over)


def is_alive(clicks: Sequence[int], width: float) -> bool:
    """Say whether the last day brought more than 5 % of all clicks, after an earlier one."""
    spans = round(DAY / width)
    return len(clicks) > spans and sum(clicks[-spans:]) > STILL_ALIVE * sum(clicks)


def middle(lifetimes: Sequence[Lifetime]) -> Middle | None:
    """Give the median of lifetimes some of which are not over, with a 95 % interval.

    Kaplan and Meier's (1958) median; the interval holds the times at which Greenwood's error on
    the log-log scale cannot tell the share still alive from one half (Brookmeyer and Crowley
    1982). None where fewer than half are known to be over.
    """
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    median = low = high = None
    at_risk, alive, greenwood = len(lifetimes), 1.0, 0.0
    for life in sorted(lifetimes, key=lambda life: (life.seconds, not life.is_over)):
        if life.is_over:
            alive *= (at_risk - 1) / at_risk
            greenwood += 1 / (at_risk * (at_risk - 1)) if at_risk > 1 else 0.0
            band = _band(alive, greenwood, z)
            if median is None and alive <= 0.5:
                median = life.seconds
            if low is None and band.low <= 0.5:
                low = life.seconds
            if high is None and band.high <= 0.5:
                high = life.seconds
        at_risk -= 1
    return None if median is None else Middle(median, low, high)


def _band(alive: float, greenwood: float, z: float) -> Interval:
    """Give the interval of a share still alive; on the log-log scale it stays within 0 and 1."""
    if alive <= 0:  # the scale ends here: nothing is known of the upper end
        return Interval(0.0, 1.0)
    spread = math.exp(z * math.sqrt(greenwood) / abs(math.log(alive)))
    return Interval(alive**spread, alive ** (1 / spread))

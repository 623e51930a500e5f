"""When a story may say "clearly": seldom enough that all its claims together are seldom wrong.

A story compares several things at once: the two halves of each account's posts, each experiment,
what a loss cost in clicks. Each comparison gets its equal part of the false alarms (Bonferroni), so
that of twenty stories in which nothing changed at most one claims that something did
(benchmarks/calibration.py simulates it). Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from linktrack.reports.figures.statistics.comparisons import difference_of_ratios
from linktrack.reports.figures.statistics.experiments import (
    FALSE_ALARMS,
    FEW_SHUFFLES,
    Pair,
    permutation_p,
)
from linktrack.reports.figures.statistics.rates import FEWEST_POSTS, ratio_of_sums

SPENT: Final = 0.04
"""False alarms that a story may have: fewer than one comparison, since a loss is looked at because
it is the largest."""


@dataclass(frozen=True, slots=True)
class Claims:
    """How many comparisons a story makes."""

    comparisons: int

    @property
    def part(self) -> float:
        """The part of a single comparison's false alarms that each of them may spend."""
        return SPENT / FALSE_ALARMS / max(1, self.comparisons)

    def change(self, first: Sequence[Pair], second: Sequence[Pair]) -> bool:
        """Whether the second posts clearly differ from the first.

        Shuffled posts hardly ever differ as much, and the interval of the difference leaves out 0.
        """
        if not is_compared(first, second):
            return False
        one, other = ratio_of_sums(first), ratio_of_sums(second)
        between = difference_of_ratios(one, other) if one and other else None
        if between is None or between.low <= 0 <= between.high:
            return False
        p = permutation_p(first, second, shuffles=FEW_SHUFFLES)
        return p <= FALSE_ALARMS * self.part


def is_compared(first: Sequence[Pair], second: Sequence[Pair]) -> bool:
    """Whether there are enough posts on both sides to compare them."""
    return min(len(first), len(second)) >= FEWEST_POSTS

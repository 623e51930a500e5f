"""Which of several groups of posts clearly stand out from all other posts; pure."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from linktrack.reports.figures.statistics.comparisons import holm
from linktrack.reports.figures.statistics.experiments import (
    FALSE_ALARMS,
    FEW_SHUFFLES,
    Pair,
    permutation_p,
)
from linktrack.reports.figures.statistics.rates import FEWEST_POSTS
from linktrack.reports.figures.statistics.usual import Verdict


class Group(NamedTuple):
    """The posts of a group, and all others."""

    inside: Sequence[Pair]
    outside: Sequence[Pair]

    @property
    def is_large_enough(self) -> bool:
        """Whether it can be judged: 5 posts of each are needed."""
        return min(len(self.inside), len(self.outside)) >= FEWEST_POSTS


def stand_out(groups: Sequence[Group]) -> list[Verdict | None]:
    """Say which groups clearly get more, or less, per follower than all other posts.

    Each is compared by dealing the posts out anew (`permutation_p`). Holm's correction over all of
    them keeps the probability of any false alarm under 5%, also where groups share posts, since it
    asks nothing of how they hang together. None: not clear, or too few posts.
    """
    judged = [i for i, group in enumerate(groups) if group.is_large_enough]
    # So many that even the first of Holm's levels can be reached, twice over.
    shuffles = max(FEW_SHUFFLES, math.ceil(2 * len(judged) / FALSE_ALARMS))
    fallen = holm([permutation_p(*groups[i], shuffles=shuffles) for i in judged], FALSE_ALARMS)
    verdicts: list[Verdict | None] = [None] * len(groups)
    for i, is_clear in zip(judged, fallen, strict=True):
        if is_clear:
            inside, outside = map(_ratio, groups[i])
            verdicts[i] = "above" if inside > outside else "below"
    return verdicts


def _ratio(pairs: Sequence[Pair]) -> float:
    return sum(k for k, _ in pairs) / sum(n for _, n in pairs)

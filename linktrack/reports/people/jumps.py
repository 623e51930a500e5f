"""Falls and rises of a follower count that are far beyond its usual changes."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from linktrack.audience.counts import History
from linktrack.reports.figures.statistics.leaving import jumps
from linktrack.reports.figures.words import counted, days_from

LEAST_FALL: Final = 0.05
"""The part of its followers that a jump must be to be marked: smaller ones are everyday news."""


@dataclass(frozen=True, slots=True)
class Jump:
    """The follower count rose or fell by `net` between two days, far more than usually."""

    since: date
    until: date
    before: int
    net: int

    @property
    def sentence(self) -> str:
        """As in "5,320 followers left, 21 to 25 July 2026"."""
        people = counted(abs(self.net), "follower")
        days = days_from(self.since, self.until + timedelta(days=1))
        return f"{people} {'left' if self.net < 0 else 'came'}, {days}"


def count_jumps(history: History, timezone: ZoneInfo) -> list[Jump]:
    """Return the falls and rises of a follower count that are far beyond its usual changes.

    Days in a row are one jump. Those of less than a twentieth of the followers are left out.
    """
    by_day = {at.astimezone(timezone).date(): count for at, count in history}
    steps = [
        (since, until, by_day[since], by_day[until] - by_day[since])
        for since, until in pairwise(sorted(by_day))
    ]
    marked = jumps([(abs(net), (until - since).days) for since, until, _, net in steps])
    found: list[Jump] = []
    for (since, until, before, net), is_jump in zip(steps, marked, strict=True):
        if not is_jump:
            continue
        last = found[-1] if found else None
        if last is not None and last.until == since and (last.net < 0) == (net < 0):
            found[-1] = Jump(last.since, until, last.before, last.net + net)
        else:
            found.append(Jump(since, until, before, net))
    return [jump for jump in found if abs(jump.net) >= LEAST_FALL * jump.before]

"""When the engagement with a post is read, and whose names are read anew then. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from linktrack.engagement.vocabulary import NAMED, Kind
from linktrack.networks.engagement import Counts

WATCHED: Final = timedelta(days=30)
"""A post is read until it is this old, and once after that."""

FRESH: Final = timedelta(days=2)
"""A post is read more often until it is this old."""

DAILY: Final = timedelta(days=1)

WINDOWS: Final = (timedelta(hours=1), timedelta(days=1), timedelta(days=7), WATCHED)
"""At the end of each counting window a post is read, so that its figures are of that moment."""

SETTLED: Final = timedelta(days=8)
"""From then on a list of people is read only if its count has changed, and at the end."""


def next_reading(posted_at: datetime, read_at: datetime, fresh_every: timedelta) -> datetime | None:
    """Return when a post that was read at `read_at` is read next; None: no more."""
    age = read_at - posted_at
    if age >= WATCHED:
        return None
    step = fresh_every if age < FRESH else max(fresh_every, DAILY)
    ends = (posted_at + window for window in WINDOWS if window > age)
    return min(read_at + step, *ends)


@dataclass(frozen=True, slots=True)
class Lists:
    """Which lists of people are read, and of which kinds it is known that there is nobody."""

    read: tuple[Kind, ...]
    empty: tuple[Kind, ...]


NO_LISTS: Final = Lists((), ())


def lists_to_read(
    posted_at: datetime,
    now: datetime,
    *,
    counts: Counts,
    changed: Collection[Kind] | None,
    names: Collection[Kind],
) -> Lists:
    """Return the lists of people to read, in the order of `NAMED`.

    `changed` are the kinds whose counts have changed since the names were read; None: they never
    were. A fresh post's other lists are as they were. A like that took another's place leaves the
    count as it was: so between the second and the eighth day, and at the end, all are read.
    """
    age = now - posted_at
    everything = changed is None or FRESH <= age < SETTLED or age >= WATCHED
    told = [kind for kind in NAMED if kind in names and kind in counts]
    return Lists(
        read=tuple(
            kind for kind in told if counts[kind] and (everything or kind in (changed or ()))
        ),
        empty=tuple(kind for kind in told if not counts[kind]),
    )

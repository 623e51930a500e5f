"""Count one post within each window, from everything that was read of it. Pure.

Times are milliseconds. A window's counts are those of the first reading at or after its end: what
the network shows is only known when it is read. Until then they are those of the last reading, so
far. People are counted who followed when the post was made, by the list that stood then,
each once whatever they did; nobody else, though others may do something, too.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from linktrack.clicks.vocabulary import WINDOW_LENGTHS, WINDOWS
from linktrack.engagement.vocabulary import KINDS
from linktrack.ids import SegmentId

NAMES_LATER: Final = 3_600_000
"""People are read after the counts, page by page: what a reading names may be so much later."""


class Named(NamedTuple):
    """A follower who did something: when first, whether they followed then, and their segment."""

    at: int
    is_follower: bool
    segment_id: SegmentId | None


@dataclass(frozen=True, slots=True)
class PostRead:
    """All that was read of a post; `counts` are (kind, moment, number) of the step curves."""

    posted_at: int
    read_at: int
    names_read_at: int | None
    has_roster: bool
    counts: Sequence[tuple[int, int, int]]
    people: Sequence[Named]


class Tally(NamedTuple):
    """One window's figures: by kind (None: the network doesn't tell), and the people."""

    window: int
    counted_at: int
    is_complete: bool
    counts: tuple[int | None, ...]
    people: int | None
    segments: Mapping[SegmentId, int]


def tallies_of(post: PostRead) -> list[Tally]:
    """Return the figures of every window."""
    readings = sorted({at for _, at, _ in post.counts})
    return [_tally(post, window, readings) for window in range(len(WINDOWS))]


def _tally(post: PostRead, window: int, readings: Sequence[int]) -> Tally:
    end = post.posted_at + WINDOW_LENGTHS[window] if window < len(WINDOW_LENGTHS) else None
    complete = end is not None and post.read_at >= end
    counted_at = post.read_at
    if complete and end is not None:
        index = bisect_left(readings, end)
        counted_at = readings[index] if index < len(readings) else post.read_at
    latest: dict[int, tuple[int, int]] = {}
    for kind, at, number in post.counts:
        if at <= counted_at and at >= latest.get(kind, (at, 0))[0]:
            latest[kind] = at, number
    counts = tuple(latest[kind][1] if kind in latest else None for kind in range(1, len(KINDS) + 1))
    named = post.names_read_at is not None and post.has_roster
    if complete and end is not None and (post.names_read_at or 0) < end:
        named = False
    if not named:
        return Tally(window, counted_at, complete, counts, people=None, segments={})
    people = [
        one
        for one in post.people
        if one.is_follower and (not complete or one.at <= counted_at + NAMES_LATER)
    ]
    segments = Counter(one.segment_id for one in people if one.segment_id is not None)
    return Tally(
        window=window,
        counted_at=counted_at,
        is_complete=complete,
        counts=counts,
        people=len(people),
        segments=segments,
    )

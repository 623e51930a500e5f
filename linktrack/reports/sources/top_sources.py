"""The sources of most clicks, by segment: what a page shows where there are thousands."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.reports.parts import Part
from linktrack.reports.sources.referrer_queries import account_sources
from linktrack.reports.sources.referrers import names_of_segments, whose


@dataclass(frozen=True, slots=True)
class TopSource:
    """One source (None: none was sent), and its clicks by segment (None: we can't tell who)."""

    source: str | None
    by_segment: Mapping[str | None, int]


@dataclass(frozen=True, slots=True)
class TopSources:
    """The first sources of some days, most clicks first, and the sums of the others.

    `clicks` and `unattributed` are of all clicks, whichever part of them the sources are of;
    `segments` of these are those that have clicks.
    """

    clicks: int
    unattributed: int
    first: Sequence[TopSource]
    others: int
    of_others: Mapping[str | None, int]
    segments: Sequence[str]

    @property
    def sentence(self) -> str:
        """Of how many clicks no segment is known, in words."""
        return whose(self.clicks, self.unattributed)


def top_sources(
    session: Session,
    account: Account,
    *,
    since: date,
    until: date,
    part: Part,
    most: int,
    unsaid: str,
) -> TopSources:
    """Return the sources of most of an account's clicks, of the days in [since, until).

    `most` of them, or one more where that is the last. Of as many clicks, they are in the order of
    their names; `unsaid` is that of those that sent none.
    """
    counts = account_sources(session, account.id, since, until)
    of_pair: Counter[tuple[int, int]] = Counter()
    for source_id, segment_id, clicks in zip(
        counts.source_ids, counts.segment_ids, counts.clicks, strict=True
    ):
        of_pair[source_id, segment_id] += clicks
    segments = names_of_segments(session, set(counts.segment_ids))
    totals: Counter[str | None] = Counter()
    by_segment: Counter[str | None] = Counter()
    found: dict[str | None, Counter[str | None]] = {}
    everything = unattributed = 0
    for (source_id, number), clicks in of_pair.items():
        source, segment = counts.names[source_id] or None, segments[number]
        everything += clicks
        if segment is None:
            unattributed += clicks
        if clicks and (part.is_whole or part.has(source, segment)):
            totals[source] += clicks
            by_segment[segment] += clicks
            found.setdefault(source, Counter())[segment] += clicks
    most += len(totals) == most + 1  # one for the last says more than “1 more”
    ordered = sorted(totals, key=lambda source: (-totals[source], source or unsaid))
    first = [TopSource(source, found[source]) for source in ordered[:most]]
    left = by_segment.copy()
    for each in first:
        left.subtract(each.by_segment)
    return TopSources(
        clicks=everything,
        unattributed=unattributed,
        first=first,
        others=len(ordered) - len(first),
        of_others=left,
        segments=sorted(filter(None, by_segment)),
    )

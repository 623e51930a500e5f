"""The sources of most clicks, by segment: what a page shows where there are thousands."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from heapq import nsmallest

from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.clicks.vocabulary import UNATTRIBUTED
from linktrack.reports.parts import UNKNOWN, Part
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
    by_source: dict[int, dict[int, int]] = {}
    for source_id, segment_id, clicks in zip(
        counts.source_ids, counts.segment_ids, counts.clicks, strict=True
    ):
        row = by_source.get(source_id)
        if row is None:
            by_source[source_id] = {segment_id: clicks}
        else:
            row[segment_id] = row.get(segment_id, 0) + clicks
    segments = names_of_segments(session, set(counts.segment_ids))
    wanted = {number for number, name in segments.items() if part.has(part.source, name)}
    found: dict[str | None, dict[int, int]] = {}
    unattributed = 0
    for source_id, row in by_source.items():
        unattributed += row.get(UNATTRIBUTED, 0)
        source = counts.names[source_id] or None
        if part.source in (None, source or UNKNOWN):
            theirs = found.setdefault(source, {})
            for number, clicks in row.items():
                if number in wanted and clicks:
                    theirs[number] = theirs.get(number, 0) + clicks
    totals = {source: total for source, row in found.items() if (total := sum(row.values()))}
    most += len(totals) == most + 1  # one for the last says more than “1 more”
    ordered = nsmallest(most, totals, key=lambda source: (-totals[source], source or unsaid))
    first = [TopSource(source, _named(found[source], segments)) for source in ordered]
    everyone: Counter[int] = Counter()
    for row in found.values():
        for number, clicks in row.items():
            everyone[number] += clicks
    of_all = _named(everyone, segments)
    left = Counter(of_all)
    for each in first:
        left.subtract(each.by_segment)
    return TopSources(
        clicks=sum(counts.clicks),
        unattributed=unattributed,
        first=first,
        others=len(totals) - len(first),
        of_others=left,
        segments=sorted(filter(None, of_all)),
    )


def _named(counts: Mapping[int, int], segments: Mapping[int, str | None]) -> Counter[str | None]:
    """Return counts by the names of segments, of which several may have had one."""
    found: Counter[str | None] = Counter()
    for number, clicks in counts.items():
        found[segments[number]] += clicks
    return found

"""Where clicks came from, as rows and bars, for the overview and the sources page."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from linktrack.charts import Bar, stacked_bars
from linktrack.links.excerpts import cut
from linktrack.reports.sources.referrers import ReferrerLine
from linktrack.reports.sources.top_sources import TopSources
from linktrack.web.filters.chips import UNSAID, UNTOLD, as_filter


@dataclass(frozen=True, slots=True)
class Row:
    """One source, or one host of the chosen source."""

    name: str
    filter: str
    medium: str
    clicks: int
    unique_clicks: int
    by_segment: Counter[str]


def rows_by_source(lines: Sequence[ReferrerLine], *, by_host: bool) -> list[Row]:
    """Group lines by source or by host, most clicks first."""
    mediums: dict[tuple[str | None, str | None], str] = {}
    by_segment: defaultdict[tuple[str | None, str | None], Counter[str]] = defaultdict(Counter)
    people: Counter[tuple[str | None, str | None]] = Counter()
    for source, medium, host, segment, clicks, unique_clicks in lines:
        key = (source, host if by_host else None)
        mediums.setdefault(key, medium)
        by_segment[key][segment or UNTOLD] += clicks
        people[key] += unique_clicks
    rows = [
        Row(
            name=host or source or UNSAID,
            filter=as_filter(source),
            medium=medium,
            clicks=by_segment[source, host].total(),
            unique_clicks=people[source, host],
            by_segment=by_segment[source, host],
        )
        for (source, host), medium in mediums.items()
    ]
    return sorted(rows, key=lambda row: (-row.clicks, row.name))


def source_bars(found: TopSources, *, href: Callable[[str], str]) -> Markup:
    """Draw the top sources, most clicks first; `href` returns a source's page by its filter."""
    segments = [None, *found.segments]
    bars = [
        Bar(
            cut(each.source or UNSAID, 40),
            [each.by_segment.get(segment, 0) for segment in segments],
            href(as_filter(each.source)),
        )
        for each in found.first
    ]
    if found.others:
        rest = [found.of_others.get(segment, 0) for segment in segments]
        bars.append(Bar(f"{found.others} more", rest))
    return _drawn(bars, [UNTOLD, *found.segments])


def bars_of(rows: Sequence[Row], most: int, href: Callable[[str], str]) -> Markup:
    """Draw the first rows, and the others as one bar; `href` returns a row's page, "" for none."""
    names = sorted({name for row in rows for name in row.by_segment} - {UNTOLD})
    parts = [UNTOLD, *names]
    most += len(rows) == most + 1  # a bar for the last one says more than “1 more”
    bars = [
        Bar(
            cut(row.name, 40),
            [row.by_segment[part] for part in parts],
            href(row.filter),
        )
        for row in rows[:most]
    ]
    rest = rows[most:]
    if rest:
        left: Counter[str] = Counter()
        for row in rest:
            left.update(row.by_segment)
        bars.append(Bar(f"{len(rest)} more", [left[part] for part in parts]))
    return _drawn(bars, parts)


def _drawn(bars: Sequence[Bar], parts: Sequence[str]) -> Markup:
    return stacked_bars(
        bars,
        parts,
        label="Clicks by where they came from and by segment",
        first="Where from",
        unit="clicks",
        is_unknown=[True],
        empty="Nobody clicked in these days.",
    )

"""Read single clicks from ClickHouse, with what a transaction has changed of them itself."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, Final

from linktrack.clicks.keeping.clickhouse.conditions import STORED, Visible, among, since
from linktrack.clicks.keeping.clickhouse.matching import (
    Kept,
    counted,
    matches,
    read_as,
    taken,
)
from linktrack.clicks.keeping.clickhouse.newest import ALL, Aggregate, Newest
from linktrack.clicks.keeping.clickhouse.seeing import Seeing
from linktrack.clicks.keeping.interface import Minute
from linktrack.clicks.keeping.which import By, Column, Every, Figure, Span, Which
from linktrack.clicks.vocabulary import BURST, HUMAN, MINUTE, NO_LANGUAGES
from linktrack.ids import LinkId

MINUTES: Final = 5_000  # asked for at once
SPANS: Final = 300  # in one query
NEAR: Final = 16  # batches in which the newest clicks are looked for
FURTHER: Final = 64  # times as many, if there are too few

PEOPLE: Final = f"({HUMAN}, {BURST})"
_MINUTE: Final = ("link_id", f"intDiv(clicked_at, {MINUTE})")

_FIGURES: Final[dict[Figure, Aggregate]] = {
    "clicks": ("count", ""),
    "people": ("countIf", f"reason = {HUMAN}"),
    "bursts": ("countIf", f"reason = {BURST}"),
    "without_languages": ("countIf", f"bitAnd(flags, {NO_LANGUAGES}) != 0"),
    "first_at": ("min", "clicked_at"),
    "last_at": ("max", "clicked_at"),
    "visitors": ("uniqExactIf", "visitor, visitor != 0"),
    "agents": ("uniqExact", "agent_id"),
    "links": ("uniqExact", "link_id"),
}


def rows(seeing: Seeing, which: Which, columns: Sequence[Column]) -> Iterator[tuple[Any, ...]]:
    """Yield columns of some clicks."""
    which = seeing.answered(which)
    names = ", ".join([STORED.get(name, name) for name in columns])
    for newest in _parts(seeing, which):
        for row in seeing.table.rows(newest.each(names)):
            yield read_as(columns, row)
    for kept in changed(seeing, which):
        yield taken(kept, columns)


def kept(seeing: Seeing, which: Which) -> Iterator[Kept]:
    """Yield whole rows of some clicks."""
    which = seeing.answered(which)
    for newest in _parts(seeing, which):
        yield from map(Kept._make, seeing.table.rows(newest.each(ALL)))
    yield from changed(seeing, which)


def _parts(seeing: Seeing, which: Which, *near: str) -> Iterator[Newest]:
    """Yield what together reads all clicks but those that the transaction has changed."""
    visible, unchanged = seeing.visible(), others(seeing)
    if which.spans is None:
        yield Newest.meant(seeing.name, visible, which, *near, *unchanged)
        return
    spans = sorted(set(which.spans))
    for start in range(0, len(spans), SPANS):
        part = replace(which, spans=spans[start : start + SPANS])
        yield Newest.meant(seeing.name, visible, part, *near, *unchanged)


def changed(seeing: Seeing, which: Which) -> list[Kept]:
    """Return what the transaction has changed itself of some clicks."""
    return [row for row in seeing.own.rows.values() if matches(which, row)]


def others(seeing: Seeing) -> list[str]:
    """Return the condition that the transaction hasn't changed a click."""
    return [f"NOT {among('seq', seeing.own.rows)}"] if seeing.own.rows else []


def count(
    seeing: Seeing,
    which: Which,
    by: Sequence[By],
    figures: Sequence[Figure],
    latest: int | None,
) -> list[tuple[Any, ...]]:
    """Return figures of clicks by group."""
    if seeing.own.rows or (which.spans is not None and len(which.spans) > SPANS):
        found = counted(kept(seeing, which), by, figures)
        if latest is not None:
            found.sort(key=lambda row: tuple(-1 if value is None else value for value in row[1:]))
            found.sort(key=lambda row: -1 if row[0] is None else row[0], reverse=True)
        return found[:latest]
    which = seeing.answered(which)
    newest = Newest.meant(seeing.name, seeing.visible(), which)
    sql = newest.figures([*map(_group, by)], [_FIGURES[figure] for figure in figures])
    if latest is not None:
        order = ["by_0 DESC", *(f"by_{place}" for place in range(1, len(by)))]
        sql += f" ORDER BY {', '.join(order)} LIMIT {latest:d}"
    return [(*read_as(by, row[: len(by)]), *row[len(by) :]) for row in seeing.table.rows(sql)]


def _group(by: By) -> str:
    if isinstance(by, Every):
        return span_of("clicked_at", by)
    if by == "has_visitor":
        return "visitor != 0"
    if by == "without_languages":
        return f"bitAnd(flags, {NO_LANGUAGES}) != 0"
    return STORED.get(by, by)


def span_of(moment: str, by: Every) -> str:
    """Return the number of the span that a moment is in."""
    age = f"({moment} - {by.after:d})"
    span = f"intDiv({age}, {by.milliseconds:d})"
    if by.most is None:
        return span
    end = by.milliseconds * by.most
    return f"multiIf({age} < 0, 0, {age} >= {end:d}, {by.most:d}, {span})"


def newest_by_time(seeing: Seeing, which: Which, limit: int, offset: int) -> list[Kept]:
    """Return whole rows of the newest clicks by time, behind so many of them."""
    which = seeing.answered(which)
    found = [*_newest_by_time(seeing, which, offset + limit), *changed(seeing, which)]
    found.sort(key=attrgetter("clicked_at", "seq"), reverse=True)
    return found[offset : offset + limit]


def _newest_by_time(seeing: Seeing, which: Which, most: int) -> Iterator[Kept]:
    """Yield whole rows of the newest clicks by time, whose numbers are found first.

    To read all columns of all clicks, and leave out nearly all of these, takes three times as long.
    """
    visible, unchanged = seeing.visible(), others(seeing)
    newest = Newest.meant(seeing.name, visible, which, *unchanged)
    order = f" ORDER BY clicked_at DESC, seq DESC LIMIT {most:d}"
    found = sorted(seeing.table.rows(newest.each("clicked_at, seq", order)), reverse=True)[:most]
    if found:
        these = [*since(found[-1][0]), among("seq", {seq for _, seq in found})]
        newest = Newest.meant(seeing.name, visible, which, *unchanged, *these)
        yield from map(Kept._make, seeing.table.rows(newest.each(ALL)))


def newest(
    seeing: Seeing, which: Which, columns: Sequence[Column], last: int
) -> list[tuple[Any, ...]]:
    """Return columns of so many clicks, those with the highest `seq`."""
    which = seeing.answered(which)
    order = f" ORDER BY seq DESC LIMIT {last:d}"
    found: list[Kept] = []
    back, latest = NEAR, seeing.visible().last
    before = latest
    while len(found) < last and before > 0:  # mostly the last batches have so many
        before = max(0, latest - back)
        found = [
            kept
            for part in _parts(seeing, which, f"batch > {before:d}")
            for kept in map(Kept._make, seeing.table.rows(part.each(ALL, order)))
        ]
        back *= FURTHER
    found += changed(seeing, which)
    found.sort(key=attrgetter("seq"), reverse=True)
    return [taken(row, columns) for row in found[:last]]


def busy_minutes(seeing: Seeing, minutes: Sequence[Minute], least: int) -> Iterator[Minute]:
    """Yield which minutes have so many visitors, or clicks of a burst, among their clicks.

    First by the number of clicks: hardly any minute has ten.
    """
    visible = seeing.visible()
    for start in range(0, len(minutes), MINUTES):
        part = list(minutes[start : start + MINUTES])
        where = _minutes(visible, part)
        found = seeing.table.rows(
            f"SELECT {', '.join(_MINUTE)} FROM {seeing.name} WHERE {' AND '.join(where)}"  # noqa: S608
            f" GROUP BY {', '.join(_MINUTE)} HAVING count() >= {least:d}"
        )
        many = [(link, minute) for link, minute in found]
        if many and seeing.own.rows:
            yield from _judged(seeing, many, least)
        elif many:
            visitors = ("uniqExactIf", f"visitor, visitor != 0 AND reason IN {PEOPLE}")
            newest = Newest.of(seeing.name, visible, _minutes(visible, many))
            sql = newest.figures(_MINUTE, [_FIGURES["bursts"], visitors])
            for link, minute, bursts, number in seeing.table.rows(sql):
                if bursts or number >= least:
                    yield LinkId(link), minute


def _minutes(visible: Visible, minutes: Sequence[tuple[int, int]]) -> list[str]:
    asked = ",".join([f"({link:d},{minute:d})" for link, minute in [minutes[0], *minutes]])
    numbers = [minute for _, minute in minutes]
    return [
        *visible.clicks(),
        among("link_id", {link for link, _ in minutes}),
        *since(min(numbers) * MINUTE),
        f"clicked_at < {(max(numbers) + 1) * MINUTE:d}",
        f"({', '.join(_MINUTE)}) IN ({asked})",
    ]


def _judged(seeing: Seeing, minutes: Sequence[tuple[int, int]], least: int) -> Iterator[Minute]:
    spans = [Span(LinkId(link), minute * MINUTE, (minute + 1) * MINUTE) for link, minute in minutes]
    found: dict[tuple[int, int], list[Kept]] = {}
    for row in kept(seeing, Which(spans=spans)):
        found.setdefault((row.link_id, row.clicked_at // MINUTE), []).append(row)
    for (link, minute), clicks in found.items():
        visitors = {row.visitor for row in clicks if row.visitor and row.reason in (HUMAN, BURST)}
        is_burst = any(row.reason == BURST for row in clicks)
        if len(clicks) >= least and (len(visitors) >= least or is_burst):
            yield LinkId(link), minute


def origins(
    seeing: Seeing, links: Sequence[int], begin: int | None, end: int | None
) -> list[tuple[int, int, int, int]]:
    """Return (segment, referrer, people's clicks, unique clicks) of links in a range."""
    which = Which(links=[LinkId(link) for link in links], reasons=(HUMAN,))
    people: dict[tuple[int, int], list[int]] = {}
    if seeing.own.rows:
        firsts: dict[int, tuple[int, int, int]] = {}
        for row in kept(seeing, which):
            is_in = (begin is None or row.clicked_at >= begin) and (
                end is None or row.clicked_at < end
            )
            if is_in:
                people.setdefault((row.segment_id, row.counted_as), [0, 0])[0] += 1
            if not row.visitor:
                if is_in:
                    people[row.segment_id, row.counted_as][1] += 1
                continue
            one = (row.clicked_at, row.segment_id, row.counted_as)
            firsts[row.visitor] = min(one, firsts.get(row.visitor, one))
        for at, segment, referrer in firsts.values():
            if (begin is None or at >= begin) and (end is None or at < end):
                people[segment, referrer][1] += 1
        return [(*key, *figures) for key, figures in people.items()]  # type: ignore[misc]
    visible, which = seeing.visible(), seeing.answered(which)
    near = [*(since(begin) if begin is not None else ())]
    near += [f"clicked_at < {end:d}"] if end is not None else []
    newest = Newest.meant(seeing.name, visible, which, *near)
    figures: list[Aggregate] = [("count", ""), ("countIf", "visitor = 0")]
    sql = newest.figures(("segment_id", "counted_as"), figures)
    for segment, referrer, number, unknown in seeing.table.rows(sql):
        people[segment, referrer] = [number, unknown]
    known = Newest.meant(seeing.name, visible, which, "visitor != 0")
    clicks = known.each("visitor, clicked_at, segment_id, counted_as")
    having = [f"tupleElement(first, 1) >= {begin:d}"] if begin is not None else []
    having += [f"tupleElement(first, 1) < {end:d}"] if end is not None else []
    sql = (
        "SELECT tupleElement(first, 2) AS segment, tupleElement(first, 3) AS referrer, count()"  # noqa: S608
        " FROM (SELECT visitor, min((clicked_at, segment_id, counted_as)) AS first"
        f" FROM ({clicks}) GROUP BY visitor) WHERE {' AND '.join([*having, '1 = 1'])}"
        " GROUP BY segment, referrer"
    )
    for segment, referrer, number in seeing.table.rows(sql):
        people[segment, referrer][1] += number
    return [(segment, referrer, *figures) for (segment, referrer), figures in people.items()]  # type: ignore[misc]

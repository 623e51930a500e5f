"""Read single clicks from ClickHouse, with what a transaction has changed of them itself."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, Final

from linktrack.clicks.keeping.clickhouse.conditions import (
    BATCH,
    STORED,
    Visible,
    among,
    places,
    properties,
    since,
)
from linktrack.clicks.keeping.clickhouse.matching import (
    Kept,
    counted,
    matches,
    read_as,
    taken,
)
from linktrack.clicks.keeping.clickhouse.seeing import Seeing
from linktrack.clicks.keeping.interface import Minute
from linktrack.clicks.keeping.which import By, Column, Every, Figure, Span, Which
from linktrack.clicks.vocabulary import BURST, HUMAN, MINUTE, NO_LANGUAGES
from linktrack.ids import LinkId

MINUTES: Final = 5_000  # asked for at once
SPANS: Final = 300  # in one query
BATCHES: Final = 1_000  # looked at in one query

ALL: Final = ", ".join(Kept._fields)
PEOPLE: Final = f"({HUMAN}, {BURST})"

_FIGURES: Final[dict[Figure, str]] = {
    "clicks": "count()",
    "people": f"countIf(reason = {HUMAN})",
    "bursts": f"countIf(reason = {BURST})",
    "without_languages": f"countIf(bitAnd(flags, {NO_LANGUAGES}) != 0)",
    "first_at": "min(clicked_at)",
    "last_at": "max(clicked_at)",
    "visitors": "uniqExactIf(visitor, visitor != 0)",
    "agents": "uniqExact(agent_id)",
    "links": "uniqExact(link_id)",
}


def query(name: str, visible: Visible, which: Which, columns: str, *more: str) -> str:
    """Return a query for columns of some clicks, each as it is last.

    Where their batches are known their rows are found by these, and the newest of a `seq` is taken:
    the order of the table would be of no use.
    """
    where = [*visible.clicks(), *places(which), *more]
    if which.seqs is None and which.after is None:
        where += properties(which)
        return f"SELECT {columns} FROM {name} FINAL WHERE {' AND '.join(where)}"  # noqa: S608
    newest = (
        f"SELECT {ALL} FROM {name} WHERE {' AND '.join(where)}"  # noqa: S608
        " ORDER BY seq, version DESC LIMIT 1 BY seq"
    )
    return f"SELECT {columns} FROM ({newest}) WHERE {' AND '.join([*properties(which), '1 = 1'])}"  # noqa: S608


def rows(seeing: Seeing, which: Which, columns: Sequence[Column]) -> Iterator[tuple[Any, ...]]:
    """Yield columns of some clicks."""
    which = seeing.answered(which)
    names = ", ".join([STORED.get(name, name) for name in columns])
    for sql in _queries(seeing, which, names):
        for row in seeing.table.rows(sql):
            yield read_as(columns, row)
    for kept in changed(seeing, which):
        yield taken(kept, columns)


def kept(seeing: Seeing, which: Which) -> Iterator[Kept]:
    """Yield whole rows of some clicks."""
    which = seeing.answered(which)
    for sql in _queries(seeing, which, ALL):
        yield from map(Kept._make, seeing.table.rows(sql))
    yield from changed(seeing, which)


def _queries(seeing: Seeing, which: Which, columns: str) -> Iterator[str]:
    """Yield queries that together have all clicks but those that are changed."""
    visible, unchanged = seeing.visible(), others(seeing)
    if which.spans is None:
        yield query(seeing.name, visible, which, columns, *unchanged)
        return
    spans = sorted(set(which.spans))
    for start in range(0, len(spans), SPANS):
        part = replace(which, spans=spans[start : start + SPANS])
        yield query(seeing.name, visible, part, columns, *unchanged)


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
    groups = [f"{_group(one)} AS by_{place}" for place, one in enumerate(by)]
    columns = ", ".join([*groups, *(_FIGURES[figure] for figure in figures)])
    sql = query(seeing.name, seeing.visible(), which, columns)
    if by:
        sql += f" GROUP BY {', '.join([f'by_{place}' for place in range(len(by))])}"
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


def ordered(
    seeing: Seeing, which: Which, limit: int, *, newest_first: bool = False, offset: int = 0
) -> list[Kept]:
    """Return the first clicks in order of `seq`, or the newest by time."""
    which = seeing.answered(which)
    most = offset + limit
    if newest_first:
        order = f" ORDER BY clicked_at DESC, seq DESC LIMIT {most:d}"
        sql = query(seeing.name, seeing.visible(), which, ALL, *others(seeing)) + order
        found = [*map(Kept._make, seeing.table.rows(sql)), *changed(seeing, which)]
        found.sort(key=attrgetter("clicked_at", "seq"), reverse=True)
        return found[offset:most]
    found = []
    for sql in _along(seeing, which, most):
        found += map(Kept._make, seeing.table.rows(sql))
        if len(found) >= most:
            break
    found += changed(seeing, which)
    found.sort(key=attrgetter("seq"))
    return found[offset:most]


def _along(seeing: Seeing, which: Which, most: int) -> Iterator[str]:
    """Yield queries of batch after batch, some together; each has all that is before the next."""
    visible = seeing.visible()
    after = which.after or 0
    begin, wanted = after // BATCH, most
    while True:
        where = [*visible.clicks(), f"batch >= {begin:d}"]
        if which.upto is not None:
            where.append(f"batch <= {which.upto // BATCH:d}")
        found = list(
            seeing.table.rows(
                "SELECT batch, count(), min(period), max(period)"  # noqa: S608
                f" FROM {seeing.name} WHERE {' AND '.join(where)}"
                f" GROUP BY batch ORDER BY batch LIMIT {BATCHES}"
            )
        )
        number, first, last, end = 0, 0, 0, -1
        for batch, clicks, earliest, latest in found:
            first, last = min(first or earliest, earliest), max(last, latest)
            number, end = number + clicks, batch
            if number >= wanted:
                break
            if batch == found[-1][0] and len(found) == BATCHES:
                break
        else:
            if not found:
                return
        near = [f"batch BETWEEN {begin:d} AND {end:d}", f"period BETWEEN {first:d} AND {last:d}"]
        sql = query(seeing.name, visible, replace(which, after=after), ALL, *near, *others(seeing))
        yield f"{sql} ORDER BY seq LIMIT {most:d}"
        if end == found[-1][0] and len(found) < BATCHES:
            return
        begin, wanted = end + 1, wanted * 2


def newest(
    seeing: Seeing, which: Which, columns: Sequence[Column], last: int
) -> list[tuple[Any, ...]]:
    """Return columns of so many clicks, those with the highest `seq`."""
    found = [
        kept
        for sql in _queries(seeing, seeing.answered(which), ALL)
        for kept in map(Kept._make, seeing.table.rows(f"{sql} ORDER BY seq DESC LIMIT {last:d}"))
    ]
    found += changed(seeing, seeing.answered(which))
    found.sort(key=attrgetter("seq"), reverse=True)
    return [taken(row, columns) for row in found[:last]]


def busy_minutes(seeing: Seeing, minutes: Sequence[Minute], least: int) -> Iterator[Minute]:
    """Yield which minutes have so many visitors, or clicks of a burst, among their clicks.

    First by the number of rows, of which a click may have several: hardly any minute has ten.
    """
    visible = seeing.visible()
    for start in range(0, len(minutes), MINUTES):
        part = list(minutes[start : start + MINUTES])
        found = seeing.table.rows(_minutes(seeing, visible, part, f"count() >= {least:d}", ""))
        many = [(link, minute) for link, minute in found]
        if many and seeing.own.rows:
            yield from _judged(seeing, many, least)
        elif many:
            having = (
                f"count() >= {least:d} AND (countIf(reason = {BURST}) > 0 OR"
                f" uniqExactIf(visitor, visitor != 0 AND reason IN {PEOPLE}) >= {least:d})"
            )
            rows = seeing.table.rows(_minutes(seeing, visible, many, having, " FINAL"))
            yield from [(link, minute) for link, minute in rows]  # type: ignore[misc]


def _minutes(
    seeing: Seeing, visible: Visible, minutes: Sequence[tuple[int, int]], having: str, final: str
) -> str:
    asked = ",".join([f"({link:d},{minute:d})" for link, minute in [minutes[0], *minutes]])
    numbers = [minute for _, minute in minutes]
    where = [
        *visible.clicks(),
        among("link_id", {link for link, _ in minutes}),
        *since(min(numbers) * MINUTE),
        f"clicked_at < {(max(numbers) + 1) * MINUTE:d}",
        f"(link_id, intDiv(clicked_at, {MINUTE})) IN ({asked})",
    ]
    return (
        f"SELECT link_id, intDiv(clicked_at, {MINUTE}) AS minute FROM {seeing.name}{final}"  # noqa: S608
        f" WHERE {' AND '.join(where)} GROUP BY link_id, minute HAVING {having}"
    )


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
    columns = "segment_id, counted_as, count(), countIf(visitor = 0)"
    sql = query(seeing.name, visible, which, columns, *near) + " GROUP BY segment_id, counted_as"
    for segment, referrer, number, unknown in seeing.table.rows(sql):
        people[segment, referrer] = [number, unknown]
    first = query(
        seeing.name,
        visible,
        which,
        "visitor, min((clicked_at, segment_id, counted_as)) AS first",
        "visitor != 0",
    )
    having = [f"tupleElement(first, 1) >= {begin:d}"] if begin is not None else []
    having += [f"tupleElement(first, 1) < {end:d}"] if end is not None else []
    sql = (
        "SELECT tupleElement(first, 2) AS segment, tupleElement(first, 3) AS referrer, count()"  # noqa: S608
        f" FROM ({first} GROUP BY visitor) WHERE {' AND '.join([*having, '1 = 1'])}"
        " GROUP BY segment, referrer"
    )
    for segment, referrer, number in seeing.table.rows(sql):
        people[segment, referrer][1] += number
    return [(segment, referrer, *figures) for (segment, referrer), figures in people.items()]  # type: ignore[misc]

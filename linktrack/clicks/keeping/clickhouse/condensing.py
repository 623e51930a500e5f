"""Condense people's clicks on ClickHouse, so that reports can be made of some of them.

What the transaction itself has changed of stored clicks is not in it: reports change nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final, TypeAlias, cast

from sqlalchemy import BigInteger, select, type_coerce

from linktrack.calendar.days import QUARTER
from linktrack.chunks import chunked
from linktrack.clicks.bulk import among as among_in_sql
from linktrack.clicks.keeping.clickhouse.conditions import among, from_period, lasting
from linktrack.clicks.keeping.clickhouse.newest import Newest
from linktrack.clicks.keeping.clickhouse.seeing import Seeing
from linktrack.clicks.keeping.which import Facet, Which
from linktrack.clicks.models import agents, imported_clicks
from linktrack.clicks.vocabulary import HOUR, HUMAN, MOST_HOURS, WINDOW_LENGTHS
from linktrack.ids import LinkId
from linktrack.links.models import Link, Post

PART: Final = 20_000
LINKS: Final = 100_000
"""From so many links on a part is full."""

FIRST: Final = (
    "clicked_at", "segment_id", "counted_as", "link_id", "country", "agent_id", "language",
    "referrer_id",
)  # fmt: skip
"""What is kept of a first click, in the order that tells which click it is."""

Columns: TypeAlias = Mapping[str, str]
Links: TypeAlias = Sequence[tuple[int, int | None, int | None]]


def condense(
    seeing: Seeing, which: Which, by: Sequence[Facet]
) -> Iterator[Sequence[tuple[int, ...]]]:
    """Yield people's clicks by group; then first clicks on links, and on posts."""
    which = seeing.answered(replace(which, reasons=(HUMAN,)))
    parts = list(_parts(_links(seeing, which)))
    for links in parts:
        some = which if len(parts) == 1 else replace(which, links=[LinkId(one[0]) for one in links])
        yield from _condense(seeing, some, by, links)


def _condense(
    seeing: Seeing, which: Which, by: Sequence[Facet], links: Links
) -> Iterator[Sequence[tuple[int, ...]]]:
    columns = {name: name for name in FIRST}
    newest = Newest.meant(seeing.name, seeing.visible(), which)
    sql = newest.each(_chosen(by, columns, links, unknown=True), _grouped(by))
    of_clicks = ((*row, row[-1], row[-1]) for row in seeing.table.rows(sql))
    yield from _with_devices(seeing, by, of_clicks)
    place = _looked_up("link_id", [(link[0], _post_of(link)) for link in links], 0)
    for grouped, figures in (("link_id", (1, 0)), (place, (0, 1))):
        sql = _firsts(seeing, which, grouped, by, links)
        on_link, on_post = figures
        found = (
            (*row[:-1], 0, 0, row[-1] * on_link, row[-1] * on_post)
            for row in seeing.table.rows(sql)
        )
        yield from _with_devices(seeing, by, found)


def _firsts(seeing: Seeing, which: Which, grouped: str, by: Sequence[Facet], links: Links) -> str:
    """Return the query for visitors' first clicks on each link or post.

    Visitors of earlier periods have no click in later ones, but for imported ones. Who has no
    click that is wanted needs no first one: what was changed is few, and looked through later.
    """
    visible = seeing.visible()
    theirs = lasting(Which(accounts=which.accounts, links=which.links))
    where = [*visible.rows(), "visitor != 0", *theirs]
    if which.since is not None and not _has_imported(seeing, which):
        where.append(from_period(which.since))
    newest = Newest.of(seeing.name, visible, where, [f"reason = {HUMAN}"])
    columns = {name: f"tupleElement(first, {place})" for place, name in enumerate(FIRST, 1)}
    wanted = [
        among(columns[name], cast("Collection[int]", numbers))
        for name, numbers in (
            ("segment_id", which.segments),
            ("country", which.countries),
            ("language", which.languages),
            ("agent_id", which.agents),
            ("referrer_id", which.referrers),
        )
        if numbers is not None
    ]
    if wanted:
        who = Newest.meant(seeing.name, visible, which, "visitor != 0").each("visitor")
        unchanged = f"{newest.unchanged} AND visitor GLOBAL IN ({who})"
        newest = newest._replace(unchanged=unchanged)
    wanted += [f"{columns['clicked_at']} >= {which.since:d}"] if which.since is not None else []
    wanted += [f"{columns['clicked_at']} < {which.until:d}"] if which.until is not None else []
    return (
        f"SELECT {_chosen(by, columns, links)} FROM ("  # noqa: S608 - of numbers and our own names
        f"SELECT {grouped} AS place, visitor, min(({', '.join(FIRST)})) AS first"
        f" FROM ({newest.each(', '.join(['visitor', *FIRST]))}) GROUP BY place, visitor"
        f") WHERE {' AND '.join([*wanted, '1 = 1'])}{_grouped(by)}"
    )


def _chosen(by: Sequence[Facet], of: Columns, links: Links, *, unknown: bool = False) -> str:
    groups: dict[Facet, str] = {
        "link_id": of["link_id"],
        "quarter": f"intDiv({of['clicked_at']}, {QUARTER})",
        "age": _age(of, links) if "age" in by else "",
        "segment_id": of["segment_id"],
        "referrer": of["counted_as"],
        "country": of["country"],
        "device": of["agent_id"],
        "language": of["language"],
    }
    chosen = [f"{groups[name]} AS by_{name}" for name in by]
    return ", ".join([*chosen, "count()", *(["countIf(visitor = 0)"] if unknown else [])])


def _grouped(by: Sequence[Facet]) -> str:
    return f" GROUP BY {', '.join([f'by_{name}' for name in by])}"


def _age(of: Columns, links: Links) -> str:
    """Return the whole hours since the post."""
    posted = _looked_up(
        of["link_id"], [(link, -1 if at is None else at) for link, _, at in links], -1
    )
    age = f"({of['clicked_at']} - posted)"  # named: it is long
    hours = (
        f"multiIf({age} < 0, 0, {age} >= {WINDOW_LENGTHS[-1]}, {MOST_HOURS}, intDiv({age}, {HOUR}))"
    )
    return f"if(({posted} AS posted) = -1, -1, {hours})"


def _looked_up(column: str, values: Sequence[tuple[int, int]], default: int) -> str:
    keys = ",".join([f"{key:d}" for key, _ in values])
    found = ",".join([f"{value:d}" for _, value in values])
    if not values:
        return f"toInt64({default:d})"
    arrays = ", ".join([f"CAST([{each}] AS Array(Int64))" for each in (keys, found)])
    return f"transform(toInt64({column}), {arrays}, toInt64({default:d}))"


def _links(seeing: Seeing, which: Which) -> Links:
    """Return the accounts' links: their posts, and when these were posted."""
    posted = type_coerce(Post.posted_at, BigInteger)
    found = select(Link.id, Link.post_id, posted).outerjoin(Post, Link.post_id == Post.id)
    if which.accounts is not None:
        found = found.where(Link.account_id.in_(which.accounts))
    return [(row[0], row[1], row[2]) for row in seeing.connection.execute(found)]


def _parts(links: Links) -> Iterator[Links]:
    """Yield links in parts that one query has room for; those of a post are in one."""
    part: list[tuple[int, int | None, int | None]] = []
    for _, found in groupby(sorted(links, key=_post_of), key=_post_of):
        if len(part) >= LINKS:
            yield part
            part = []
        part += found
    if part:
        yield part


def _post_of(link: tuple[int, int | None, int | None]) -> int:
    return link[1] or -link[0]


def _has_imported(seeing: Seeing, which: Which) -> bool:
    found = select(imported_clicks.c.account_id).limit(1)
    if which.accounts is not None:
        found = found.where(imported_clicks.c.account_id.in_(which.accounts))
    return seeing.connection.execute(found).first() is not None


def _with_devices(
    seeing: Seeing, by: Sequence[Facet], rows: Iterator[tuple[int, ...]]
) -> Iterator[list[tuple[int, ...]]]:
    """Yield rows with devices for the agents they are grouped by, of which some are of one."""
    if "device" not in by:
        yield from chunked(rows, PART)
        return
    at = by.index("device")
    devices: dict[int, int] = {}
    for part in chunked(rows, PART):
        if new := sorted({row[at] for row in part} - devices.keys()):
            found = select(agents.c.id, agents.c.device_id)
            found = found.where(among_in_sql(seeing.connection, agents.c.id, new))
            devices.update((row[0], row[1]) for row in seeing.connection.execute(found))
        sums: defaultdict[tuple[int, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for row in part:
            key = (*row[:at], devices[row[at]], *row[at + 1 : len(by)])
            sums[key] = [*map(int.__add__, sums[key], row[len(by) :])]
        yield [(*key, *figures) for key, figures in sums.items()]

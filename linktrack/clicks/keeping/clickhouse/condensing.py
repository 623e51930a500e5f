"""Condense people's clicks on ClickHouse, so that reports can be made of some of them.

What the transaction itself has changed of stored clicks is not in it: reports change nothing.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final, TypeAlias, cast

from sqlalchemy import BigInteger, select, type_coerce

from linktrack.calendar.days import QUARTER
from linktrack.chunks import chunked
from linktrack.clicks.bulk import among as among_in_sql
from linktrack.clicks.keeping.clickhouse.conditions import among, lasting, since
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
    near = _periods(seeing, which)
    posted = _posted(links, which.since) if "age" in by else {}
    newest = Newest.meant(seeing.name, seeing.visible(), which, *near)
    chosen = [*_chosen(by, columns, posted), "count()", "countIf(visitor = 0)"]
    sql = newest.each(", ".join(chosen), _grouped(by))
    of_clicks = ((*row, row[-1], row[-1]) for row in seeing.table.rows(sql))
    yield from _with_devices(seeing, by, of_clicks)
    sql = _firsts(seeing, which, near, _several(links))
    wanted = " AND ".join([*_wanted(which), "1 = 1"])
    columns = {name: f"tupleElement(first, {place})" for place, name in enumerate(FIRST, 1)}
    chosen = [*_chosen(by, columns, posted), "count()", "sum(is_first)"]
    sql = f"SELECT {', '.join(chosen)} FROM ({sql}) WHERE {wanted}{_grouped(by)}"  # noqa: S608 - of numbers and our own names
    found = ((*row[:-2], 0, 0, *row[-2:]) for row in seeing.table.rows(sql))
    yield from _with_devices(seeing, by, found)


def _periods(seeing: Seeing, which: Which) -> list[str]:
    """Return the condition of the periods in which clicks lie that are wanted.

    Visitors of other periods have no click that is, but for imported ones.
    """
    if which.since is None or _has_imported(seeing, which):
        return []
    when = [*since(which.since), *([f"clicked_at < {which.until:d}"] if which.until else [])]
    found = seeing.table.rows(
        f"SELECT DISTINCT period FROM {seeing.name} WHERE {' AND '.join(when)}"  # noqa: S608
    )
    return [among("period", [period for (period,) in found])]


def _firsts(
    seeing: Seeing, which: Which, near: Sequence[str], several: Sequence[tuple[int, int]]
) -> str:
    """Return the query for visitors' first clicks on each link, and which are so on their posts.

    Who has no click that is wanted needs no first one: what was changed is few, and looked
    through later. `several` are posts with more than one link: each of these, with its post.
    """
    visible = seeing.visible()
    theirs = lasting(Which(accounts=which.accounts, links=which.links))
    where = [*visible.rows(), "visitor != 0", *theirs, *near]
    newest = Newest.of(seeing.name, visible, where, [f"reason = {HUMAN}"])
    if any(True for _ in _wanted(replace(which, since=None, until=None))):
        who = Newest.meant(seeing.name, visible, which, "visitor != 0", *near).each("visitor")
        # PREWHERE: the other columns are read of their clicks only.
        first = f" PREWHERE visitor GLOBAL IN ({who}) WHERE "
        newest = newest._replace(unchanged=newest.unchanged.replace(" WHERE ", first, 1))
    each = newest.each(", ".join(["visitor", *FIRST]))
    firsts = (
        f"SELECT link_id AS link, visitor, min(({', '.join(FIRST)})) AS first"  # noqa: S608
        f" FROM ({each}) GROUP BY link, visitor"
    )
    if not several:
        return f"SELECT first, 1 AS is_first FROM ({firsts})"  # noqa: S608
    post = f"if(({_looked_up('link', several, 0)} AS post) = 0, -toInt64(link), post)"
    return (
        "SELECT arrayJoin(firsts) AS first, first = earliest AS is_first FROM ("  # noqa: S608
        f"SELECT {post} AS place, visitor, groupArray(first) AS firsts, min(first) AS earliest"
        f" FROM ({firsts}) GROUP BY place, visitor)"
    )


def _wanted(which: Which) -> Iterator[str]:
    """Yield what a first click must be like to be wanted."""
    of = {name: f"tupleElement(first, {place})" for place, name in enumerate(FIRST, 1)}
    for name, numbers in (
        ("segment_id", which.segments),
        ("country", which.countries),
        ("language", which.languages),
        ("agent_id", which.agents),
        ("referrer_id", which.referrers),
    ):
        if numbers is not None:
            yield among(of[name], cast("Collection[int]", numbers))
    if which.since is not None:
        yield f"{of['clicked_at']} >= {which.since:d}"
    if which.until is not None:
        yield f"{of['clicked_at']} < {which.until:d}"


def _several(links: Links) -> list[tuple[int, int]]:
    """Return links, with their posts, that aren't alone on them."""
    number = Counter(post for _, post, _ in links)
    return [(link, post) for link, post, _ in links if post is not None and number[post] > 1]


def _chosen(by: Sequence[Facet], of: Columns, posted: Mapping[int, int]) -> list[str]:
    groups: dict[Facet, str] = {
        "link_id": of["link_id"],
        "quarter": f"intDiv({of['clicked_at']}, {QUARTER})",
        "age": _age(of, posted) if "age" in by else "",
        "segment_id": of["segment_id"],
        "referrer": of["counted_as"],
        "country": of["country"],
        "device": of["agent_id"],
        "language": of["language"],
    }
    return [f"{groups[name]} AS by_{name}" for name in by]


def _grouped(by: Sequence[Facet]) -> str:
    return f" GROUP BY {', '.join([f'by_{name}' for name in by])}"


def _posted(links: Links, since: int | None) -> dict[int, int]:
    """Return when links were posted, -1 for never; others so long ago that it doesn't matter."""
    long_ago = None if since is None else since - WINDOW_LENGTHS[-1]
    return {
        link: -1 if at is None else at
        for link, _, at in links
        if at is None or long_ago is None or at > long_ago
    }


def _age(of: Columns, posted: Mapping[int, int]) -> str:
    """Return the whole hours since the post."""
    looked_up = _looked_up(of["link_id"], [*posted.items()], 0)
    age = f"({of['clicked_at']} - posted)"  # named: it is long
    hours = (
        f"multiIf({age} < 0, 0, {age} >= {WINDOW_LENGTHS[-1]}, {MOST_HOURS}, intDiv({age}, {HOUR}))"
    )
    return f"if(({looked_up} AS posted) = -1, -1, {hours})"


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
        yield [(*row[:at], devices[row[at]], *row[at + 1 :]) for row in part]

"""Marks of first clicks, which ClickHouse keeps nowhere: the clicks themselves tell them.

To whom asks they are like a table. A transaction sees those that the clicks told before it began,
and what it has set itself; when it is committed, its clicks tell the same.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final, TypeAlias

from sqlalchemy import Connection, select

from linktrack.chunks import chunked
from linktrack.clicks.bulk import among as among_in_sql
from linktrack.clicks.keeping.click import Key, Mark, Pair
from linktrack.clicks.keeping.clickhouse.conditions import Visible, among, pairs_among
from linktrack.clicks.keeping.clickhouse.matching import Kept, span_of
from linktrack.clicks.keeping.clickhouse.newest import Newest
from linktrack.clicks.keeping.clickhouse.reading import others
from linktrack.clicks.keeping.clickhouse.seeing import Seeing
from linktrack.clicks.keeping.which import Every
from linktrack.clicks.models import agents, referrers
from linktrack.clicks.vocabulary import HUMAN
from linktrack.ids import AccountId, LinkId, PostId
from linktrack.links.models import Link

PAIRS: Final = 20_000  # in one query
PLACES: Final = 500  # posts and links in one
DRESSED: Final = 5_000  # at a time
TIES: Final = 10
"""Clicks of a visitor on a link in one millisecond and from one place: which of them is the first,
only the SQL database knows."""

_COLUMNS: Final = (
    "link_id, visitor, clicked_at, segment_id, counted_as, referrer_id, attribution, country,"
    " agent_id, language, city_id, option"
)
_PEOPLE: Final = (f"reason = {HUMAN}",)

Beside: TypeAlias = Callable[[], AbstractContextManager[Connection]]


def marks(seeing: Seeing, pairs: Collection[Pair]) -> dict[Key, Mark]:
    """Return the marks of these visitors on all links of these posts, or on these links."""
    links = _links_of(seeing.connection, {place for place, _ in pairs})
    place_of = {link: place for place, found in links.items() for link in found}
    found: dict[Key, Mark] = {}
    wanted = sorted({(link, visitor) for place, visitor in pairs for link in links[place]})
    for part in chunked(wanted, PAIRS):
        for (link, visitor), mark in _committed(seeing, pairs_among(part)):
            found[place_of[link], visitor, link] = mark
    for pair in set(pairs) & seeing.own.marks.keys():
        _overlay(found, pair, seeing.own.marks[pair])
    return found


def remember_marks(seeing: Seeing, marks: Sequence[tuple[int, ...]], gone: Sequence[Key]) -> None:
    """Remember what a transaction has set, and taken away."""
    for place, visitor, link, *mark in marks:
        seeing.own.marks.setdefault((place, visitor), {})[LinkId(link)] = tuple(mark)
    for place, visitor, link in gone:
        seeing.own.marks.setdefault((place, visitor), {})[LinkId(link)] = None


def marks_of(
    seeing: Seeing, places: Collection[int], until: int | None
) -> Iterator[tuple[Key, Mark]]:
    """Yield all marks on posts, or on links of their own."""
    for part in chunked(sorted(places), PLACES):
        links = _links_of(seeing.connection, part)
        place_of = {link: place for place, found in links.items() for link in found}
        own: dict[Key, Mark] = {}
        replaced: set[Key] = set()
        for pair, set_ in seeing.own.marks.items():
            if pair[0] in links:
                replaced.update((*pair, link) for link in set_)
                _overlay(own, pair, set_)
        for (link, visitor), mark in _committed(seeing, among("link_id", place_of)):
            key = (place_of[link], visitor, link)
            if key not in replaced and (until is None or mark[0] < until):
                yield key, mark
        yield from ((key, mark) for key, mark in own.items() if until is None or mark[0] < until)


def next_firsts(
    seeing: Seeing, wanted: Mapping[tuple[LinkId, int], int]
) -> Iterator[tuple[tuple[LinkId, int], Mark]]:
    """Yield people's clicks of (link, visitor) pairs, the earliest of each among them."""
    for part in chunked(sorted(wanted), PAIRS):
        visible = seeing.visible()
        where = [*visible.clicks(), pairs_among(part), *others(seeing)]
        asked = set(part)
        own = [
            _told(row)
            for row in seeing.own.rows.values()
            if row.reason == HUMAN and (row.link_id, row.visitor) in asked
        ]
        told = [*seeing.table.rows(_query(seeing, visible, where)), *own]
        for pair, mark in _dressed(told, lambda: nullcontext(seeing.connection)):
            if mark[0] >= wanted[pair]:
                yield pair, mark


def firsts_on_post(
    seeing: Seeing, post_id: PostId, by: Every | None
) -> list[tuple[int, int, int, int]]:
    """Return (span, segment, source, number) of visitors' first clicks on a post."""
    firsts: dict[int, Mark] = {}
    for (_, visitor, _), mark in marks_of(seeing, (post_id,), None):
        firsts[visitor] = min(mark, firsts.get(visitor, mark))
    counted = Counter(
        (0 if by is None else span_of(mark[0], by), mark[1], mark[3]) for mark in firsts.values()
    )
    return [(*key, number) for key, number in counted.items()]


def firsts_of_account(
    seeing: Seeing, account_id: AccountId, since: int, until: int
) -> Iterator[tuple[int, int]]:
    """Yield (visitor, moment) of the marks on an account's links in [since, until)."""
    query = select(Link.id).where(Link.account_id == account_id)
    links = set(seeing.connection.scalars(query))
    own = {
        (link, visitor): mark
        for (_, visitor), set_ in seeing.own.marks.items()
        for link, mark in set_.items()
        if link in links
    }
    visible = seeing.committed(seeing.visible())
    where = [*visible.rows(), "visitor != 0", among("link_id", links), f"clicked_at < {until:d}"]
    newest = Newest.of(seeing.name, visible, where, _PEOPLE)
    found = seeing.table.rows(
        newest.figures(("link_id", "visitor"), [("min", "clicked_at")])
        + f" HAVING minMerge(figure_0) >= {since:d}"
    )
    yield from ((who, first) for link, who, first in found if (link, who) not in own)
    for (_, visitor), mark in own.items():
        if mark is not None and since <= mark[0] < until:
            yield visitor, mark[0]


def _overlay(found: dict[Key, Mark], pair: Pair, own: Mapping[LinkId, Mark | None]) -> None:
    for link, mark in own.items():
        key = (*pair, link)
        if mark is None:
            found.pop(key, None)
        else:
            found[key] = mark


def _links_of(connection: Connection, places: Iterable[int]) -> dict[int, list[LinkId]]:
    """Return the links of each post; a link of its own (with a minus) has itself."""
    found: dict[int, list[LinkId]] = {
        place: [LinkId(-place)] if place < 0 else [] for place in places
    }
    posts = sorted(place for place in found if place > 0)
    if posts:
        links = Link.__table__.c
        query = select(links.post_id, links.id)
        query = query.where(among_in_sql(connection, links.post_id, posts))
        for post_id, link_id in connection.execute(query):
            found[post_id].append(link_id)
    return found


def _committed(seeing: Seeing, where: str) -> Iterator[tuple[tuple[LinkId, int], Mark]]:
    """Yield each pair's mark as the clicks told it before the transaction began.

    What they are called under is that of then, too: it may have renamed sources since.
    """
    visible = seeing.committed(seeing.visible())
    told = seeing.table.rows(_query(seeing, visible, [*visible.rows(), where]))
    current: tuple[LinkId, int] | None = None
    best: Mark = ()
    for pair, mark in _dressed(told, seeing.beside):
        if pair != current:
            if current is not None:
                yield current, best
            current, best = pair, mark
        else:
            best = min(best, mark)
    if current is not None:
        yield current, best


def _query(seeing: Seeing, visible: Visible, where: Sequence[str]) -> str:
    newest = Newest.of(seeing.name, visible, [*where, "visitor != 0"], _PEOPLE)
    return (
        f"SELECT DISTINCT {_COLUMNS} FROM ({newest.each(_COLUMNS)})"  # noqa: S608
        f" ORDER BY link_id, visitor, clicked_at, segment_id, counted_as"
        f" LIMIT {TIES} BY link_id, visitor"
    )


def _told(row: Kept) -> tuple[int, ...]:
    names = _COLUMNS.split(", ")
    return tuple(getattr(row, name.strip()) for name in names)


def _dressed(
    told: Iterable[tuple[int, ...]], beside: Beside
) -> Iterator[tuple[tuple[LinkId, int], Mark]]:
    """Yield clicks as marks: with their referrers' sources and their agents' devices."""
    sources: dict[int, int] = {}
    devices: dict[int, int] = {}
    for part in chunked(told, DRESSED):
        new_referrers = {row[5] for row in part} - sources.keys()
        new_agents = {row[8] for row in part} - devices.keys()
        if new_referrers or new_agents:
            with beside() as connection:
                source = select(referrers.c.id, referrers.c.source_id)
                device = select(agents.c.id, agents.c.device_id)
                for query, column, new, known in (
                    (source, referrers.c.id, new_referrers, sources),
                    (device, agents.c.id, new_agents, devices),
                ):
                    if new:
                        found = query.where(among_in_sql(connection, column, sorted(new)))
                        known.update((row[0], row[1]) for row in connection.execute(found))
        for row in part:
            link, visitor, at, segment, counted_as, referrer, attribution, country, *rest = row
            agent, language, city, option = rest
            yield (
                (LinkId(link), visitor),
                (at, segment, counted_as, sources[referrer], attribution, country,
                 devices[agent], language, city, option),
            )  # fmt: skip

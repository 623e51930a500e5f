"""Count people's clicks by referrer ahead, in stretches of time in which a link has many.

Reading a click takes 0.4 µs, so a page about a link with a million would take half a second each
time. A stretch says exactly what its clicks say: whatever adds, changes or deletes one of them
deletes the stretch in the same transaction, and clicks that are in none are read one by one.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, Select, and_, delete, func, insert, select

from linktrack.clicks.bulk import among, delete_rows
from linktrack.clicks.keeping.sql import reading
from linktrack.clicks.keeping.sql.conditions import is_one_of
from linktrack.clicks.keeping.sql.models import click_stretches
from linktrack.clicks.keeping.which import EVERY, By, Figure, Span, Which
from linktrack.clicks.models import clicks, link_totals
from linktrack.clicks.vocabulary import HUMAN
from linktrack.db import writing
from linktrack.ids import LinkId

EVER: Final = (-(2**62), 2**62)

Moment = tuple[LinkId, int]
"""A link, and when it was clicked."""

_stretch: Final = click_stretches.c


def has_answers(which: Which, by: Sequence[By], figures: Sequence[Figure]) -> bool:
    """Whether stretches say something about what is asked."""
    return (
        tuple(by) == ("referrer_id",)
        and tuple(figures) == ("clicks",)
        and which.links is not None
        and which.reasons is not None
        and set(which.reasons) == {HUMAN}
        and replace(which, links=None, reasons=None, since=None, until=None) == EVERY
    )


def by_referrer(connection: Connection, which: Which) -> Sequence[tuple[int, int]]:
    """Return (referrer, clicks) of clicks of which `has_answers` is true."""
    links = which.links
    assert links is not None
    since = EVER[0] if which.since is None else which.since
    until = EVER[1] if which.until is None else which.until
    query = (
        select(_stretch.link_id, _stretch.begins, _stretch.ends, _stretch.referrers)
        .where(is_one_of(connection, _stretch.link_id, links))
        .where(_stretch.begins >= since, _stretch.ends <= until)
        .order_by(_stretch.link_id, _stretch.begins)
    )
    sums: Counter[int] = Counter()
    taken: defaultdict[LinkId, list[tuple[int, int]]] = defaultdict(list)
    for link_id, begins, ends, counted in connection.execute(query):
        taken[link_id].append((begins, ends))
        sums.update(_by_number(counted))
    rest = which
    if taken:
        numbers = connection.scalars(links) if isinstance(links, Select) else links
        spans = [
            Span(LinkId(number), *gap)
            for number in numbers
            for gap in _gaps(taken[LinkId(number)], since, until)
        ]
        rest = replace(which, links=None, since=None, until=None, spans=spans)
    sums.update(dict(reading.count(connection, rest, ("referrer_id",), ("clicks",), None)))
    return list(sums.items())


def _by_number(referrers: str) -> dict[int, int]:
    return msgspec.json.decode(referrers, type=dict[int, int])


def _gaps(taken: Sequence[tuple[int, int]], since: int, until: int) -> Iterator[tuple[int, int]]:
    """Yield what is left of [since, until) without these stretches, which are in order."""
    for (_, begins), (ends, _) in pairwise([(since, since), *taken, (until, until)]):
        if begins < ends:
            yield begins, ends


def forget(connection: Connection, moments: Iterable[Moment]) -> None:
    """Delete the stretches that have these clicks; the caller holds the write lock."""
    latest = connection.scalar(select(func.max(_stretch.ends)))
    if latest is None:
        return
    old: defaultdict[LinkId, list[int]] = defaultdict(list)
    for link_id, at in moments:
        if at < latest:
            old[link_id].append(at)
    if not old:
        return
    for each in old.values():
        each.sort()
    first = min(each[0] for each in old.values())
    query = select(_stretch.link_id, _stretch.begins, _stretch.ends).where(
        among(connection, _stretch.link_id, sorted(old)), _stretch.ends > first
    )
    gone = [
        (link_id, begins)
        for link_id, begins, ends in connection.execute(query)
        if _has_any(old[link_id], begins, ends)
    ]
    delete_rows(connection, click_stretches, gone)


def _has_any(moments: Sequence[int], begins: int, ends: int) -> bool:
    place = bisect_left(moments, begins)
    return place < len(moments) and moments[place] < ends


def forget_changed(connection: Connection, seqs: Collection[int]) -> None:
    """Delete the stretches that have the clicks with these numbers."""
    if connection.scalar(select(func.max(_stretch.ends))) is None:
        return
    query = select(clicks.c.link_id, clicks.c.clicked_at)
    found = connection.execute(query.where(among(connection, clicks.c.seq, sorted(seqs))))
    forget(connection, [(row[0], row[1]) for row in found])


def forget_before(connection: Connection, links: Sequence[LinkId], before: int) -> None:
    """Delete the stretches of these links that begin before a moment."""
    old = delete(click_stretches).where(_stretch.link_id.in_(links), _stretch.begins < before)
    connection.execute(old)


def are_right(connection: Connection) -> bool:
    """Whether each stretch says what its clicks say."""
    column = clicks.c
    within = and_(
        column.link_id == _stretch.link_id,
        column.reason == HUMAN,
        column.clicked_at >= _stretch.begins,
        column.clicked_at < _stretch.ends,
    )
    each = (_stretch.link_id, _stretch.begins, column.referrer_id)
    query = select(*each, func.count()).join(clicks, within).group_by(*each)
    right: defaultdict[Moment, dict[int, int]] = defaultdict(dict)
    for link_id, begins, referrer_id, number in connection.execute(query):
        right[link_id, begins][referrer_id] = number
    said = connection.execute(select(_stretch.link_id, _stretch.begins, _stretch.referrers))
    return {(row[0], row[1]): _by_number(row[2]) for row in said} == right


class _Gap(NamedTuple):
    """Some time [begins, ends) of a link without stretches; `is_open` if none comes after it."""

    link_id: LinkId
    begins: int
    ends: int
    is_open: bool


def count_ahead(engine: Engine, until: int, many: int) -> None:
    """Make the stretches that can be made of clicks before a moment, each in a transaction."""
    with engine.connect() as connection:
        links = _uncounted(connection, many)
        gaps = [gap for link_id in links for gap in _gaps_of(connection, link_id, until)]
        gaps = [gap for gap in gaps if _number(connection, gap, many)]
    for gap in gaps:
        begins: int | None = gap.begins
        while begins is not None:
            with writing(engine) as connection:
                begins = _make(connection, gap._replace(begins=begins), many)


def _uncounted(connection: Connection, many: int) -> Sequence[LinkId]:
    """Return the links that had so many of people's clicks besides those in stretches."""
    counted = (
        select(_stretch.link_id, func.sum(_stretch.clicks).label("clicks"))
        .group_by(_stretch.link_id)
        .subquery()
    )
    totals = link_totals.c
    query = (
        select(totals.link_id)
        .outerjoin(counted, counted.c.link_id == totals.link_id)
        .where(totals.clicks >= many)
        .where(totals.clicks - func.coalesce(counted.c.clicks, 0) >= many)
        .order_by(totals.link_id)
    )
    return connection.scalars(query).all()


def _gaps_of(connection: Connection, link_id: LinkId, until: int) -> Iterator[_Gap]:
    query = (
        select(_stretch.begins, _stretch.ends)
        .where(_stretch.link_id == link_id, _stretch.ends <= until)
        .order_by(_stretch.begins)
    )
    taken = [(row[0], row[1]) for row in connection.execute(query)]
    for begins, ends in _gaps(taken, EVER[0], until):
        yield _Gap(link_id, begins, ends, ends == until)


def _moments(gap: _Gap) -> Select[int]:
    column = clicks.c
    return select(column.clicked_at).where(
        column.link_id == gap.link_id,
        column.reason == HUMAN,
        column.clicked_at >= gap.begins,
        column.clicked_at < gap.ends,
    )


def _number(connection: Connection, gap: _Gap, many: int) -> int:
    """Return how many clicks the next stretch of a gap is to have, 0 if none is to be made.

    So many, or all that are left between two stretches, where too few would be left over.
    """
    some = _moments(gap).limit(2 * many).subquery()
    found = connection.scalar(select(func.count()).select_from(some)) or 0
    if gap.is_open or found == 2 * many:
        return many if found >= many else 0
    return found if 2 * found >= many else 0


def _make(connection: Connection, gap: _Gap, many: int) -> int | None:
    """Make the first stretch of a gap; return when it ends, None if none is made."""
    number = _number(connection, gap, many)
    if not number:
        return None
    moments = _moments(gap).order_by(clicks.c.clicked_at)
    begins: int = connection.scalars(moments.limit(1)).one()
    ends: int = connection.scalars(moments.offset(number - 1).limit(1)).one() + 1
    other = select(_stretch.begins).where(
        _stretch.link_id == gap.link_id, _stretch.begins < ends, _stretch.ends > begins
    )
    if connection.scalar(other.limit(1)) is not None:
        return None  # somebody else makes them, too
    which = Which(links=(gap.link_id,), reasons=(HUMAN,), since=begins, until=ends)
    found = reading.count(connection, which, ("referrer_id",), ("clicks",), None)
    row = {
        "link_id": gap.link_id,
        "begins": begins,
        "ends": ends,
        "clicks": sum(number for _, number in found),
        "referrers": msgspec.json.encode(dict(sorted(found))).decode(),
    }
    connection.execute(insert(click_stretches), row)
    return ends

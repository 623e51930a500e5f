"""Read clicks on ClickHouse in steps, in order of `seq`, by which they don't lie there.

One query tells how many clicks there are in which batches, and of which periods these are. From
then on a query reads the clicks of some batches, in their periods alone, and so many of them that
the next steps need none: as long as nothing is changed meanwhile, what is left is what they would
read.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter, itemgetter
from typing import Any, Final, NamedTuple, TypeAlias, get_args

from linktrack.clicks.keeping.clickhouse.conditions import BATCH, STORED, Visible, lasting
from linktrack.clicks.keeping.clickhouse.matching import read_as, taken
from linktrack.clicks.keeping.clickhouse.newest import Newest
from linktrack.clicks.keeping.clickhouse.reading import changed, others
from linktrack.clicks.keeping.clickhouse.seeing import Seeing
from linktrack.clicks.keeping.interface import Walk
from linktrack.clicks.keeping.which import Column, Which

AHEAD: Final = 50_000
"""Clicks read at once by who walks along them: some 20 MB."""

RUNS: Final = 4_096
"""Into so many runs batches are parted."""

EVERYTHING: Final[tuple[Column, ...]] = get_args(Column)
SEQ: Final = itemgetter(EVERYTHING.index("seq"))
_STORED: Final = ", ".join([STORED.get(name, name) for name in EVERYTHING])

LAST: Final = attrgetter("last")

Click: TypeAlias = tuple[Any, ...]


class Run(NamedTuple):
    """Batches one after another: how many clicks they have, and of which periods."""

    first: int
    last: int
    clicks: int
    since: int
    until: int


@dataclass(slots=True)
class Known:
    """What is remembered between the steps of a walk, which are along the same clicks.

    The last step ended at the number `after`. `ahead` are the clicks behind it up to the number
    `read`, as they are in a view. Runs are known of batches up to `planned`.
    """

    which: Which
    after: int
    read: int
    view: Visible
    ahead: deque[Click] = field(default_factory=deque)
    runs: Sequence[Run] = ()
    planned: int = -1


def step(seeing: Seeing, which: Which, most: int, walk: Walk | None) -> list[Click]:
    """Return so many clicks in order of `seq`, all columns; fewer where there are no more."""
    which = seeing.answered(which)
    visible = seeing.visible()
    after = which.after or 0
    along = replace(which, after=None)
    view = replace(visible, last=0, gaps=())
    known = walk.known if walk is not None else None
    if not isinstance(known, Known) or (known.which, known.after) != (along, after):
        known = Known(along, after, after, view)
    if seeing.own.rows or known.view != view:
        known = replace(known, view=view, read=after, ahead=deque())
    many = most if walk is None or seeing.own.rows else max(most, AHEAD)
    while len(known.ahead) < most and _read(seeing, visible, known, many):
        pass
    found = [known.ahead.popleft() for _ in range(min(most, len(known.ahead)))]
    if seeing.own.rows:
        found += [taken(row, EVERYTHING) for row in changed(seeing, which)]
        found = sorted(found, key=SEQ)[:most]
        known.ahead.clear()
    elif walk is not None:
        known.after = SEQ(found[-1]) if found else after
        walk.known = known
    return found


def _read(seeing: Seeing, visible: Visible, known: Known, many: int) -> bool:
    """Read on, about so many clicks; whether there may be more."""
    place = bisect_left(known.runs, (known.read + 1) // BATCH, key=LAST)
    if place == len(known.runs):
        if known.planned >= visible.last:
            return False
        known.runs, known.planned = _runs(seeing, visible, known), visible.last
        return bool(known.runs)
    number, end = 0, place
    while end < len(known.runs) and number < many:
        number += known.runs[end].clicks
        end += 1
    some = known.runs[place:end]
    near = [
        f"batch BETWEEN {some[0].first:d} AND {some[-1].last:d}",
        f"period BETWEEN {min(run.since for run in some):d} AND {max(run.until for run in some):d}",
    ]
    which = replace(known.which, after=known.read)
    newest = Newest.meant(seeing.name, visible, which, *near, *others(seeing))
    sql = newest.each(_STORED, f" ORDER BY seq LIMIT {many:d}")
    found = sorted((read_as(EVERYTHING, row) for row in seeing.table.rows(sql)), key=SEQ)[:many]
    known.ahead.extend(found)
    known.read = SEQ(found[-1]) if len(found) == many else (some[-1].last + 1) * BATCH - 1
    return True


def _runs(seeing: Seeing, visible: Visible, known: Known) -> list[Run]:
    """Return what there is of a walk's clicks behind those that are read.

    That a click was changed doesn't matter to how many there are.
    """
    first = max((known.read + 1) // BATCH, known.planned + 1)
    which = replace(known.which, after=known.read)
    where = [*visible.clicks(), f"batch >= {first:d}", *lasting(which)]
    length = max(1, -(-(visible.last + 1 - first) // RUNS))
    found = seeing.table.rows(
        "SELECT min(batch), max(batch), count(), min(period), max(period)"  # noqa: S608
        f" FROM {seeing.name} WHERE {' AND '.join(where)}"
        f" GROUP BY intDiv(batch - {first:d}, {length:d}) AS run ORDER BY run"
    )
    return [Run(*row) for row in found]

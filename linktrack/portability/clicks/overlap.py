"""What an old log has that is counted here already: matched one to one, so equal clicks all count.

Two people may click in the same second with the same browser: a log with three such lines, of
which two were captured live, adds one.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from linktrack.clicks.facts import DELETED_BEFORE, read_fact
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Span, Which
from linktrack.clicks.models import agents, referrers
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import HEAD, IMPORTED

LOG_TOLERANCE: Final = 5_000
"""Milliseconds between a web server's line and our own click: the server writes whole seconds, at
the beginning or the end of a request that may have waited."""

FORGET_AFTER: Final = 600_000
"""Milliseconds of a file behind which it is not remembered which clicks its lines were."""


class Stored(NamedTuple):
    """A click that is stored: what it is compared by, when it was, and its number."""

    key: Hashable
    at: int
    seq: int


class Origin(NamedTuple):
    """Which installation of linktrack counted a click, and under which number there."""

    installation: str | None
    seq: int


class Overlap:
    """The clicks of one file, compared with those that are stored as it is read in batches."""

    def __init__(self, connection: Connection) -> None:
        self._last = clicks_of(connection).latest()
        self._taken: dict[int, int] = {}

    def of_log(self, connection: Connection, records: Sequence[ClickRecord]) -> list[bool]:
        """Return which of these requests were captured live: at about the time, by their agents."""
        if not records:
            return []
        live = Which(spans=_near(records, LOG_TOLERANCE), without_flags=IMPORTED)
        click = clicks_of(connection).table(live).c
        columns = (click.link_id, click.clicked_at, click.seq, click.flags)
        query = (
            select(*columns, agents.c.user_agent, referrers.c.referrer)
            .join(agents, agents.c.id == click.agent_id)
            .join(referrers, referrers.c.id == click.referrer_id)
        )
        stored = [
            Stored((row.link_id, row.user_agent, row.referrer, row.flags & HEAD), *row[1:3])
            for row in connection.execute(query)
        ]
        lines = [
            (
                (each.link_id, each.user_agent or "", each.referrer or "", each.flags & HEAD),
                each.clicked_at,
            )
            for each in records
        ]
        return self._pair(lines, stored, LOG_TOLERANCE)

    def of_export(self, connection: Connection, records: Sequence[ClickRecord]) -> list[bool]:
        """Return which of these clicks are stored already: of that millisecond and visitor.

        Those that this file itself has brought are not among them.
        """
        if not records:
            return []
        before = Which(spans=_near(records, 0), upto=self._last)
        found = clicks_of(connection).rows(before, ("link_id", "visitor", "clicked_at", "seq"))
        stored = [Stored((link_id, visitor), at, seq) for link_id, visitor, at, seq in found]
        lines = [((each.link_id, each.visitor), each.clicked_at) for each in records]
        return self._pair(lines, stored, 0)

    def _pair(
        self, lines: Sequence[tuple[Hashable, int]], stored: Iterable[Stored], tolerance: int
    ) -> list[bool]:
        free = (click for click in stored if click.seq not in self._taken)
        paired = pair(lines, free, tolerance)
        first = min((at for _, at in lines), default=0) - FORGET_AFTER
        self._taken = {seq: at for seq, at in self._taken.items() if at >= first}
        self._taken.update((click.seq, click.at) for click in paired if click is not None)
        return [click is not None for click in paired]


def pair(
    lines: Sequence[tuple[Hashable, int]], stored: Iterable[Stored], tolerance: int
) -> list[Stored | None]:
    """Return for each line the stored click that it is, as many as can be; each click once. Pure.

    A line is a click of the same key no more than `tolerance` away from it.
    """
    free: defaultdict[Hashable, list[Stored]] = defaultdict(list)
    for click in sorted(set(stored), key=lambda click: (click.at, click.seq)):
        free[click.key].append(click)
    found: list[Stored | None] = [None] * len(lines)
    position: defaultdict[Hashable, int] = defaultdict(int)
    # In order of time the earliest that is left leaves the most for those that follow.
    for index in sorted(range(len(lines)), key=lambda index: lines[index][1]):
        key, at = lines[index]
        waiting = free.get(key, [])
        while position[key] < len(waiting) and waiting[position[key]].at < at - tolerance:
            position[key] += 1
        if position[key] < len(waiting) and waiting[position[key]].at <= at + tolerance:
            found[index] = waiting[position[key]]
            position[key] += 1
    return found


def counted_here(
    connection: Connection, installation: str, told: Sequence[tuple[Origin | None, int]]
) -> list[bool]:
    """Return which clicks (origin, milliseconds) of an export this installation has counted.

    By number and time, also where the export is too old to name its installation; by the
    installation alone where single clicks of that time are deleted and their sums kept.
    """
    deleted = read_fact(connection, DELETED_BEFORE) or 0
    numbers = sorted({origin.seq for origin, _ in told if origin is not None})
    if not numbers:
        return [False] * len(told)
    stored = set(clicks_of(connection).rows(Which(seqs=numbers), ("seq", "clicked_at")))
    return [
        origin is not None
        and (
            (origin.installation in (None, installation) and (origin.seq, at) in stored)
            or (origin.installation == installation and at < deleted)
        )
        for origin, at in told
    ]


def _near(records: Sequence[ClickRecord], tolerance: int) -> list[Span]:
    spans = {(each.link_id, each.clicked_at) for each in records}
    return [Span(link_id, at - tolerance, at + tolerance + 1) for link_id, at in sorted(spans)]

"""What an old log has that is counted here already: matched one to one, so equal clicks all count.

Two people may click in the same second with the same browser: a log with three such lines, of
which two were captured live, adds one.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, Select, func, select

from linktrack.clicks.bulk import among, given
from linktrack.clicks.facts import DELETED_BEFORE, read_fact
from linktrack.clicks.models import agents, clicks, referrers
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
        self._last = connection.scalar(select(func.max(clicks.c.seq))) or 0
        self._taken: dict[int, int] = {}

    def of_log(self, connection: Connection, records: Sequence[ClickRecord]) -> list[bool]:
        """Return which of these requests were captured live: at about the time, by their agents."""
        if not records:
            return []
        columns = (agents.c.user_agent, referrers.c.referrer, clicks.c.flags)
        query = (
            _near(connection, records, LOG_TOLERANCE)
            .add_columns(*columns)
            .join(agents, agents.c.id == clicks.c.agent_id)
            .join(referrers, referrers.c.id == clicks.c.referrer_id)
            .where(clicks.c.flags.bitwise_and(IMPORTED) == 0)
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
        query = _near(connection, records, 0).add_columns(clicks.c.visitor)
        stored = [
            Stored((row.link_id, row.visitor), *row[1:3])
            for row in connection.execute(query.where(clicks.c.seq <= self._last))
        ]
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
    query = select(clicks.c.seq, clicks.c.clicked_at).where(
        among(connection, clicks.c.seq, numbers)
    )
    stored = {tuple(row) for row in connection.execute(query)}
    return [
        origin is not None
        and (
            (origin.installation in (None, installation) and (origin.seq, at) in stored)
            or (origin.installation == installation and at < deleted)
        )
        for origin, at in told
    ]


def _near(
    connection: Connection, records: Sequence[ClickRecord], tolerance: int
) -> Select[tuple[int, int, int]]:
    spans = sorted({(each.link_id, each.clicked_at) for each in records})
    wanted = given(
        connection,
        [(link_id, at - tolerance, at + tolerance) for link_id, at in spans],
        ("link_id", "since", "until"),
    )
    return (
        select(clicks.c.link_id, clicks.c.clicked_at, clicks.c.seq)
        .select_from(wanted)
        .join(
            clicks,
            (clicks.c.link_id == wanted.c.link_id)
            & clicks.c.clicked_at.between(wanted.c.since, wanted.c.until),
        )
    )

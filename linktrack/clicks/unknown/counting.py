"""Count who asked for which unknown code, each request once, in whatever order they are loaded.

A visitor who asks for more than `MOST_CODES` different ones within a day tries them out: what was
counted of them that day is taken back, and no more is counted.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import Connection, Engine, delete, exists, func, insert, select

from linktrack.calendar.days import Days
from linktrack.chunks import chunked
from linktrack.clicks.bulk import among, delete_rows, upsert_rows
from linktrack.clicks.capture.unknown_codes import AskedFor, decode, decode_lines
from linktrack.clicks.classify.agents import classify_agent
from linktrack.clicks.keeping.interface import Origin
from linktrack.clicks.unknown.models import unknown_askers, unknown_code_days, unknown_codes
from linktrack.db import writing
from linktrack.links.codes import spellings
from linktrack.links.hosts.models import Domain

MOST_CODES: Final = 10
MOST_ROWS: Final = 10_000
SLACK: Final = 1_000  # rows beyond that before the least asked for go: not at every batch
MOST_REMEMBERED: Final = 20_000  # distinct agents
CHUNK: Final = 500
TRIES: Final = 0
"""In place of a code's number: the visitor tries codes out."""

Asker: TypeAlias = tuple[int, int]
"""A day and a visitor."""


class _Change(NamedTuple):
    requests: int
    people: int


class UnknownStore:
    """Where unknown codes are counted. One store belongs to one thread."""

    decode = staticmethod(decode)
    decode_lines = staticmethod(decode_lines)

    def __init__(self, engine: Engine, days: Days) -> None:
        self.engine = engine
        self.days = days
        self._people: dict[str | None, bool] = {}

    def prepare(self, user_agents: set[str | None]) -> None:
        """Classify agents that are new, ahead of `append` and outside its transaction."""
        if len(self._people) > MOST_REMEMBERED:
            self._people.clear()
        for agent in user_agents - self._people.keys():
            self._people[agent] = classify_agent(agent).reason is None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One batch: all of it is counted, or nothing."""
        with writing(self.engine) as connection:
            yield connection

    def keeps_origins(self, connection: Connection) -> bool:  # noqa: ARG002 - none is kept singly
        """Whether it matters from which journal requests are: it does not."""
        return False

    def append(
        self,
        connection: Connection,
        records: Sequence[AskedFor],
        origin: Origin | None = None,  # noqa: ARG002 - none is kept singly
    ) -> int:
        """Count requests within a `transaction`; return how many were people's."""
        records = [record for record in records if self._people.get(record.user_agent)]
        spelt = {key_of(record.key): bare(record.key) for record in reversed(records)}
        numbers = _numbers(connection, spelt)
        named: defaultdict[Asker, Counter[int]] = defaultdict(Counter)
        changes: Counter[tuple[int, int]] = Counter()
        for record in records:
            number = numbers.get(key_of(record.key))
            if number is None:  # ignored, or of a domain that was removed
                continue
            day = self.days.day(record.asked_at)
            if record.visitor is None:
                changes[number, day] += 1
            else:
                named[day, record.visitor][number] += 1
        rows = [(*key, requests, 0) for key, requests in changes.items()]
        rows += _count_visitors(connection, named)
        _add(connection, rows)
        forget_codes(connection, sorted({*numbers.values(), *(row[0] for row in rows)}))
        _make_room(connection)
        return len(records)


def bare(key: str) -> str:
    """Return a key without the marks at its end that may have been left on the code."""
    domain, slash, code = key.rpartition("/")
    return f"{domain}{slash}{spellings(code)[-1]}"


def key_of(key: str) -> str:
    """Return what is the same of all spellings that lead to one link (`links.redirects`)."""
    return bare(key).lower()


def _numbers(connection: Connection, spelt: Mapping[str, str]) -> dict[str, int]:
    """Return the numbers of codes by their keys, of new ones too; not those that are ignored."""
    found: dict[str, int] = {}
    ignored: set[str] = set()
    for part in chunked(sorted(spelt), CHUNK):
        query = select(unknown_codes).where(unknown_codes.c.key.in_(part))
        for row in connection.execute(query):
            found[row.key] = row.id
            if row.ignored:
                ignored.add(row.key)
    domains = set(connection.scalars(select(Domain.id)))
    new = [
        {"key": key, "domain_id": domain_id, "code": spelt[key].rpartition("/")[2]}
        for key in sorted(spelt.keys() - found.keys())
        if (domain_id := _domain_of(key)) is None or domain_id in domains
    ]
    if new:
        made = insert(unknown_codes).returning(unknown_codes.c.id, sort_by_parameter_order=True)
        numbers = connection.scalars(made, new).all()
        found |= {str(row["key"]): number for row, number in zip(new, numbers, strict=True)}
    return {key: number for key, number in found.items() if key not in ignored}


def _domain_of(key: str) -> int | None:
    number = key.rpartition("/")[0]
    return int(number) if number else None


def _count_visitors(
    connection: Connection, named: Mapping[Asker, Counter[int]]
) -> Iterator[tuple[int, int, int, int]]:
    """Write down who asked for what, and yield what that changes: code, day, requests, people."""
    known = _known(connection, named)
    asked: list[tuple[int, int, int, int]] = []
    gone: list[tuple[int, int, int]] = []
    for (day, visitor), codes in named.items():
        before = known.get((day, visitor), {})
        if TRIES in before:
            continue
        if len(before.keys() | codes.keys()) > MOST_CODES:
            gone += [(day, visitor, number) for number in before]
            asked.append((day, visitor, TRIES, 0))
            yield from ((number, day, -requests, -1) for number, requests in before.items())
            continue
        asked += [(day, visitor, number, requests) for number, requests in codes.items()]
        for number, requests in codes.items():
            yield number, day, requests, 0 if number in before else 1
    delete_rows(connection, unknown_askers, gone)
    upsert_rows(connection, unknown_askers, asked, add=True)


def _known(connection: Connection, askers: Iterable[Asker]) -> dict[Asker, dict[int, int]]:
    table = unknown_askers.c
    days = sorted({day for day, _ in askers})
    visitors = sorted({visitor for _, visitor in askers})
    query = select(unknown_askers).where(
        among(connection, table.day, days), among(connection, table.visitor, visitors)
    )
    found: defaultdict[Asker, dict[int, int]] = defaultdict(dict)
    for day, visitor, number, requests in connection.execute(query):
        found[day, visitor][number] = requests
    return found


def _add(connection: Connection, rows: Iterable[tuple[int, int, int, int]]) -> None:
    """Add to the days; what comes down to nothing goes."""
    sums: dict[tuple[int, int], _Change] = {}
    for number, day, requests, people in rows:
        before = sums.get((number, day), _Change(0, 0))
        sums[number, day] = _Change(before.requests + requests, before.people + people)
    changed = [(*key, *change) for key, change in sorted(sums.items())]
    upsert_rows(connection, unknown_code_days, changed, add=True)
    delete_rows(connection, unknown_code_days, list(sums), empty=True)


def forget_codes(connection: Connection, numbers: Sequence[int]) -> None:
    """Delete those of these codes that nobody is known to have asked for, and nobody ignores."""
    days, codes = unknown_code_days.c, unknown_codes.c
    is_asked = exists().where(days.code_id == codes.id)
    connection.execute(
        delete(unknown_codes).where(among(connection, codes.id, numbers), ~codes.ignored, ~is_asked)
    )


def _make_room(connection: Connection) -> None:
    """Keep the codes that most people asked for, and of those that as many did the latest."""
    rows = connection.scalar(select(func.count()).select_from(unknown_codes)) or 0
    if rows <= MOST_ROWS + SLACK:
        return
    days = unknown_code_days.c
    least = (
        select(days.code_id)
        .join(unknown_codes, unknown_codes.c.id == days.code_id)
        .where(~unknown_codes.c.ignored)
        .group_by(days.code_id)
        .order_by(func.sum(days.people), func.sum(days.requests), func.max(days.day), days.code_id)
        .limit(rows - MOST_ROWS)
    )
    numbers = connection.scalars(least).all()
    delete_codes(connection, numbers)


def delete_codes(connection: Connection, numbers: Sequence[int]) -> None:
    """Delete codes, and how often they were asked for. The caller holds the write lock."""
    for column, table in (
        (unknown_code_days.c.code_id, unknown_code_days),
        (unknown_askers.c.code_id, unknown_askers),
        (unknown_codes.c.id, unknown_codes),
    ):
        connection.execute(delete(table).where(among(connection, column, numbers)))

"""What one transaction of the SQL database sees of the clicks on ClickHouse, and what it changes.

A batch has a number, given under the write lock. Rows count whose number is not above the last one
that the transaction sees, unless it lies in a gap: it was given to a transaction that never came
about. So nobody but itself sees what a transaction has stored before it is committed.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final, cast
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import Column, Connection, Engine, RootTransaction, Select, insert, select, text

from linktrack.calendar.days import Days
from linktrack.clicks.facts import DELETED_BEFORE, read_fact, write_fact
from linktrack.clicks.keeping.click import Mark, Pair
from linktrack.clicks.keeping.clickhouse.conditions import Visible
from linktrack.clicks.keeping.clickhouse.matching import Kept
from linktrack.clicks.keeping.clickhouse.models import (
    LAST_BATCH,
    LAST_CHANGE,
    LINKS,
    ROWS,
    click_batch_gaps,
    click_changes,
)
from linktrack.clicks.keeping.clickhouse.settling import settle_rows
from linktrack.clicks.keeping.clickhouse.table import ClickTable
from linktrack.clicks.keeping.which import Numbers, Which
from linktrack.clicks.models import agents, referrers
from linktrack.ids import LinkId

_FACT, _BEFORE, _CHANGED, _GAP, _CHANGE = range(5)

# One statement, and so one moment; it has a few rows.
_VIEW: Final = text(
    f"SELECT {_FACT} AS what, value AS first, 0 AS last FROM click_facts"  # noqa: S608 - from here
    f" WHERE name = '{LAST_BATCH}'"
    f" UNION ALL SELECT {_BEFORE}, value, 0 FROM click_facts WHERE name = '{DELETED_BEFORE}'"
    f" UNION ALL SELECT {_CHANGED}, value, 0 FROM click_facts WHERE name = '{LAST_CHANGE}'"
    f" UNION ALL SELECT {_GAP}, first, last FROM click_batch_gaps"
    f" UNION ALL SELECT {_CHANGE} + kind, id, 0 FROM click_changes"
)


@dataclass(slots=True)
class Own:
    """What a transaction has done itself.

    `base` is the number given last before its first batch; `rows` are clicks it has changed, by
    `seq`, and `marks` those it has set, or taken away (None).
    """

    base: int | None = None
    rows: dict[int, Kept] = field(default_factory=dict)
    changes: set[int] = field(default_factory=set)
    marks: dict[Pair, dict[LinkId, Mark | None]] = field(default_factory=dict)
    settled: int = 0


_OWN: Final[WeakKeyDictionary[RootTransaction, Own]] = WeakKeyDictionary()


@dataclass(slots=True)
class Keeper:
    """Where clicks are kept, for all transactions of a process."""

    table: ClickTable
    days: Days
    check: Callable[[Connection], None] | None = None
    """Raises `Unavailable` where clicks can't be kept here yet."""

    is_there: bool = False
    is_sure: bool = False
    """Whether numbers are known to be above all that are stored."""

    def ready(self, connection: Connection) -> ClickTable:
        """Return the table, which is made where it isn't there."""
        if not self.is_there:
            if self.check is not None:
                self.check(connection)
            self.table.ensure()
            self.is_there = True
        return self.table


class Seeing:
    """A transaction's view."""

    def __init__(self, connection: Connection, keeper: Keeper) -> None:
        self.connection = connection
        self.keeper = keeper
        self.name: Final = keeper.table.name
        transaction = connection.get_transaction() or connection.begin()
        self.own: Final = _OWN.setdefault(transaction, Own())

    @property
    def table(self) -> ClickTable:
        """The table of clicks, which is there."""
        return self.keeper.ready(self.connection)

    def visible(self) -> Visible:
        """Return which rows count, after all changes that are committed are made there."""
        last, before, changed = 0, None, 0
        gaps: list[tuple[int, int]] = []
        pending: set[int] = set()
        links = False
        for what, first, end in self.connection.execute(_VIEW):
            if what == _FACT:
                last = first
            elif what == _BEFORE:
                before = first
            elif what == _CHANGED:
                changed = first
            elif what == _GAP:
                gaps.append((first, end))
            elif what == _CHANGE + ROWS:
                pending.add(first)
            links |= what == _CHANGE + LINKS
        pending -= self.own.changes
        if pending and max(pending) > self.own.settled:
            settle_rows(self._engine, self.table)
            self.own.settled = max(pending)
        gone = self._gone() if links else ()
        return Visible(last, tuple(sorted(gaps)), gone, before, changed)

    def committed(self, visible: Visible) -> Visible:
        """Return which rows counted before this transaction stored any."""
        return visible if self.own.base is None else replace(visible, last=self.own.base)

    def answered(self, which: Which) -> Which:
        """Answer queries of the SQL database; devices become agents, and sources referrers."""
        return replace(
            which,
            links=self._numbers(which.links),
            segments=self._numbers(which.segments),
            followers=self._numbers(which.followers),
            agents=self._of_group(which.agents, agents.c.device_id, which.devices),
            referrers=self._of_group(which.referrers, referrers.c.source_id, which.sources),
            devices=None,
            sources=None,
        )

    def take_number(self) -> int:
        """Return the next number, under which nothing counts yet."""
        if not self.keeper.is_sure:
            self._be_sure(read_fact(self.connection, LAST_BATCH) or 0)
        query = text("SELECT nextval('click_numbers')")
        return int(self.connection.execute(query).scalar_one())

    def let_count(self, number: int) -> None:
        """Let what has this number count with the commit; what was given in vain before is a gap.

        Of a batch that is after its insert: should that fail, the batch never counts.
        """
        connection = self.connection
        last = read_fact(connection, LAST_BATCH) or 0
        if number > last + 1:
            connection.execute(insert(click_batch_gaps).values(first=last + 1, last=number - 1))
        write_fact(connection, LAST_BATCH, number)

    def change(self, kind: int, data: Sequence[Sequence[int]] | Sequence[int], number: int) -> None:
        """Write down a change that is made on ClickHouse once it is committed."""
        if number not in self.own.changes:
            self.let_count(number)
            write_fact(self.connection, LAST_CHANGE, number)
        self.connection.execute(
            insert(click_changes).values(
                id=number, kind=kind, data=msgspec.json.encode(data).decode()
            )
        )
        self.own.changes.add(number)

    @contextmanager
    def beside(self) -> Iterator[Connection]:
        """Lend a connection that sees what is committed, and not what this transaction does."""
        with self._engine.connect() as connection:
            yield connection

    @property
    def _engine(self) -> Engine:
        return self.connection.engine.execution_options(isolation_level="READ COMMITTED")

    def _be_sure(self, last: int) -> None:
        """Let numbers begin above all that are there, as where a backup was restored."""
        stored = self.table.highest()
        query = text(
            "SELECT setval('click_numbers', GREATEST(last_value, :top)) FROM click_numbers"
        )
        if top := max(stored, last):
            self.connection.execute(query, {"top": top})
        self.keeper.is_sure = True

    def _gone(self) -> tuple[int, ...]:
        query = select(click_changes.c.data).where(click_changes.c.kind == LINKS)
        found: set[int] = set()
        for data in self.connection.scalars(query):
            found.update(msgspec.json.decode(data, type=list[int]))
        return tuple(sorted(found))

    def _of_group(
        self, wanted: Numbers | None, group: Column[int], groups: Numbers | None
    ) -> Numbers | None:
        """Return what is wanted of the rows of a table that are of these groups."""
        numbers = self._numbers(wanted)
        if groups is None:
            return numbers
        among = groups if isinstance(groups, Select) else sorted(groups)
        found = self._numbers(select(group.table.c.id).where(group.in_(among)))
        assert isinstance(found, frozenset)
        return found if numbers is None else found.intersection(cast("frozenset[int]", numbers))

    def _numbers(self, numbers: Numbers | None) -> Numbers | None:
        if not isinstance(numbers, Select):
            return None if numbers is None else frozenset(numbers)
        found = self.connection.scalars(numbers)
        return frozenset(number for number in found if number is not None)

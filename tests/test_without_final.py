"""Clicks are read without FINAL exactly as with it, whatever was stored, repeated and changed."""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest
from clickhouses import Engine, new_name
from clicking import START, some_clicks
from databases import Maker
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from keepings import Breaking, days_of, drawn, keep
from sqlalchemy import Connection
from world import World

from linktrack.clicks.counts.changes import change_reasons, make_unattributed
from linktrack.clicks.keeping.clickhouse import condensing
from linktrack.clicks.keeping.clickhouse.matching import Kept, counted, read_as
from linktrack.clicks.keeping.clickhouse.seeing import Keeper, Seeing
from linktrack.clicks.keeping.clickhouse.table import COLUMNS, ClickTable
from linktrack.clicks.keeping.clickhouse.transport import (
    NO_SETTINGS,
    ClickHouse,
    Row,
    Setting,
    Unclear,
)
from linktrack.clicks.keeping.interface import Minute
from linktrack.clicks.keeping.opening import clicks_of, settle_clicks
from linktrack.clicks.keeping.which import COLUMNS as OF_CLICKS
from linktrack.clicks.keeping.which import EVERY, By, Every, Facet, Figure, Which
from linktrack.clicks.vocabulary import BURST, HUMAN, MINUTE
from linktrack.errors import Unavailable
from linktrack.ids import LinkId

HOUR: Final = 3_600_000
FIGURES: Final[tuple[Figure, ...]] = (
    "clicks", "people", "bursts", "without_languages", "first_at", "last_at", "visitors", "links",
)  # fmt: skip
GROUPS: Final[tuple[tuple[By, ...], ...]] = ((), ("link_id", "reason"), (Every(HOUR), "segment_id"))
STEPS: Final = st.sampled_from(
    [
        "load",
        "load unclearly",
        "work in vain",
        "change",
        "change unclearly",
        "take names off",
        "hide",
        "merge",
    ]
)


class Unsure(Breaking):
    """Asks an engine; of the next insert it says that it broke off, though it is done."""

    def __init__(self, asked: ClickHouse) -> None:
        super().__init__(asked)
        self.is_next = False
        self.done = 0

    def insert(
        self,
        table: str,
        columns: Sequence[str],
        rows: Iterable[Row],
        settings: Mapping[str, Setting] = NO_SETTINGS,
    ) -> None:
        """Store rows."""
        super().insert(table, columns, rows, settings)
        if self.is_next:
            self.is_next = False
            self.done += 1
            raise Unclear("It broke off.")


class Both:
    """An installation with its clicks on an engine, and their rows in a table as it was before."""

    def __init__(self, world: World, engine: Engine) -> None:
        self.world = world
        self.asked = Unsure(engine.asked())
        self.name = new_name()
        self.table = ClickTable(self.asked, self.name, cluster=engine.cluster)
        self.table.create()
        keep(world, self.table)
        self.links, _ = some_clicks(world)
        self.local = "_local" if engine.cluster else ""
        kinds = ", ".join([f"{column} {kind}" for column, kind in COLUMNS.items()])
        self.asked.run(
            f"CREATE TABLE {self.name}.as_before ({kinds}) ENGINE = ReplacingMergeTree(version)"
            " PARTITION BY period ORDER BY (link_id, visitor, clicked_at, source, place)"
        )

    def do(self, step: str, chance: random.Random) -> None:
        """Do one step; what breaks off is done again."""
        self.asked.is_next = False
        steps: dict[str, Callable[[random.Random], None]] = {
            "load": self._load,
            "load unclearly": self._load_unclearly,
            "work in vain": self._work_in_vain,
            "change": self._change_some,
            "change unclearly": self._change_unclearly,
            "take names off": self._take_names_off,
            "hide": self._hide,
            "merge": self._merge,
        }
        steps[step](chance)

    def _load(self, chance: random.Random) -> None:
        records = drawn(chance.randint(1, 30), chance.randrange(1 << 30), self.links)
        self.world.click(records)

    def _load_unclearly(self, chance: random.Random) -> None:
        records = drawn(chance.randint(1, 30), chance.randrange(1 << 30), self.links)
        self.asked.is_next = True
        with pytest.raises(Unclear):
            self.world.click(records)
        self.world.click(records)

    def _work_in_vain(self, chance: random.Random) -> None:
        store = self.world.store()
        with pytest.raises(ZeroDivisionError), store.transaction() as connection:
            store.append(connection, drawn(9, chance.randrange(1 << 30), self.links))
            self._change(connection, chance)
            raise ZeroDivisionError

    def _change_some(self, chance: random.Random) -> None:
        with self.world.store().transaction() as connection:
            self._change(connection, chance)

    def _change_unclearly(self, chance: random.Random) -> None:
        with self.world.store().transaction() as connection:
            changed = self._change(connection, chance)
        if changed:
            self.asked.is_next = True
            with pytest.raises(Unclear):
                settle_clicks(self.world.database.engine)

    def _take_names_off(self, chance: random.Random) -> None:
        which = Which(links=[chance.choice(self.links)], segments=(1, 2))
        with self.world.store().transaction() as connection:
            make_unattributed(connection, which, days_of(self.world))

    def _hide(self, chance: random.Random) -> None:
        before = START + chance.randint(-30, 60) * HOUR
        with self.world.database.engine.connect() as connection:
            clicks_of(connection).delete_before(before, START - 9_999 * HOUR)

    def _merge(self, _: random.Random) -> None:
        for name in (self.table.name, self.table.changed):
            self.asked.run(f"OPTIMIZE TABLE {name}{self.local}")

    def _change(self, connection: Connection, chance: random.Random) -> int:
        seqs = sorted(seq for (seq,) in clicks_of(connection).rows(EVERY, ("seq",)))
        some = chance.sample(seqs, len(seqs) // 3)
        wanted = {seq: chance.choice((0, 7)) for seq in some}
        return change_reasons(connection, wanted, days_of(self.world))

    def compare(self) -> None:
        """Look whether both readings have the same clicks, and the same figures."""
        with self.world.database.engine.connect() as connection:
            clicks = clicks_of(connection)
            names = ("seq", *OF_CLICKS)
            found = sorted(clicks.rows(EVERY, names), key=repr)
            wanted = list(self._by_final(connection))
            plain = [
                read_as(names, [getattr(row, "option" if n == "option_id" else n) for n in names])
                for row in wanted
            ]
            assert found == sorted(plain, key=repr)
            for by in GROUPS:
                figures = clicks.count(EVERY, by, FIGURES)
                assert sorted(figures, key=repr) == sorted(counted(wanted, by, FIGURES), key=repr)
            assert clicks.count(Which(reasons=(7,)), (), ("clicks",)) == [
                (sum(row.reason == 7 for row in wanted),)
            ]
            of_minute: dict[Minute, list[Kept]] = {}
            for row in wanted:
                minute = (LinkId(row.link_id), row.clicked_at // MINUTE)
                of_minute.setdefault(minute, []).append(row)
            assert sorted(clicks.busy_minutes(sorted(of_minute), 2)) == [
                minute for minute, rows in sorted(of_minute.items()) if _is_busy(rows)
            ]

    def _by_final(self, connection: Connection) -> Iterator[Kept]:
        asked, names = self.asked, ", ".join(COLUMNS)
        asked.run(f"TRUNCATE TABLE {self.name}.as_before")
        for table in (self.table.changed, self.table.name):
            asked.run(
                f"INSERT INTO {self.name}.as_before SELECT {names} FROM {table}",
                {"load_balancing": "in_order"},  # the replica that has been inserted into
            )
        visible = Seeing(connection, Keeper(self.table, days_of(self.world))).visible()
        where = " AND ".join(visible.clicks())
        query = f"SELECT {names} FROM {self.name}.as_before FINAL WHERE {where}"
        return map(Kept._make, asked.rows(query))


def _is_busy(rows: Sequence[Kept]) -> bool:
    visitors = {row.visitor for row in rows if row.visitor and row.reason in (HUMAN, BURST)}
    return len(visitors) >= 2 or (len(rows) >= 2 and any(row.reason == BURST for row in rows))


@pytest.fixture
def both(clickhouse: Engine, postgresql_databases: Maker, tmp_path: Path) -> Iterator[Both]:
    with postgresql_databases.lend() as url, World.at(tmp_path / "kept", url) as world:
        yield Both(world, clickhouse)


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.generate],  # what went before isn't undone, so nothing can be made shorter
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEPS, min_size=4, max_size=9), seed=st.integers(0, 999))
def check(both: Both, steps: list[str], seed: int) -> None:
    chance = random.Random(seed)
    for step in ["load", *steps]:
        both.do(step, chance)
    both.compare()


def test_whatever_happens_both_readings_have_the_same_clicks(both: Both) -> None:
    """Each click once, as it is last: also what was stored, or changed, more than once."""
    check(both)


def test_what_was_stored_twice_counts_once_before_it_is_merged(both: Both) -> None:
    """A batch under another number, and a change under the same; and after merging, too."""
    chance = random.Random(3)
    for step in ("load", "load unclearly", "change", "change unclearly"):
        both.do(step, chance)
        both.compare()
    assert both.asked.done == 2
    rows = sum(number for (number,) in both.table.rows(f"SELECT count() FROM {both.table.name}"))
    with both.world.database.engine.connect() as connection:
        ((clicks,),) = clicks_of(connection).count(EVERY)
        assert clicks < rows
    for _ in range(2):
        both.do("merge", chance)
        both.compare()


def test_an_insert_that_failed_never_counts_though_its_transaction_goes_on(both: Both) -> None:
    """Nor do its rows, which are there."""
    records = drawn(20, 1, both.links)
    with both.world.store().transaction() as connection:
        both.asked.is_next = True
        with pytest.raises(Unavailable):
            both.world.store().append(connection, records)
        assert clicks_of(connection).count(EVERY) == [(0,)]
    both.do("load", random.Random(1))
    both.compare()


def test_whose_view_is_older_sees_clicks_as_they_were(both: Both) -> None:
    """A change that is made meanwhile is in none of its questions, and hides no click."""
    both.world.click(drawn(60, 1, both.links))
    engine = both.world.database.engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        clicks = clicks_of(connection)
        before = sorted(clicks.count(EVERY, ("reason",)))
        both.do("change", random.Random(2))
        settle_clicks(both.world.database.engine)
        both.do("merge", random.Random(1))
        assert sorted(clicks.count(EVERY, ("reason",))) == before
    with engine.connect() as connection:
        assert sorted(clicks_of(connection).count(EVERY, ("reason",))) != before
    both.compare()


def test_links_are_condensed_in_parts_as_together(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a post stay together: a visitor's first click is on one of them."""
    both.world.click(drawn(80, 1, both.links))
    both.do("change", random.Random(2))
    by: tuple[Facet, ...] = ("quarter", "age", "segment_id", "referrer")
    found = []
    for most in (condensing.LINKS, 1):
        monkeypatch.setattr(condensing, "LINKS", most)
        sums: Counter[tuple[int, ...]] = Counter()
        with both.world.database.engine.connect() as connection:
            parts = clicks_of(connection).condense(Which(accounts=(1,), segments=(0, 1)), by)
            for row in itertools.chain.from_iterable(parts):
                for place, figure in enumerate(row[len(by) :]):
                    sums[*row[: len(by)], place] += figure
        found.append(+sums)
    assert found[0] == found[1]
    assert {place for *_, place in found[0]} == {0, 1, 2, 3}

"""Numbers that were given in vain are tidied, and nobody sees that."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from clickhouses import Engine
from clicking import some_clicks
from databases import Maker
from keepings import Breaking, all_clicks, drawn, keep, on_clickhouse
from sqlalchemy import select
from waiting import wait_until
from world import NOON, World

from linktrack.clicks.keeping.clickhouse.models import click_batch_gaps
from linktrack.clicks.keeping.clickhouse.table import COLUMNS, ClickTable
from linktrack.clicks.keeping.opening import tidy_clicks
from linktrack.errors import Unavailable

DAY: Final = timedelta(days=1, hours=1)


class Gapped:
    """An installation with clicks, and rows on ClickHouse under a number that doesn't count."""

    def __init__(self, world: World, table: ClickTable) -> None:
        self.world, self.table = world, table
        self.links, _ = some_clicks(world)
        world.click(drawn(30, 1, self.links))
        self.give_up(2)
        world.click(drawn(30, 3, self.links))
        self.clicks = all_clicks(world)
        assert len(self.clicks) == 60

    def give_up(self, seed: int) -> None:
        """Store clicks in a transaction that is undone."""
        store = self.world.store()
        with pytest.raises(ZeroDivisionError), store.transaction() as connection:
            store.append(connection, drawn(20, seed, self.links))
            raise ZeroDivisionError

    def gaps(self) -> Sequence[Any]:
        """Return all gaps."""
        with self.world.database.engine.connect() as connection:
            return connection.execute(select(click_batch_gaps)).all()

    def rows(self) -> int:
        """Return how many rows there are, whether they count or not."""
        return sum(n for (n,) in self.table.rows(f"SELECT count() FROM {self.table.name}"))

    def look(self, days: int) -> None:
        """Tidy, so many days from now, and see that nobody sees it."""
        tidy_clicks(self.world.database.engine, NOON + DAY * days)
        assert all_clicks(self.world) == self.clicks

    def wait_for(self, rows: int) -> None:
        """Wait until there are so many rows, on whichever shards."""
        wait_until(lambda: self.rows() == rows, 60, why="rows are deleted")
        assert all_clicks(self.world) == self.clicks


@pytest.fixture
def gapped(clickhouse: Engine, postgresql_databases: Maker, tmp_path: Path) -> Iterator[Gapped]:
    with on_clickhouse(tmp_path / "kept", postgresql_databases, clickhouse) as world:
        table = clickhouse.table()
        table.create()
        keep(world, table)
        yield Gapped(world, table)
    clickhouse.leave()


def test_what_was_given_up_is_deleted_and_its_number_forgotten(gapped: Gapped) -> None:
    """Two looks a day apart have to find nothing before."""
    assert (len(gapped.gaps()), gapped.rows()) == (1, 80)
    gapped.look(0)
    gapped.wait_for(60)
    assert len(gapped.gaps()) == 1
    tidy_clicks(gapped.world.database.engine, NOON + timedelta(hours=3))
    gapped.look(1)
    assert len(gapped.gaps()) == 1
    tidy_clicks(gapped.world.database.engine, NOON + DAY + timedelta(hours=3))
    assert len(gapped.gaps()) == 1
    gapped.look(2)
    assert (gapped.gaps(), gapped.rows()) == ([], 60)
    gapped.look(3)
    gapped.world.click(drawn(30, 5, gapped.links))
    assert len(all_clicks(gapped.world)) == 90


def test_rows_that_come_late_never_count(gapped: Gapped) -> None:
    """Not even where a look has found none before."""
    ((number, _),) = gapped.gaps()
    where = f"FROM {gapped.table.name} WHERE batch = {number}"
    columns = ", ".join("place + 9 AS late" if name == "place" else name for name in COLUMNS)
    late = list(gapped.table.rows(f"SELECT {columns} {where}"))  # a block comes in once only
    gapped.look(0)
    gapped.wait_for(60)
    gapped.look(1)
    gapped.table.insert(late)
    assert gapped.rows() == 80
    gapped.look(2)
    gapped.wait_for(60)
    assert len(gapped.gaps()) == 1
    gapped.look(3)
    gapped.look(4)
    assert gapped.gaps() == []


def test_whatever_is_killed_gaps_go_and_clicks_stay(
    clickhouse_alone: Engine, postgresql_databases: Maker, tmp_path: Path
) -> None:
    """Before or after any of the steps has been done, and again and again."""
    with on_clickhouse(tmp_path / "kept", postgresql_databases, clickhouse_alone) as world:
        breaking = Breaking(clickhouse_alone.asked())
        name = clickhouse_alone.table().name.partition(".")[0]
        table = ClickTable(breaking, name)
        table.create()
        keep(world, table)
        gapped = Gapped(world, table)
        broken, day = 0, 0
        while gapped.gaps():
            day += 1
            assert day < 60
            for seed in range(day % 3):  # more come while others are tidied
                if day < 9:
                    gapped.give_up(100 * day + seed)
            world.click(drawn(1, 50 + day, gapped.links))
            gapped.clicks = all_clicks(world)
            breaking.break_at(1 + day // 2 % 5, late=bool(day % 2))
            try:
                tidy_clicks(world.database.engine, NOON + DAY * day)
            except Unavailable:
                broken += 1
            breaking.at = 0
            gapped.look(day)
            wait_until(lambda: not table.is_changing(), 60, why="rows are deleted")
        assert broken > 5
        gapped.wait_for(len(gapped.clicks))
    clickhouse_alone.leave()

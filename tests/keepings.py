"""Installations that keep their clicks in each of the engines, and what is in them, alike."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from clickhouses import Engine
from clicking import FIREFOX, counts, records_of
from databases import Maker
from sqlalchemy import select
from world import World

from linktrack.calendar.days import Days
from linktrack.clicks.facet_models import devices
from linktrack.clicks.keeping.clickhouse.clicks import ClicksOnClickHouse
from linktrack.clicks.keeping.clickhouse.seeing import Keeper
from linktrack.clicks.keeping.clickhouse.table import ClickTable
from linktrack.clicks.keeping.clickhouse.transport import (
    NO_SETTINGS,
    ClickHouse,
    Row,
    Setting,
    Unclear,
)
from linktrack.clicks.keeping.opening import clicks_of, keeping_clicks
from linktrack.clicks.keeping.which import COLUMNS, EVERY, Column
from linktrack.clicks.models import agents, referrers, sources
from linktrack.clicks.records import ClickRecord
from linktrack.ids import LinkId
from linktrack.links.models import Link


class Breaking:
    """Asks an engine, and breaks off at one call: before it has done anything, or after it."""

    def __init__(self, asked: ClickHouse) -> None:
        self._asked = asked
        self.calls = 0
        self.at = 0
        self.is_late = False

    def break_at(self, call: int, *, late: bool) -> None:
        """Break off at the so manieth call from now."""
        self.at, self.is_late = self.calls + call, late

    def rows(self, sql: str, settings: Mapping[str, Setting] = NO_SETTINGS) -> Iterator[Row]:
        """Yield a query's rows."""
        with self._breaking():
            found = list(self._asked.rows(sql, settings))
        yield from found

    def run(self, sql: str, settings: Mapping[str, Setting] = NO_SETTINGS) -> None:
        """Execute a statement."""
        with self._breaking():
            self._asked.run(sql, settings)

    def insert(
        self,
        table: str,
        columns: Sequence[str],
        rows: Iterable[Row],
        settings: Mapping[str, Setting] = NO_SETTINGS,
    ) -> None:
        """Store rows."""
        with self._breaking():
            self._asked.insert(table, columns, rows, settings)

    @contextmanager
    def _breaking(self) -> Iterator[None]:
        self.calls += 1
        breaks = self.calls == self.at
        if breaks and not self.is_late:
            raise Unclear("It broke off.")
        yield
        if breaks:
            raise Unclear("It broke off.")


@contextmanager
def on_clickhouse(folder: Path, databases: Maker, engine: Engine) -> Iterator[World]:
    """Open an installation on PostgreSQL that keeps its clicks on ClickHouse."""
    with databases.lend() as url, World.at(folder, url) as world:
        table = engine.table()
        table.create()
        keep(world, table)
        yield world


def on_engine(request: pytest.FixtureRequest, folder: Path) -> Iterator[World]:
    """Yield an installation that keeps its clicks where a fixture's parameter says."""
    if request.param in ("sqlite", "postgresql"):
        databases: Maker = request.getfixturevalue(f"{request.param}_databases")
        with databases.lend() as url, World.at(folder, url) as world:
            yield world
        return
    engine = request.getfixturevalue(f"clickhouse_{request.param}")
    databases = request.getfixturevalue("postgresql_databases")
    with on_clickhouse(folder, databases, engine) as world:
        yield world
    engine.leave()


def keep(world: World, table: ClickTable) -> None:
    """Let an installation keep its clicks in a table from now on."""
    settings = world.settings
    days = Days(settings.timezone, settings.visitor_period)
    opener = ClicksOnClickHouse(Keeper(table, days))
    world.session.close()
    world.database.engine = keeping_clicks(world.database.engine, opener)
    world.session = world.database.session()
    world.ends.callback(world.session.close)


def all_clicks(world: World) -> list[tuple[Any, ...]]:
    """Return all clicks in the order in which they were stored; agents and referrers by name."""
    columns: tuple[Column, ...] = ("seq", *COLUMNS)
    with world.database.engine.connect() as connection:
        agent_of = dict(connection.execute(select(agents.c.id, agents.c.user_agent)).all())
        referrer_of = dict(connection.execute(select(referrers.c.id, referrers.c.referrer)).all())
        found = sorted(clicks_of(connection).rows(EVERY, columns))
    return [
        tuple(
            agent_of[value]
            if name == "agent_id"
            else referrer_of[value]
            if name == "referrer_id"
            else value
            for name, value in zip(columns[1:], row[1:], strict=True)
        )
        for row in found
    ]


def all_marks(world: World) -> list[tuple[Any, ...]]:
    """Return all marks; referrers, sources and devices by name."""
    with world.database.engine.connect() as connection:
        referrer_of = dict(connection.execute(select(referrers.c.id, referrers.c.referrer)).all())
        source_of = {row.id: (row.name, row.medium) for row in connection.execute(select(sources))}
        device_of = {row.id: tuple(row)[1:] for row in connection.execute(select(devices))}
        links = connection.execute(select(Link.id, Link.post_id)).all()
        places = {post_id or -number for number, post_id in links}
        marks = dict(clicks_of(connection).marks_of(places))
        pairs = {key[:2] for key in marks}
        assert clicks_of(connection).marks(pairs) == marks
    return sorted(
        (
            *key,
            *mark[:2],
            referrer_of[mark[2]],
            source_of[mark[3]],
            *mark[4:6],
            device_of.get(mark[6]),
            *mark[7:],
        )
        for key, mark in marks.items()
    )


def everything(world: World) -> dict[str, Sequence[Any]]:
    """Return all clicks, marks and counts."""
    found: dict[str, Sequence[Any]] = dict(counts(world))
    del found["first_clicks"]
    return found | {"clicks": all_clicks(world), "marks": all_marks(world)}


def drawn(number: int, seed: int, links: list[LinkId]) -> list[ClickRecord]:
    """Return clicks at random, some of them at once."""
    chance = random.Random(seed)
    return records_of(
        [
            (
                chance.randint(-30, 900),
                chance.randrange(len(links)),
                chance.randrange(3),
                chance.choice([None, *range(1, 30), -5]),
                chance.choice([FIREFOX] * 4 + ["Twitterbot/1.0", ""]),
                chance.choice(["", "//t.co", "//t.co/abcDEF1234", "//example.org"]),
                0,
            )
            for _ in range(number)
        ],
        links,
    )


def days_of(world: World) -> Days:
    return Days(world.settings.timezone, world.settings.visitor_period)


def same(kept: World, plain: World) -> None:
    found, wanted = everything(kept), everything(plain)
    for name, rows in wanted.items():
        assert found[name] == rows, name

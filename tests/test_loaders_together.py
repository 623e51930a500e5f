"""Loaders of several nodes, side by side on one PostgreSQL: each click once, and no deadlock."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import pytest
from clicking import START, click, counts, forget_clicks, some_clicks
from databases import Maker
from sqlalchemy import func, select
from waiting import ROOM
from world import World

from linktrack.clicks.capture.journal import Journal
from linktrack.clicks.models import clicks
from linktrack.clicks.records import ClickRecord, encode
from linktrack.db import Database
from linktrack.ids import LinkId

CLICKS = 2_400
FILES = 12  # of each node: a batch each, so that loaders take turns often


def some_records(links: Sequence[LinkId]) -> list[bytes]:
    """Return clicks of few visitors with new agents and referrers, so that loaders meet in rows."""
    chance = random.Random(3)
    return [
        encode(
            ClickRecord(
                START + chance.randrange(3 * 86_400_000),
                chance.choice(links),
                f"Mozilla/5.0 Firefox/{chance.randrange(60)}.0",
                chance.choice([None, "//t.co", f"//site{chance.randrange(60)}.example"]),
                chance.randrange(300),
                country=chance.choice(["DE", "US", None]),
            )
        )
        for _ in range(CLICKS)
    ]


def patient(world: World) -> World:
    """Let it wait a minute for other writers: a service would say that it waits, and try again."""
    world.database = Database(world.settings, ROOM)
    world.ends.callback(world.database.close)
    return world


def written(world: World, records: Sequence[bytes]) -> None:
    """Write clicks into files that are finished, as by workers that have ended."""
    for part in range(FILES):
        journal = Journal(world.settings.journals)
        for record in records[part::FILES]:
            journal.append(record)
        journal.close()


@pytest.mark.slow
def test_one_two_and_four_loaders_count_the_same(
    postgresql_databases: Maker, tmp_path: Path
) -> None:
    """Each loads its own node's journals; all begin at once."""
    url = postgresql_databases()
    found = []
    with ExitStack() as stack:
        nodes = [
            patient(stack.enter_context(World.at(tmp_path / str(number), url)))
            for number in range(4)
        ]
        links, _ = some_clicks(nodes[0])
        records = some_records(links)
        for loaders in (1, 2, 4):
            for number, node in enumerate(nodes[:loaders]):
                written(node, records[number::loaders])
            together = Barrier(loaders)

            def load(node: World, together: Barrier = together) -> int:
                together.wait(30)
                return node.loader().load().clicks

            with ThreadPoolExecutor(loaders) as running:
                loaded = list(running.map(load, nodes[:loaders]))
            assert sum(loaded) == CLICKS
            with nodes[0].database.engine.begin() as connection:
                assert connection.scalar(select(func.count()).select_from(clicks)) == CLICKS
            found.append(counts(nodes[0]))
            forget_clicks(nodes[0])
            for file in tmp_path.glob("*/journals/*.journal"):
                file.unlink()
    assert found[0] == found[1] == found[2]


@pytest.mark.slow
def test_two_loaders_of_the_same_journals_load_each_click_once(
    postgresql_databases: Maker, tmp_path: Path
) -> None:
    """An old service that is still ending, and a new one that has begun."""
    url = postgresql_databases()
    with World.at(tmp_path, url) as world, World.at(tmp_path, url) as again:
        links, _ = some_clicks(world)
        written(world, some_records(links))
        with ThreadPoolExecutor(2) as running:
            list(running.map(lambda node: patient(node).loader().load(), (world, again)))
        with world.database.engine.connect() as connection:
            assert connection.scalar(select(func.count()).select_from(clicks)) == CLICKS


def test_journals_of_all_nodes_have_names_of_their_own(tmp_path: Path) -> None:
    """A journal is known by its name in the database that all nodes share: names are random."""
    for number in range(200):
        journal = Journal(tmp_path / str(number % 4))
        journal.append(click(LinkId(1)))
        journal.close()
    names = {path.name for path in tmp_path.glob("*/*.journal")}
    assert len(names) == 200
    assert {len(name) for name in names} == {32 + len(".journal")}

"""Visitor keys that several nodes share: one for each period, whatever is away meanwhile."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from databases import Maker
from sqlalchemy import Engine, select
from world import World

from linktrack.clicks.capture.visitors import AGAIN_SECONDS, KEY_BYTES, Visitors
from linktrack.clicks.nodes.models import VisitorKey
from linktrack.clicks.nodes.shared_keys import KeyTable, shared_keys
from linktrack.db import make_engine
from linktrack.portability.export.everything import LEFT_OUT
from linktrack.upkeep import backup

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600.0
DAY = 24 * HOUR


def at(written: str) -> float:
    return datetime.fromisoformat(written).replace(tzinfo=BERLIN).timestamp()


class Shared:
    """The keys of all nodes, in memory; `asked` is how often, and while `away` it fails."""

    def __init__(self) -> None:
        self.keys: dict[str, bytes] = {}
        self.asked = 0
        self.away = False

    def agree(self, name: str, proposal: bytes) -> bytes:
        """As the table does."""
        self.asked += 1
        if self.away:
            raise OSError("the database is away")
        return self.keys.setdefault(name, proposal)

    def destroy(self, is_over: Callable[[str], bool], at: float) -> None:
        """As the table does, if its clock says the same."""
        self.keys = {name: key for name, key in self.keys.items() if not is_over(name)}


class Node:
    """A process of a node, whose clock is moved."""

    def __init__(self, folder: Path, shared: Shared | KeyTable, moment: str) -> None:
        self.clock, self.running = at(moment), 0.0
        self.folder = folder
        self.visitors = Visitors(folder, "month", BERLIN, lambda: self.running, shared)

    def look(self) -> None:
        """Do what a worker's thread does once a second."""
        self.running += AGAIN_SECONDS
        self.visitors.keep_up(self.clock)

    def who(self) -> int:
        return self.visitors.identify(self.clock, "203.0.113.9", "Firefox", "en")

    def files(self) -> dict[str, bytes]:
        return {path.stem: path.read_bytes() for path in self.folder.iterdir()}


@pytest.fixture
def shared() -> Shared:
    return Shared()


def test_a_visitor_of_two_nodes_is_one(tmp_path: Path, shared: Shared) -> None:
    """Each node asks for each key once, however often it looks."""
    nodes = [Node(tmp_path / name, shared, "2026-11-10T12:00") for name in "ab"]
    for _ in range(3):
        for node in nodes:
            node.look()
    assert nodes[0].who() == nodes[1].who()
    assert shared.asked == 2


def test_visitors_of_today_stay_who_they_are_when_a_node_begins_to_share(
    tmp_path: Path, shared: Shared
) -> None:
    """The key in the first node's file becomes that of all; a second one takes it over."""
    alone = Visitors(tmp_path / "a", "month", BERLIN)
    before = alone.identify(at("2026-11-10T12:00"), "203.0.113.9", "Firefox", "en")
    first = Node(tmp_path / "a", shared, "2026-11-10T13:00")
    second = Node(tmp_path / "b", shared, "2026-11-10T13:00")
    assert second.who() != before
    first.look()
    second.look()
    assert first.who() == second.who() == before
    assert first.files() == second.files() == shared.keys


def test_at_the_turn_of_a_period_nobody_is_asked(tmp_path: Path, shared: Shared) -> None:
    """The next key was agreed on hours before, so the turn needs no database."""
    nodes = [Node(tmp_path / name, shared, "2026-11-30T20:00") for name in "ab"]
    for node in nodes:
        node.look()
    november = nodes[0].who()
    shared.away = True
    asked = shared.asked
    for node in nodes:
        node.clock = at("2026-12-01T00:01")
    december = nodes[0].who()
    assert december == nodes[1].who() != november
    assert shared.asked == asked


def test_without_the_database_each_node_goes_on_with_a_key_of_its_own(
    tmp_path: Path, shared: Shared
) -> None:
    """No click waits or lacks a visitor; once it is back, all take the key that came first."""
    nodes = [Node(tmp_path / name, shared, "2026-11-10T12:00") for name in "ab"]
    shared.away = True
    for node in nodes:
        node.look()
    first, second = [node.who() for node in nodes]
    assert first != second
    shared.away = False
    for node in nodes:
        node.look()
    assert [node.who() for node in nodes] == [first, first]


def test_processes_of_one_node_follow_each_other(tmp_path: Path, shared: Shared) -> None:
    """A worker that has a key in memory takes the common one, which another wrote to the file."""
    workers = [Node(tmp_path / "b", shared, "2026-11-10T12:00") for _ in range(2)]
    assert workers[0].who() == workers[1].who()
    shared.keys["month-2026-11-01"] = bytes(KEY_BYTES)
    for worker in workers:
        worker.look()
    assert workers[0].who() == workers[1].who()
    assert workers[0].files()["month-2026-11-01"] == bytes(KEY_BYTES)


@pytest.fixture
def engine(postgresql_databases: Maker) -> Iterator[Engine]:
    engine = make_engine(postgresql_databases())
    yield engine
    engine.dispose()


def test_of_many_proposals_one_becomes_the_key(engine: Engine) -> None:
    """Twenty at once, on connections of their own."""
    table = KeyTable(engine)
    proposals = [bytes([number]) * KEY_BYTES for number in range(20)]
    with ThreadPoolExecutor(10) as nodes:
        keys = set(nodes.map(lambda key: table.agree("month-2026-11-01", key), proposals))
    assert len(keys) == 1
    assert keys <= set(proposals)


def test_a_key_whose_period_is_over_leaves_nothing_in_the_table(
    engine: Engine, tmp_path: Path
) -> None:
    """Not even a row that is only marked as deleted: the table has another file afterwards."""
    table = KeyTable(engine)
    node = Node(tmp_path, table, "2026-11-10T12:00")
    node.clock = datetime.now(BERLIN).timestamp()
    node.look()
    kept = set(_names(engine))
    table.agree("month-2020-01-01", b"secret".ljust(KEY_BYTES, b"!"))
    file = _file(engine)
    node.visitors.destroy_shared(node.clock)
    assert set(_names(engine)) == kept
    assert _file(engine) != file


@pytest.mark.parametrize("off", [-400 * DAY, -HOUR, HOUR, 400 * DAY])
def test_a_clock_that_is_wrong_destroys_no_key_of_all(
    engine: Engine, tmp_path: Path, off: float
) -> None:
    """Neither one that is put right again, nor one that is wrong all the time."""
    table = KeyTable(engine)
    node = Node(tmp_path, table, "2026-11-10T12:00")
    node.clock = datetime.now(BERLIN).timestamp()
    node.look()
    table.agree("month-2020-01-01", bytes(KEY_BYTES))
    before = _names(engine)
    node.visitors.destroy_shared(node.clock + off)
    assert _names(engine) == before


def test_a_database_that_hangs_holds_up_no_click(engine: Engine, tmp_path: Path) -> None:
    """While somebody locks the table, a node tells visitors apart by its own file."""
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    impatient = make_engine(engine.url.render_as_string(hide_password=False), patience=0.2)
    with closing(psycopg.connect(url)) as other:
        other.execute("LOCK TABLE visitor_keys IN ACCESS EXCLUSIVE MODE")
        node = Node(tmp_path, KeyTable(impatient), "2026-11-10T12:00")
        node.look()
        alone = node.who()
    impatient.dispose()
    node.visitors = Visitors(tmp_path, "month", BERLIN, lambda: node.running, KeyTable(engine))
    node.look()
    assert node.who() == alone


def test_keys_are_in_no_backup_and_no_export(world: World) -> None:
    """On SQLite they aren't in the database at all: one file of it is the whole backup."""
    assert {"nodes", "visitor_keys"} <= LEFT_OUT.keys() & set(backup.LEFT_OUT)
    is_sqlite = world.database.engine.dialect.name == "sqlite"
    assert (shared_keys(world.database.engine) is None) == is_sqlite


def _names(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return sorted(connection.scalars(select(VisitorKey.name)))


def _file(engine: Engine) -> int:
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT pg_relation_filenode('visitor_keys')")
        return int(found.scalar_one())

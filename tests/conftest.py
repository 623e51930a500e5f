"""Fixtures every test may use."""

import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar, Final

import psutil
import pytest
from atnetwork import Network, network
from click.testing import CliRunner, Result
from clickhouses import Engine, clickhouse_cluster, clickhouse_in_process, clickhouse_server
from commands import Run
from databases import (
    Maker,
    PostgreSQLMaker,
    SQLiteMaker,
    make_alike,
    postgresql_server,
    skip_or_fail,
)
from doorways import Door
from flask import Flask
from hypothesis import settings
from jinja2.bccache import Bucket, BytecodeCache
from lanes import Street
from listening import listening
from paths import REPOSITORY
from playwright.sync_api import Browser, expect, sync_playwright
from receiving import Receiver
from statements import Statements, counted
from waiting import ROOM
from world import World

from linktrack.app import Application, Pattern
from linktrack.cli import main

# Each of these processes, and each that they start, else compiles everything that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


class CompiledTemplates(BytecodeCache):
    """Templates compiled once for all applications, of which most tests make one."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what is compiled already."""
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what has been compiled."""
        self._compiled[bucket.key] = bucket.bytecode_to_string()


class CompiledPattern(Pattern):
    """A pattern of addresses that is compiled once for all applications.

    Each application has some 450 patterns, and compiling them takes most of making one.
    """

    _compiled: ClassVar[dict[object, dict[str, object]]] = {}
    _builders: ClassVar[dict[object, Callable[..., tuple[str, str]]]] = {}

    def compile(self) -> None:
        """Take what is compiled already: parts and converters, which nothing changes later."""
        assert self.map is not None
        domain = self.host if self.map.host_matching else self.subdomain
        key = (domain, self.rule, self.merge_slashes, repr(self.defaults))
        if key not in self._compiled:
            super().compile()
            names = ("_parts", "_trace", "_converters", "arguments")
            self._compiled[key] = {name: getattr(self, name) for name in names}
        else:
            self.__dict__.update(self._compiled[key])
            self._build = self._compile_builder(False).__get__(self, None)
            self._build_unknown = self._compile_builder(True).__get__(self, None)

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        # What is compiled reads converters from the pattern it is bound to, and keeps none.
        key = (tuple(self._trace), repr(self.defaults), append_unknown)
        if key not in self._builders:
            self._builders[key] = super()._compile_builder(append_unknown)
        return self._builders[key]


Flask.jinja_options = {"bytecode_cache": CompiledTemplates()}
Application.url_rule_class = CompiledPattern
make_alike()

# Applications and engines are full of circles, and looking for those took a sixth of the time.
gc.set_threshold(100_000, 20, 20)

WORKER_BYTES: Final = 1_500_000_000

# No example has a deadline: on a busy machine any takes long now and then. `make check` takes
# "quick" (tests/examples.py has the number of examples).
settings.register_profile("whole", settings(), deadline=None)
settings.register_profile("quick", max_examples=20, deadline=None)
settings.load_profile("whole")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Let three workers share two processors, where it is all tests: those of services wait a lot.

    With four, what has seconds to end sometimes didn't. As many as memory has room for, with a
    PostgreSQL server, a service and a browser each. Left to itself `--numprocesses=auto` counts two
    processors of one core as one.
    """
    if config.option.numprocesses != "auto" or "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    room: int = psutil.virtual_memory().available // WORKER_BYTES
    return max(1, min(3 * (os.cpu_count() or 1) // 2, room))


def pytest_collection_finish() -> None:
    """Let no garbage collection look at the tests themselves: they live to the end."""
    gc.freeze()


def pytest_unconfigure() -> None:
    """Collect once what tests have left open; pytest would look at everything six times."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data kept beside the checkout; tests that read it are skipped where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data sets are not beside this checkout (../shared/data)")
    return folder


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Makes SQLite databases."""
    return SQLiteMaker(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maker]:
    """Makes databases on a PostgreSQL server that runs as long as the tests."""
    folder = tmp_path_factory.mktemp("postgresql")
    with postgresql_server(folder) as server:
        yield PostgreSQLMaker(server, folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database with all tables; a test that asks for it runs once on each kind."""
    make: Maker = request.getfixturevalue(f"{request.param}_databases")
    with make.lend() as url:
        yield url


@pytest.fixture(scope="session")
def clickhouse_here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A ClickHouse of today in this process: open it after every fork."""
    with clickhouse_in_process(tmp_path_factory.mktemp("chdb")) as engine:
        yield engine


@pytest.fixture(scope="session")
def clickhouse_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Debian's ClickHouse, one server."""
    with clickhouse_server(tmp_path_factory.mktemp("clickhouse")) as engine:
        yield engine


@pytest.fixture(scope="session")
def clickhouse_shards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Debian's ClickHouse, two shards with two replicas each."""
    with clickhouse_cluster(tmp_path_factory.mktemp("shards")) as engine:
        yield engine


@pytest.fixture(
    params=[
        pytest.param("here", marks=pytest.mark.slow),
        "alone",
        pytest.param("shards", marks=pytest.mark.slow),
    ]
)
def clickhouse(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each kind of ClickHouse; what a test kills is started again."""
    engine: Engine = request.getfixturevalue(f"clickhouse_{request.param}")
    yield engine
    engine.leave()


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """A whole linktrack without its processes, on each kind of database."""
    with World.at(tmp_path / "data", database_url) as world:
        yield world


@pytest.fixture
def sqlite_world(sqlite_databases: Maker, tmp_path: Path) -> Iterator[World]:
    """The same on SQLite alone, for behaviour that no database can change."""
    with World.at(tmp_path / "data", sqlite_databases()) as world:
        yield world


@pytest.fixture
def statements() -> Statements:
    """Note the SQL that an engine executes meanwhile.

    `with statements(engine) as executed: ...`; a page or report must take as many for 20 accounts
    as for 2.
    """
    return counted


@pytest.fixture(scope="session")
def atmosphere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Bluesky's own servers, started once for all tests that are marked `network`."""
    folder = tmp_path_factory.mktemp("atnet")
    with postgresql_server(folder) as server, network(server, folder) as running:
        yield running


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on an installation of its own, on each kind of database."""
    monkeypatch.setenv("LINKTRACK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LINKTRACK_DATABASE", database_url)
    monkeypatch.setenv("LINKTRACK_BASE_URL", "https://go.jessestay.com")

    def run(*arguments: str, text: str | None = None) -> Result:
        return CliRunner().invoke(main, arguments, input=text)

    return run


OPEN_DOORS: Final = {"LINKTRACK_DOORS": "yourls, shlink, kutt, dub"}


@pytest.fixture
def open_world(sqlite_databases: Maker, tmp_path: Path) -> Iterator[World]:
    """A linktrack that answers clients of all other shorteners, on SQLite."""
    with World.at(tmp_path / "data", sqlite_databases(), **OPEN_DOORS) as world:
        yield world


@pytest.fixture
def door(open_world: World) -> Door:
    """A client of another shortener, with a token that wraps."""
    return Door(open_world)


@pytest.fixture
def door_everywhere(database_url: str, tmp_path: Path) -> Iterator[Door]:
    """The same on each kind of database, for what asks it much."""
    with World.at(tmp_path / "data", database_url, **OPEN_DOORS) as world:
        yield Door(world)


@pytest.fixture
def street(tmp_path: Path) -> Street:
    return Street(tmp_path)


QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium of the system's."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        skip_or_fail("Chromium is not here: install Debian's package chromium")
    with sync_playwright() as playwright:
        expect.set_options(timeout=1_000 * ROOM)  # its own 5 s are no promise of ours
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A program that listens, and hears what is sent to it."""
    receiver = Receiver()
    with listening(receiver.handler) as receiver.port:
        yield receiver

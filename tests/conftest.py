"""Fixtures every test may use."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from atnetwork import Network, network
from databases import Maker, PostgreSQLMaker, SQLiteMaker, postgresql_server
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from world import World

REPOSITORY = Path(__file__).resolve().parent.parent


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


Flask.jinja_options = {"bytecode_cache": CompiledTemplates()}


def pytest_collection_finish() -> None:
    """Let no garbage collection look at the tests themselves: they live to the end."""
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


@pytest.fixture(scope="session")
def atmosphere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Bluesky's own servers, started once for all tests that are marked `network`."""
    folder = tmp_path_factory.mktemp("atnet")
    with postgresql_server(folder) as server, network(server, folder) as running:
        yield running

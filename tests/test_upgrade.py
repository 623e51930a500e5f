"""Upgrading: from every release's database to this one, after a backup; never from a newer one."""

import json
import sqlite3
import tarfile
from pathlib import Path
from typing import Any

import psycopg
import pytest
from databases import Maker
from servers import answer, command, environment, serving
from world import World

from linktrack.keys import load_keys
from linktrack.links.catalog import find_target
from linktrack.links.codes import Codes

FIXTURES = Path(__file__).parent / "fixtures"
RELEASES = sorted(path.stem for path in FIXTURES.glob("*.json"))


def raw(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def loaded(url: str, release: str) -> None:
    """Fill an empty database with what a release left."""
    if url.startswith("sqlite:///"):
        script = (FIXTURES / f"{release}.sqlite.sql").read_text()
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.executescript(script)
        connection.close()
        return
    with psycopg.connect(raw(url), autocommit=True) as server:
        server.execute("DROP SCHEMA public CASCADE")
        server.execute("CREATE SCHEMA public")
        server.execute((FIXTURES / f"{release}.postgresql.sql").read_bytes())


@pytest.fixture
def old_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> str:
    """A database without tables, of each kind."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/old.db"
    return database_url


@pytest.mark.parametrize("release", RELEASES)
def test_the_database_of_every_release_is_upgraded(
    old_url: str, tmp_path: Path, release: str
) -> None:
    """One command: a backup, then the tables of today; links, versions and figures are the same."""
    expected = json.loads((FIXTURES / f"{release}.json").read_text())
    data = tmp_path / "data"
    data.mkdir()
    (data / "keys.json").write_text(json.dumps(expected["keys"]))
    loaded(old_url, release)
    environ = environment(data, old_url, LINKTRACK_BASE_URL="https://go.jessestay.com")

    refused = command(environ, "status")
    assert refused.returncode == 1
    assert "linktrack upgrade" in refused.stderr

    done = command(environ, "upgrade")
    assert done.returncode == 0, done.stderr
    assert "Restart the service now" in done.stdout
    (backup,) = (data / "backups").iterdir()
    with tarfile.open(backup) as archive:
        file = archive.extractfile("manifest.json")
        assert file is not None
        assert json.load(file)["revision"] != ""
    assert "was up to date" in command(environ, "upgrade").stdout

    keys = load_keys(data)
    codes = Codes(keys.salt, keys.check)
    with World.at(data, old_url) as world:
        engine = world.database.engine
        for code, destination in expected["codes"].items():
            target = find_target(engine, codes, code)
            assert target is not None
            assert target.location == destination
        for code, (destination, segment_id) in expected["versions"].items():
            target = find_target(engine, codes, code)
            assert target is not None
            assert (target.location, target.segment_id) == (destination, segment_id)
    figures = ("posts", "clicks", "unique_clicks", "followers", "cpf", "unattributed")
    total = answer(environ, "report", "cpf", "@JessesLinks")["total"]
    assert {name: total[name] for name in figures} == {
        name: expected["report"]["total"][name] for name in figures
    }
    # What was there can be restored, at the old tables, and is upgraded again.
    assert command(environ, "rebuild").returncode == 0
    again: Any = answer(environ, "report", "cpf", "@JessesLinks")["total"]
    assert again == total


def test_a_newer_database_is_refused_by_all(database_url: str, tmp_path: Path) -> None:
    """The service does not start, and every command says what to do."""
    environ = environment(tmp_path / "data", database_url)
    if database_url.startswith("sqlite:///"):
        connection = sqlite3.connect(database_url.removeprefix("sqlite:///"))
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
        connection.close()
    else:
        with psycopg.connect(raw(database_url)) as server:
            server.execute("UPDATE alembic_version SET version_num = '9999'")
    for arguments in (("serve", "--bind", "127.0.0.1:0"), ("status",), ("upgrade",), ("load",)):
        if arguments[0] == "serve":
            from servers import free_port

            arguments = ("serve", "--bind", f"127.0.0.1:{free_port()}")
        done = command(environ, *arguments)
        assert done.returncode == 1
        assert "newer linktrack" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_a_service_that_starts_on_an_older_database_upgrades_it_after_a_backup(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """A container with a new image has nobody to type the command."""
    url = f"sqlite:///{tmp_path}/old.db"
    loaded(url, RELEASES[0])
    environ = environment(tmp_path / "data", url)
    with serving(environ, tmp_path / "log") as server:
        assert server.request("/winter-sale")[0] == 302
    assert len(list((tmp_path / "data" / "backups").iterdir())) == 1
    assert "backed up to" in (tmp_path / "log").read_text()

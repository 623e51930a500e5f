"""Upgrading: from every release's database to this one, after a backup; never from a newer one."""

import json
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from databases import Maker
from servers import answer, command, environment, free_port, serving
from world import World

from linktrack.cli import main
from linktrack.clicks.facts import COUNTS_ADDED, read_fact
from linktrack.keys import load_keys
from linktrack.links.codes import Codes
from linktrack.links.redirects.lookup import find_target

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


def added_figures(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return what is told by counts that the first release did not have."""
    told = (("referrers", "referrers"), ("segments", "ways"))
    return {name: answer(environ, "report", of, "@JessesLinks")[name] for of, name in told}


@pytest.fixture
def old_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> str:
    """A database without tables, of each kind."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/old.db"
    return database_url


@pytest.mark.slow
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
        assert json.load(file)["revision"] == expected["revision"]
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
    total = answer(environ, "report", "cpf", "@JessesLinks")["total"]
    assert {name: total[name] for name in expected["total"]} == expected["total"]
    counted = added_figures(environ)
    assert counted["referrers"], "the first release knew no referrers by segment"
    known = [month["attributed"] for month in counted["ways"]["months"]]
    assert any(known) and None not in known
    assert command(environ, "rebuild").returncode == 0
    assert answer(environ, "report", "cpf", "@JessesLinks")["total"] == total
    assert added_figures(environ) == counted
    # A service of the version before may have loaded more: the next loader counts once again.
    with World.at(data, old_url) as world, world.database.engine.connect() as connection:
        assert read_fact(connection, COUNTS_ADDED) == 1
    assert command(environ, "load").returncode == 0
    with World.at(data, old_url) as world, world.database.engine.connect() as connection:
        assert read_fact(connection, COUNTS_ADDED) is None
    assert added_figures(environ) == counted

    # What was backed up before can be restored elsewhere, and is upgraded there.
    shutil.move(backup, tmp_path / "b.tar.gz")
    if old_url.startswith("sqlite"):
        elsewhere = environment(tmp_path / "there", f"sqlite:///{tmp_path}/there.db")
    else:
        with psycopg.connect(raw(old_url), autocommit=True) as server:
            server.execute("TRUNCATE links CASCADE")  # tables of today, and no link
        elsewhere = environment(tmp_path / "there", old_url)
    restored = command(elsewhere, "restore", str(tmp_path / "b.tar.gz"))
    assert restored.returncode == 0, restored.stderr
    assert answer(elsewhere, "report", "cpf", "@JessesLinks")["total"] == total
    assert added_figures(elsewhere) == counted


@pytest.mark.slow
@pytest.mark.parametrize("standing", ["0001", "9999"])
def test_a_wsgi_server_of_ones_own_refuses_it_too(
    sqlite_databases: Maker, tmp_path: Path, standing: str
) -> None:
    """`gunicorn wsgi:app` does not begin on tables of another version."""
    url = sqlite_databases()
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    connection.execute("UPDATE alembic_version SET version_num = ?", (standing,))
    connection.commit()
    connection.close()
    script = "from linktrack.app import create_wsgi_app; create_wsgi_app()"
    environ = environment(tmp_path / "data", url)
    done = subprocess.run(
        [sys.executable, "-c", script], env=environ, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "linktrack.errors.Conflict: The database is from a" in done.stderr


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
    serve = ("serve", "--bind", f"127.0.0.1:{free_port()}")
    for arguments in (serve, ("status",), ("upgrade",), ("load",)):
        done = CliRunner().invoke(main, arguments, env=environ)
        assert done.exit_code == 1
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

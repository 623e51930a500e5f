"""Back up a running installation into one file.

The database comes first, the journals after it: a click is then in the copied database, or in a
copied journal behind the position that the database has for it, so a restored backup has each
click once. Visitor keys are in no backup: it could otherwise outlive the period after which
nobody is to know who a visitor was.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import Connection, MetaData, select, text

from linktrack import __version__
from linktrack.clicks.capture.journal import SUFFIX
from linktrack.clicks.loading.loader import SET_ASIDE
from linktrack.clicks.models import journals
from linktrack.db import Database, is_sqlite
from linktrack.db_failures import damage_of
from linktrack.errors import Unavailable
from linktrack.installation import Installation
from linktrack.scratch import require_file, scratch
from linktrack.settings import SETTINGS
from linktrack.upkeep.archive import DATABASE, JOURNALS, KEYS, TABLES, Manifest, write_archive

if TYPE_CHECKING:
    import psycopg

LEFT_OUT: Final = ("nodes", "visitor_keys")
"""Tables whose rows no backup holds, where there are such tables."""

OF_THE_MACHINE: Final = (
    "LINKTRACK_DATA",
    "LINKTRACK_DATABASE",
    "LINKTRACK_CLICKS",
    "LINKTRACK_NODE",
)
"""Settings that say where things are on this machine: another one has its own."""

PASSWORDS: Final = ("LINKTRACK_SMTP_PASSWORD", "LINKTRACK_OIDC_CLIENT_SECRET")
"""Settings that other services' secrets are in."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What was written: `size` in bytes; `journals` files hold clicks that were not loaded yet."""

    file: Path
    size: int
    journals: int


@dataclass(frozen=True, slots=True)
class _Copy:
    """The database at one moment: `positions` says how far each journal is loaded (None: whole)."""

    kind: str
    revision: str
    positions: dict[str, int | None]
    tables: dict[str, list[str]]
    sequences: dict[str, int]


def back_up(
    installation: Installation, file: Path, environ: Mapping[str, str], now: datetime
) -> BackedUp:
    """Write a backup to `file` (mode 0600); a file of that name is kept until the new one is whole.

    Redirects and loading go on meanwhile. Raises `Unavailable` if the file cannot be written,
    or the database cannot be read or is damaged.
    """
    settings, database = installation.settings, installation.database
    require_file(file)
    try:
        with scratch(file.parent, file.name) as work:
            folder, whole = work / "content", work / "whole.tar"
            folder.mkdir(mode=0o700)
            with database.reachable():
                _check_whole(database)
                copy = _copy_database(database, folder)
            taken = _copy_journals(settings.journals, folder / JOURNALS, copy.positions)
            shutil.copyfile(settings.data / KEYS, folder / KEYS)
            manifest = Manifest(
                linktrack=__version__,
                made_at=now.isoformat(),
                kind=copy.kind,
                revision=copy.revision,
                settings=settings_in(environ),
                tables=copy.tables,
                sequences=copy.sequences,
            )
            os.close(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            write_archive(whole, folder, manifest)
            with whole.open("rb") as written:
                os.fsync(written.fileno())
            whole.replace(file)
    except (OSError, sqlite3.DatabaseError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Unavailable(f"The backup {file} cannot be written: {reason}.") from error
    return BackedUp(file, file.stat().st_size, taken)


def settings_in(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that a backup keeps, by their names: other services' passwords aren't."""
    left_out = {*OF_THE_MACHINE, *PASSWORDS}
    names = [setting.name for setting in SETTINGS if setting.name not in left_out]
    found = {name: environ[name] for name in names if environ.get(name)}
    return {name: _without_password(value) for name, value in found.items()}


def _without_password(value: str) -> str:
    """Return an address without the password behind its user's name; anything else as it is."""
    scheme, mark, rest = value.partition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme}{mark}{user.partition(':')[0]}@{host}" if at else value


def _check_whole(database: Database) -> None:
    with database.engine.connect() as connection:
        damage = damage_of(connection)
    if damage is not None:
        raise Unavailable(
            f"The database is damaged ({damage}): restore an earlier backup, or repair it first."
        )


def _copy_database(database: Database, folder: Path) -> _Copy:
    if is_sqlite(database.engine):
        return _copy_sqlite(Path(database.engine.url.database or ""), folder / DATABASE)
    (folder / TABLES).mkdir(mode=0o700)
    snapshot = database.engine.execution_options(isolation_level="REPEATABLE READ")
    with snapshot.connect() as connection:
        return _copy_postgresql(connection, folder / TABLES)


def _copy_sqlite(source: Path, target: Path) -> _Copy:
    """Copy a SQLite file that is in use, without the pages that deleted rows have left in it."""
    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as reader:
        reader.execute("VACUUM INTO ?", (str(target),))
    target.chmod(0o600)
    with closing(sqlite3.connect(target)) as copy:
        copy.execute("PRAGMA secure_delete = ON")
        there = {name for (name,) in copy.execute("SELECT name FROM sqlite_master")}
        with copy:
            for table in there.intersection(LEFT_OUT):
                copy.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of ours
        (revision,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        rows = copy.execute("SELECT name, position, finished_at FROM journals")
        return _Copy("sqlite", revision, _positions(rows), {}, {})


def _copy_postgresql(connection: Connection, folder: Path) -> _Copy:
    """Write every table in COPY's text format, all as of one moment, parents first."""
    revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    rows = connection.execute(select(journals.c.name, journals.c.position, journals.c.finished_at))
    positions = _positions(tuple(row) for row in rows)
    found = MetaData()
    found.reflect(connection)
    tables = {table.name: [column.name for column in table.c] for table in found.sorted_tables}
    del tables["alembic_version"]
    driver = cast("psycopg.Connection", connection.connection.driver_connection)
    for name in tables.keys() - set(LEFT_OUT):
        statement = copy_statement(name, tables[name], "TO STDOUT")
        with (
            (folder / f"{name}.copy").open("xb") as file,
            driver.cursor() as cursor,
            cursor.copy(statement) as blocks,
        ):
            for block in blocks:
                file.write(block)
    # Sequences are outside of transactions: read last, they are at or past every row above.
    numbers = connection.execute(
        text(
            "SELECT sequencename, last_value FROM pg_sequences "
            "WHERE schemaname = current_schema() AND last_value IS NOT NULL"
        )
    )
    sequences = {row.sequencename: row.last_value for row in numbers}
    return _Copy("postgresql", str(revision), positions, tables, sequences)


def copy_statement(table: str, columns: Sequence[str], way: str) -> bytes:
    """Return PostgreSQL's COPY of a table; the names are those of our own tables."""
    names = ", ".join(f'"{column}"' for column in columns)
    return f"COPY {table} ({names}) {way}".encode()


def _positions(rows: Iterable[tuple[str, int, object]]) -> dict[str, int | None]:
    return {name: None if finished is not None else position for name, position, finished in rows}


def _copy_journals(source: Path, target: Path, positions: dict[str, int | None]) -> int:
    """Copy the journals that hold clicks which the copied database has not; return how many.

    They are copied from their beginning, since positions are counted from there, and up to the
    last whole line.
    """
    taken = 0
    for path in sorted(source.glob(f"[!.]*{SUFFIX}")):
        position = positions.get(path.name, 0)
        if position is None:
            continue
        try:
            content = path.read_bytes()  # 64 MB at most: they rotate
        except FileNotFoundError:  # loaded, finished and deleted since the copy: it is old
            continue
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) > position:
            target.mkdir(mode=0o700, exist_ok=True)
            (target / path.name).write_bytes(whole)
            taken += 1
    aside = source / SET_ASIDE
    if aside.exists():
        target.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(aside, target / SET_ASIDE)
    return taken

"""Restore a backup into an empty data folder and database.

The order makes a restore that was cut short one that can be begun again: the database, by whose
links a place counts as used, comes last. Once it is there, everything of the backup is; and it
carries a mark of the backup, so that the same restore, run again, goes on behind it.
"""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, inspect, select, text

from linktrack.clicks.capture.journal import SUFFIX, is_written
from linktrack.db import Database, alembic_config, is_sqlite
from linktrack.errors import Conflict, Invalid, Unavailable
from linktrack.links.models import Link
from linktrack.owners.models import AuditEntry
from linktrack.scratch import scratch
from linktrack.settings import Settings
from linktrack.upkeep.archive import DATABASE, JOURNALS, KEYS, TABLES, Manifest, read_archive
from linktrack.upkeep.backup import copy_statement, settings_in

if TYPE_CHECKING:
    import psycopg

SETTINGS_FILE: Final = "settings.env"
RESTORED: Final = "Restored the backup {}."
"""What the activity log says of it at the end."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored; `different` are the backup's settings that are not set here."""

    manifest: Manifest
    different: dict[str, str]


def restore(settings: Settings, file: Path, environ: Mapping[str, str]) -> Restored:
    """Put a backup's database, keys and journals where the settings say, at the backup's revision.

    Journals that are there already stay, and the longer of two of one name: what they hold beyond
    the backup is loaded after it. Where this very backup was restored and nothing was done since,
    nothing is replaced: what follows a restore may be missing yet. Raises `Invalid` for a file
    that is no backup or is damaged, `Conflict` where another installation with links is there or
    one runs there; nothing is changed then.
    """
    data = settings.data
    database = Database(settings)
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with scratch(data, "restore") as folder:
            manifest = read_archive(file, folder)
            _check_fits(manifest, database, folder)
            _check_alone(settings)
            if not _is_restored(database, manifest):
                _check_empty(database)
                _merge_journals(folder / JOURNALS, settings.journals)
                _place_keys(folder / KEYS, data / KEYS)
                _write_settings(data / SETTINGS_FILE, manifest)
                with database.reachable():
                    _place(database, folder, manifest)
    except OSError as error:
        raise Unavailable(
            f"The backup cannot be restored: {error.filename or data}: {error.strerror}."
        ) from error
    finally:
        database.close()
    here = settings_in(environ)
    different = {name: was for name, was in manifest.settings.items() if here.get(name) != was}
    return Restored(manifest, different)


def _check_fits(manifest: Manifest, database: Database, folder: Path) -> None:
    kind = "sqlite" if is_sqlite(database.engine) else "postgresql"
    if manifest.kind != kind:
        raise Conflict(
            f"This backup is of a {manifest.kind} database and LINKTRACK_DATABASE names a {kind} "
            "one: name one of its own kind. linktrack export all and import all change the kind."
        )
    with database.reachable(), database.engine.connect() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))
        known = {script.revision for script in scripts.walk_revisions()}
    if manifest.revision not in known:
        raise Conflict(
            f"This backup was made by a newer linktrack ({manifest.linktrack}): install that one."
        )
    parts = [KEYS, DATABASE] if kind == "sqlite" else [KEYS, TABLES]
    if not all((folder / part).exists() for part in parts):
        raise Invalid("This backup is damaged: its database or its keys are missing.")
    json.loads((folder / KEYS).read_bytes())
    if kind == "sqlite":
        try:
            with closing(sqlite3.connect(folder / DATABASE)) as copy:
                (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            found = str(error)
        if found != "ok":
            raise Invalid(f"This backup is damaged: its database says {found}.")


def _check_alone(settings: Settings) -> None:
    for path in settings.journals.glob(f"[!.]*{SUFFIX}"):
        if is_written(path):
            raise Conflict(f"A service is running on {settings.data}: stop it first.")


def _mark_of(manifest: Manifest) -> int:
    """Return a number that stands for this very backup: SQLite's `user_version` can be it."""
    whole = json.dumps(asdict(manifest), sort_keys=True).encode()
    return int.from_bytes(blake2b(whole, digest_size=4).digest()) % (2**31 - 1) + 1


def _is_restored(database: Database, manifest: Manifest) -> bool:
    """Whether this very backup stands in the database, and nothing was done there since."""
    if database.is_missing():
        return False
    with database.reachable(), database.engine.connect() as connection:
        if is_sqlite(connection):
            mark = connection.scalar(text("PRAGMA user_version"))
        else:
            named = "SELECT obj_description(to_regclass('links'), 'pg_class')"
            mark = connection.scalar(text(named))
        if str(mark) != str(_mark_of(manifest)):
            return False
        made_at = datetime.fromisoformat(manifest.made_at)
        entry = select(AuditEntry.id).where(
            AuditEntry.at > made_at, AuditEntry.what.not_like(RESTORED.format("%"))
        )
        newest = connection.scalar(select(func.max(Link.created_at)))
        if newest is None or newest > made_at:
            return False
        return connection.scalar(entry.limit(1)) is None


def _check_empty(database: Database) -> None:
    file = Path(database.engine.url.database or "")
    if is_sqlite(database.engine) and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        return
    with database.reachable(), database.engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        if "links" in tables and connection.scalar(text("SELECT count(*) FROM links")):
            raise Conflict(
                "There are links in this database, and a restored backup would replace them: "
                "name an empty place with LINKTRACK_DATA and LINKTRACK_DATABASE."
            )


def _merge_journals(source: Path, target: Path) -> None:
    if not source.is_dir():
        return
    target.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        there = target / path.name
        # A journal only grows: the longer of two holds the other.
        if not there.exists() or there.stat().st_size < path.stat().st_size:
            path.replace(there)


def _place_keys(source: Path, target: Path) -> None:
    """Put the backup's keys in place; others that are there are kept under another name."""
    if target.exists() and target.read_bytes() != source.read_bytes():
        target.replace(target.with_name(f"{KEYS}.before-restore"))
    source.replace(target)


def _place(database: Database, folder: Path, manifest: Manifest) -> None:
    if is_sqlite(database.engine):
        _place_sqlite(folder / DATABASE, database, manifest)
    else:
        _fill_postgresql(database, folder / TABLES, manifest)


def _place_sqlite(source: Path, database: Database, manifest: Manifest) -> None:
    with closing(sqlite3.connect(source)) as copy:
        copy.execute(f"PRAGMA user_version = {_mark_of(manifest):d}")
    target = Path(database.engine.url.database or "")
    database.close()
    for ending in ("-wal", "-shm"):
        target.with_name(target.name + ending).unlink(missing_ok=True)
    source.replace(target)


def _fill_postgresql(database: Database, folder: Path, manifest: Manifest) -> None:
    """Make the tables as they were at the backup's revision, and fill them."""
    from alembic import command

    with database.engine.begin() as connection:
        if "alembic_version" in inspect(connection).get_table_names():
            command.downgrade(alembic_config(connection), "base")  # of an empty installation
        command.upgrade(alembic_config(connection), manifest.revision)
        _copy_in(connection, folder, manifest)
        connection.execute(text(f"COMMENT ON TABLE links IS '{_mark_of(manifest):d}'"))


def _copy_in(connection: Connection, folder: Path, manifest: Manifest) -> None:
    # Names from the file go into SQL only where this database has them.
    there = set(inspect(connection).get_table_names())
    driver = cast("psycopg.Connection", connection.connection.driver_connection)
    for table, columns in manifest.tables.items():
        path = folder / f"{table}.copy"
        known = {column["name"] for column in inspect(connection).get_columns(table)}
        if table not in there or not known.issuperset(columns):
            raise Invalid(f"This backup is damaged: it has a table {table[:60]!r} of its own.")
        if not path.exists():
            continue  # its rows are in no backup
        statement = copy_statement(table, columns, "FROM STDIN")
        with (
            path.open("rb") as file,
            driver.cursor() as cursor,
            cursor.copy(statement) as rows,
        ):
            while block := file.read(1024 * 1024):
                rows.write(block)
    for sequence, last in manifest.sequences.items():
        connection.execute(
            text("SELECT setval(CAST(:name AS regclass), :last)"), {"name": sequence, "last": last}
        )


def _write_settings(path: Path, manifest: Manifest) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in manifest.settings.items()))

"""Restore an installation from a file that `export all` wrote."""

import base64
import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, LargeBinary, MetaData, Table, func, insert, select, text
from sqlalchemy.exc import DataError, IntegrityError

from linktrack.clicks.keeping.opening import forget_place
from linktrack.db import Database, alembic_config, is_sqlite, revision_of, writing
from linktrack.errors import Conflict, Invalid
from linktrack.keys import KEYS_FILE
from linktrack.portability.export.everything import FORMAT, LEFT_OUT, MANIFEST, STEP_OF_PICTURES
from linktrack.scratch import whole_file

STEP: Final = 2_000  # rows inserted at a time
LARGEST_ROW: Final = 16 * 1024 * 1024  # bytes of a line; a post's text has thousands
LARGEST_HEAD: Final = 1_000_000  # bytes of the manifest and of the keys
DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: rows by table, and the settings the file was made under."""

    rows: Mapping[str, int]
    base_url: str
    timezone: str
    visitor_period: str


@dataclass(frozen=True, slots=True)
class _Promise:
    """What the manifest says of a table."""

    rows: int
    sha256: str


def import_all(
    database: Database, path: Path, progress: Callable[[int], None] = lambda _: None
) -> Restored:
    """Restore everything of a file into an installation that is empty, or change nothing.

    A file of an older linktrack is brought up to date on the way. The keys of the file become
    those of this installation. Raises `Invalid` for a file that is none, damaged or newer, and
    `Conflict` where the installation holds anything.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(archive, path)
            manifest = _manifest(archive, path)
            keys = _keys(archive, path)
            with writing(database.engine) as connection:
                tables = _tables(connection)
                _check_empty(connection, tables)
                rows = _load(connection, archive, manifest, tables, progress)
                forget_place(connection)
                _replace_keys(database.settings.data / KEYS_FILE, keys)
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from error
    except DAMAGED as error:
        raise Invalid(f"{path} is damaged, or no zip file: nothing was restored.") from error
    except (IntegrityError, DataError) as error:
        raise Invalid(
            f"{path} does not fit together ({str(error.orig).splitlines()[0]:.100}): "
            "nothing was restored."
        ) from error
    except (OverflowError, UnicodeError) as error:  # a number or a text that no database takes
        raise Invalid(f"{path} does not fit together: nothing was restored.") from error
    return Restored(
        rows,
        str(manifest.get("base_url", "")),
        str(manifest.get("timezone", "")),
        str(manifest.get("visitor_period", "")),
    )


def _check_entries(archive: zipfile.ZipFile, path: Path) -> None:
    """Judge a file by its list of contents, before anything of it is unpacked.

    Its names are not used as paths. An entry that lies over another, or is there twice, makes a
    small file endless.
    """
    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    if len({entry.filename for entry in entries}) < len(entries):
        raise Invalid(f"{path} has a file twice: it is damaged.")
    ends = [entry.header_offset + entry.compress_size for entry in entries]
    starts = [entry.header_offset for entry in entries[1:]]
    if any(end > start for end, start in zip(ends, starts, strict=False)):
        raise Invalid(f"{path} has files that lie over each other: it is damaged.")


def _manifest(archive: zipfile.ZipFile, path: Path) -> Mapping[str, object]:
    fields = _json(archive, MANIFEST)
    if fields is None or not isinstance(fields.get("revision"), str):
        raise Invalid(f"{path} is not a file of linktrack export all: it has no {MANIFEST}.")
    if fields.get("format") != FORMAT:
        raise Invalid(
            f"{path} has a format this linktrack does not know: it was made by version "
            f"{fields.get('linktrack')!s:.40}. Install that version, or a newer one."
        )
    return fields


def _keys(archive: zipfile.ZipFile, path: Path) -> bytes:
    fields = _json(archive, KEYS_FILE)
    if fields is None or not {"salt", "check", "session"} <= fields.keys():
        raise Invalid(f"{path} is not a file of linktrack export all: its {KEYS_FILE} is missing.")
    return archive.read(KEYS_FILE)


def _json(archive: zipfile.ZipFile, name: str) -> dict[str, object] | None:
    try:
        if archive.getinfo(name).file_size > LARGEST_HEAD:
            return None
        fields = json.loads(archive.read(name))
    except (KeyError, ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _check_empty(connection: Connection, tables: MetaData) -> None:
    for table in tables.sorted_tables:
        if table.name in LEFT_OUT or table.name == "alembic_version":
            continue
        if connection.execute(select(1).select_from(table).limit(1)).first() is not None:
            raise Conflict(
                f"This installation is not empty (it has {table.name}): name a new data folder "
                "with LINKTRACK_DATA, or a new database with LINKTRACK_DATABASE."
            )


def _tables(connection: Connection) -> MetaData:
    """Return the tables as they are in the database at this revision."""
    found = MetaData()
    found.reflect(connection)
    return found


def _load(
    connection: Connection,
    archive: zipfile.ZipFile,
    manifest: Mapping[str, object],
    tables: MetaData,
    progress: Callable[[int], None],
) -> dict[str, int]:
    from alembic import command

    revision = str(manifest["revision"])
    moved = revision != revision_of(connection)
    if moved:
        _check_known(connection, revision)
        command.downgrade(alembic_config(connection), revision)
        tables = _tables(connection)
    if is_sqlite(connection):
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    promises = _promises(manifest)
    unknown = promises.keys() - tables.tables.keys()
    if unknown:
        raise Invalid(f"The file has a table that is not known: {min(unknown):.60}.")
    counts = {}
    for table in tables.sorted_tables:
        if table.name in promises:
            counts[table.name] = _load_table(
                connection, archive, table, promises[table.name], progress
            )
    if moved:
        command.upgrade(alembic_config(connection), "head")
    return counts


def _check_known(connection: Connection, revision: str) -> None:
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    try:
        ScriptDirectory.from_config(alembic_config(connection)).get_revision(revision)
    except CommandError as error:
        raise Invalid(
            "The file was made by a newer linktrack: install that version, or a newer one."
        ) from error


def _promises(manifest: Mapping[str, object]) -> dict[str, _Promise]:
    tables = manifest.get("tables")
    if not isinstance(tables, dict):
        raise Invalid("The manifest of the file names no tables.")
    try:
        return {
            str(name): _Promise(int(table["rows"]), str(table["sha256"]))
            for name, table in tables.items()
        }
    except (TypeError, KeyError, ValueError) as error:
        raise Invalid("The manifest of the file is damaged.") from error


def _load_table(
    connection: Connection,
    archive: zipfile.ZipFile,
    table: Table,
    promise: _Promise,
    progress: Callable[[int], None],
) -> int:
    binary = [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
    digest, total = hashlib.sha256(), 0
    rows: list[dict[str, object]] = []
    for line in _lines(archive, table.name):
        digest.update(line)
        rows.append(_row(line, table, binary))
        if len(rows) == (STEP_OF_PICTURES if binary else STEP):
            connection.execute(insert(table), rows)
            total += len(rows)
            progress(len(rows))
            rows = []
    if rows:
        connection.execute(insert(table), rows)
        total += len(rows)
        progress(len(rows))
    if (total, digest.hexdigest()) != (promise.rows, promise.sha256):
        raise Invalid(f"The rows of {table.name} are not those that were exported: it is damaged.")
    _move_on(connection, table)
    return total


def _lines(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    try:
        entry = archive.open(f"tables/{name}.ndjson")
    except KeyError as error:
        raise Invalid(f"The file lacks its table {name}: it is damaged.") from error
    with entry:
        for line in iter(lambda: entry.readline(LARGEST_ROW), b""):
            if len(line) >= LARGEST_ROW:
                raise Invalid(f"A row of {name} is larger than it can be: the file is damaged.")
            yield line


def _row(line: bytes, table: Table, binary: list[str]) -> dict[str, object]:
    unreadable = Invalid(f"A row of {table.name} cannot be read: the file is damaged.")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise unreadable from error
    if not isinstance(row, dict) or row.keys() != set(table.columns.keys()):
        raise unreadable
    if any(isinstance(value, list | dict) for value in row.values()):
        raise unreadable
    try:
        return row | {
            name: base64.b64decode(row[name], validate=True) for name in binary if row[name]
        }
    except (TypeError, ValueError) as error:
        raise unreadable from error


def _move_on(connection: Connection, table: Table) -> None:
    """Let new rows be numbered behind the restored ones; SQLite does so by itself."""
    columns = list(table.primary_key.columns)
    if is_sqlite(connection) or len(columns) != 1:
        return
    (column,) = columns
    sequence = connection.scalar(
        text("SELECT pg_get_serial_sequence(:table, :column)"),
        {"table": table.name, "column": column.name},
    )
    largest = connection.scalar(select(func.max(column))) if sequence else None
    if largest is not None:
        connection.execute(
            text("SELECT setval(CAST(:name AS regclass), :largest)"),
            {"name": sequence, "largest": largest},
        )


def _replace_keys(path: Path, content: bytes) -> None:
    """Give this installation the file's keys; it holds nothing yet that hangs on its own."""
    with whole_file(path) as file:
        file.write(content)

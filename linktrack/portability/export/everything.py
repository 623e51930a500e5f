"""Everything in one file: every table as NDJSON in a zip, and an equal installation from it.

The tables are those of the models, whatever they are; nothing here knows one by name but those
that are left out.
"""

import base64
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Final, cast

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    String,
    Table,
    collate,
    select,
    type_coerce,
)

import linktrack.tables  # noqa: F401 - what is not known is not carried
from linktrack import __version__
from linktrack.audience.models import Account
from linktrack.calendar.times import utc
from linktrack.clicks.keeping.carrying import kept_elsewhere
from linktrack.db import Base, Database, Utc, is_sqlite, revision_of
from linktrack.errors import Unavailable
from linktrack.keys import KEYS_FILE
from linktrack.scratch import require_file, whole_file

FORMAT: Final = 1
LEFT_OUT: Final = {
    "click_batch_gaps": "which batches of clicks on ClickHouse don't count",
    "click_changes": "what is to be changed on ClickHouse",
    "click_stretches": "clicks by referrer, counted ahead: they are counted again",
    "credentials": "what signs accounts in on their networks: connect them again",
    "hello_networks": "how often a network said hello today",
    "idempotent_answers": "answers kept for a day, to requests that came twice",
    "join_mails": "emails of the last 7 days that wait for an answer: they can be asked for again",
    "journals": "how far the files of this machine are loaded",
    "link_password_failures": "wrong passwords of links within the last day",
    "nodes": "which machines serve this installation, and how they are: each says so again",
    "owner_sessions": "browsers in which owners are signed in",
    "page_reads": "what pages said of themselves in the last 30 days: they are read again",
    "password_failures": "wrong passwords of the last day",
    "registrations": "what servers call us, so that people can sign in there, for a day",
    "sign_in_links": "one-time addresses",
    "sign_in_mails": "emails of the last day about sign-ins on new devices",
    "spent_challenges": "what passkeys have signed within the last minutes",
    "stranger_attempts": "how often a network asked to join something within an hour",
    "thumbnails": "small copies of pages' pictures: they are fetched again",
    "unknown_askers": "who asked for which unknown code, today and yesterday",
    "visitor_keys": "the secrets of visitors: without them nobody can be found again",
}
"""Tables that are not exported, and why."""

STEP: Final = 2_000  # rows fetched at a time
STEP_OF_PICTURES: Final = 20
"""Rows at a time of a table that holds bytes, which may be pictures of 400 KB."""

MANIFEST: Final = "manifest.json"
README: Final = "README.txt"
EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The date of every file in the zip: two exports of the same are the same bytes."""

READ_ME: Final = """\
This file is a whole linktrack installation: linktrack import all FILE.zip restores it, into a
data folder and a database that are empty, on SQLite or PostgreSQL.

KEEP IT SECRET. keys.json holds the secret under which the codes of versions are checked: whoever
has it can make codes that count as clicks of a segment. Only hashes of tokens are in it, and no
visitor keys: a visitor of this file cannot be turned back into an address by anybody.

tables/NAME.ndjson has one row a line, in order of the table's key. Moments are milliseconds since
1970 UTC, days are days since 0001-01-01 (which is 1), null is "not known". manifest.json says the
versions, which accounts are simulated (those of a demonstration), and how many rows each table
has, with the SHA-256 of its lines.
"""


def exported_tables() -> list[Table]:
    """Return all tables that are exported, each behind those it refers to."""
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT]


def export_all(
    database: Database,
    path: Path,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> Mapping[str, int]:
    """Write everything to a zip, as of one moment and in constant memory.

    Returns rows by table; `progress` is called with them as they are written. The file is readable
    by its owner only, and whole or not there. Raises `Unavailable` if it cannot be written.
    """
    require_file(path)
    try:
        with whole_file(path) as file:
            counts = _write(database, file, now, progress)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}.") from error
    return counts


def _write(
    database: Database, file: IO[bytes], now: datetime, progress: Callable[[int], None]
) -> dict[str, int]:
    settings = database.settings
    tables: dict[str, dict[str, int | str]] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.writestr(_entry(README), READ_ME)
        archive.writestr(_entry(KEYS_FILE), (settings.data / KEYS_FILE).read_bytes())
        with _snapshot(database.engine) as connection:
            revision = revision_of(connection)
            simulated = list(connection.scalars(select(Account.handle).where(Account.simulated)))
            for table in exported_tables():
                name = f"tables/{table.name}.ndjson"
                digest, rows = hashlib.sha256(), 0
                with archive.open(_entry(name), "w", force_zip64=True) as entry:
                    for block, count in _blocks(connection, table):
                        entry.write(block)
                        digest.update(block)
                        rows += count
                        progress(count)
                tables[table.name] = {"rows": rows, "sha256": digest.hexdigest()}
        manifest = {
            "format": FORMAT,
            "linktrack": __version__,
            "revision": revision,
            "exported_at": utc(now),
            "base_url": settings.base_url,
            "timezone": settings.timezone.key,
            "visitor_period": settings.visitor_period,
            "simulated": simulated,
            "tables": tables,
        }
        archive.writestr(_entry(MANIFEST), json.dumps(manifest, indent=1) + "\n")
    return {name: int(table["rows"]) for name, table in tables.items()}


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def _snapshot(engine: Engine) -> Connection:
    """Return a connection whose reads all see the same moment."""
    if not is_sqlite(engine):
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    return engine.connect()


def _blocks(connection: Connection, table: Table) -> Iterator[tuple[bytes, int]]:
    """Yield a table's rows as lines, in order of its key, some thousand at a time."""
    names = [column.name for column in table.columns]
    binary = [isinstance(column.type, LargeBinary) for column in table.columns]
    sqlite = is_sqlite(connection)
    query = select(*(_plain(column) for column in table.columns)).order_by(
        *(_in_byte_order(column, sqlite) for column in table.primary_key.columns)
    )
    encode = json.JSONEncoder(separators=(",", ":")).encode
    step = STEP_OF_PICTURES if any(binary) else STEP
    parts = kept_elsewhere(connection, table)
    if parts is None:
        parts = connection.execution_options(yield_per=step).execute(query).partitions()
    for rows in parts:
        lines = [encode(dict(zip(names, _values(row, binary), strict=True))) for row in rows]
        yield ("\n".join(lines) + "\n").encode(), len(lines)


def _plain(column: Column[object]) -> ColumnElement[object]:
    """Return a column as it is stored: moments as the numbers they are."""
    return type_coerce(column, BigInteger) if isinstance(column.type, Utc) else column


def _in_byte_order(column: Column[object], sqlite: bool) -> ColumnElement[object]:
    """Return what sorts alike on every database: PostgreSQL's own order depends on its locale."""
    if isinstance(column.type, String) and not sqlite:
        return cast("ColumnElement[object]", collate(column, "C"))
    return column


def _values(row: Sequence[object], binary: Sequence[bool]) -> Iterator[object]:
    for value, is_binary in zip(row, binary, strict=True):
        if is_binary and isinstance(value, bytes | memoryview):
            yield base64.b64encode(value).decode()
        else:
            yield value

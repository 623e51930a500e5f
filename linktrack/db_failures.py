"""What databases do not take: long lists as they are, and what any other failure means.

Also what is said of a failure, and what a database's own check finds.
"""

import json
import re
import sqlite3
from collections.abc import Sequence
from typing import Final, Literal

from sqlalchemy import BindParameter, Connection, Dialect, Engine, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError, OperationalError

Trouble = Literal["away", "locked", "full", "damaged"]

DUPLICATE: Final = (
    "The same was added by somebody else at this very moment: look at what is there, and try again."
)
"""What is said where `is_duplicate` holds."""

SENTENCES: Final[dict[Trouble, str]] = {
    "away": "The database cannot be used right now: try again in a minute.",
    "locked": "The database is busy with something else: try again in a minute.",
    "full": "The database has no room left, and nothing was changed: its owner must make room.",
    "damaged": (
        "The database's files are damaged: its owner finds out how with linktrack doctor, "
        "and restores a backup."
    ),
}
"""What each trouble is to who asks for a page."""

QUESTION: Final = "The database did not take this question: that is our mistake. It is in the log."

LONGEST_LIST: Final = 500
"""Values of a list that stand in a statement one by one; chunks are no longer."""

LONGEST: Final = 300
"""Characters of what a driver says, and of the statement it was about, in any message."""

_QUOTED: Final = re.compile(r'".*"')

_SQLITE: Final[dict[int, Trouble]] = {
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    **dict.fromkeys(
        (
            sqlite3.SQLITE_PERM,
            sqlite3.SQLITE_READONLY,
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_PROTOCOL,
            sqlite3.SQLITE_NOMEM,
            sqlite3.SQLITE_INTERRUPT,
        ),
        "away",
    ),
}
"""By the first byte of SQLite's number; what is not here is wrong with the question."""

_POSTGRESQL: Final[dict[str, Trouble]] = {
    "55P03": "locked",  # waited too long for a lock
    "40P01": "locked",  # each waited for the other
    "40001": "locked",
    "57014": "locked",  # it took longer than the server allows
    "25006": "away",  # a server that only reads: it has not taken over yet
    "53100": "full",
    "XX001": "damaged",
    "XX002": "damaged",
    "08": "away",
    "28": "away",  # it does not let us in
    "3D": "away",
    "53": "away",  # no memory, or too many connections
    "55": "away",
    "57": "away",  # it ends, or begins
    "58": "away",  # its own disk or system
}
"""By the whole number, or by its class, the first two letters."""


def trouble_of(error: BaseException) -> Trouble | None:
    """Return what is wrong with the database itself; None where the failure is another.

    A question that it doesn't take, such as one that is too long, is a mistake of ours.
    """
    if not isinstance(error, DatabaseError):
        return None
    if error.connection_invalidated:
        return "away"
    number = getattr(error.orig, "sqlite_errorcode", None)
    if number is not None:
        return _SQLITE.get(number & 0xFF)
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        # From the driver: no connection was made; or what was to be sent was too long to send.
        return "away" if isinstance(error, OperationalError) and error.statement is None else None
    return _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])


def is_database_away(error: BaseException) -> bool:
    """Whether a failure is the database's own, and not one of the question: it may be over soon."""
    return trouble_of(error) is not None


def is_duplicate(error: BaseException) -> bool:
    """Whether a row was refused because there is one like it: two came at the same moment.

    Both have looked for it, and found nothing; the database lets one of them in.
    """
    if not isinstance(error, IntegrityError):
        return False
    state = getattr(error.orig, "sqlstate", None)  # PostgreSQL's own number for it
    return state == "23505" or "UNIQUE constraint failed" in str(error.orig)


def said_by(error: DBAPIError) -> str:
    """Return what a driver says of a failure, in one line of bounded length, without values."""
    lines = str(error.orig).strip().splitlines()
    said = lines[0][:LONGEST] if lines else "?"
    if (getattr(error.orig, "sqlstate", None) or "").startswith("22"):  # about a value: quoted
        said = _QUOTED.sub('"…"', said)
    return said


def take_long_lists(engine: Engine) -> None:
    """Hand a long list that a column is compared with over as one value.

    SQLite takes 32,766 values in a statement and PostgreSQL 65,535: `in_` of more would fail, and
    naming thousands takes longer than finding their rows.
    """
    of_dialect = engine.dialect.statement_compiler
    is_sqlite = engine.dialect.name == "sqlite"

    class Compiler(of_dialect):  # type: ignore[misc,valid-type]  # its base is known only here
        def _literal_execute_expanding_parameter(
            self,
            name: str,
            parameter: BindParameter[object],
            values: Sequence[object],
            **more: object,
        ) -> tuple[list[tuple[str, object]], str]:
            """Return the parameters of a list, and how they stand in it (called by SQLAlchemy)."""
            is_long = len(values) > LONGEST_LIST and _is_plain(parameter, values, self.dialect)
            listed: tuple[list[tuple[str, object]], str] = (
                super()._literal_execute_expanding_parameter(
                    name, parameter, values[:1] if is_long else values, **more
                )
            )
            if not is_long:
                return listed
            ((only, _),), place = listed
            if is_sqlite:
                return [(only, json.dumps(values))], f"SELECT value FROM json_each({place})"  # noqa: S608 - a question mark
            kind = "" if "::" in place else "::BIGINT" if isinstance(values[0], int) else "::TEXT"
            return [(only, values)], f"SELECT unnest({place}{kind}[])"

    engine.dialect.statement_compiler = Compiler


def _is_plain(parameter: BindParameter[object], values: Sequence[object], dialect: Dialect) -> bool:
    """Whether a list has numbers or texts alone, stored as they are."""
    as_it_is = parameter.type.dialect_impl(dialect).bind_processor(dialect) is None
    return as_it_is and (
        all(type(value) is int for value in values) or all(type(value) is str for value in values)
    )


def keep_short(engine: Engine) -> None:
    """Let no failure of this engine say what was in its statement's rows, or more than a line.

    PostgreSQL names values (DETAIL: Key (name)=(…) already exists), and SQLAlchemy the statement,
    of which some are 400 KB long.
    """
    event.listen(engine, "handle_error", _shorten)


def _shorten(context: ExceptionContext) -> None:
    error = context.sqlalchemy_exception
    if not isinstance(error, DBAPIError) or error.orig is None:
        return
    said = said_by(error)
    error.args = (f"({type(error.orig).__module__}.{type(error.orig).__qualname__}) {said}",)
    error.orig.args = (said, *error.orig.args[1:])
    if error.statement is not None and len(error.statement) > LONGEST:
        error.statement = f"{error.statement[:LONGEST]}…"


def damage_of(connection: Connection) -> str | None:
    """Return what the database's own check finds wrong with its files, or None.

    SQLite reads every page and index; PostgreSQL is asked how many of its checksums failed, which
    it counts where they are switched on.
    """
    if connection.dialect.name == "sqlite":
        try:
            found = connection.execute(text("PRAGMA integrity_check(1)")).scalar_one()
        except DatabaseError as error:
            return str(error.orig)
        return None if found == "ok" else str(found).replace("\n", " ")
    failed = connection.execute(
        text("SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()")
    ).scalar()
    return f"{failed:,} checksums of its pages are wrong" if failed else None

"""What a failure of the database means, and what its own check finds."""

from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

DUPLICATE: Final = (
    "The same was added by somebody else at this very moment: look at what is there, and try again."
)
"""What is said where `is_duplicate` holds."""


def is_database_away(error: BaseException) -> bool:
    """Whether a failure is the database's own: it is away, full, locked, or not a database.

    SQLite says the last with the plain base class; its other children are slips of ours.
    """
    return isinstance(error, OperationalError) or type(error) is DatabaseError


def is_duplicate(error: BaseException) -> bool:
    """Whether a row was refused because there is one like it: two came at the same moment.

    Both have looked for it, and found nothing; the database lets one of them in.
    """
    if not isinstance(error, IntegrityError):
        return False
    state = getattr(error.orig, "sqlstate", None)  # PostgreSQL's own number for it
    return state == "23505" or "UNIQUE constraint failed" in str(error.orig)


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

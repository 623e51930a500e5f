"""What a failure of the database means."""

from typing import Final

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

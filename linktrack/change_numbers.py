"""Numbers of changes, given by the database in the order of commit: no machine's clock matters.

Who follows changes remembers the last number and asks what has a higher one. The number is drawn
as the last thing before a commit, from a row that stays locked until the commit is done, so a
lower number never becomes visible after a higher one.
"""

from typing import Final, Protocol

from sqlalchemy import BigInteger, Column, Connection, String, Table, event, select, text
from sqlalchemy.orm import Session, SessionTransaction

from linktrack.db import Base

change_numbers = Table(
    "change_numbers",
    Base.metadata,
    Column("name", String(40), primary_key=True),
    Column("number", BigInteger, nullable=False),
)
"""The last number that was given, for each kind of thing that is followed."""

_LINKS: Final = "links"
_MARKED: Final = "linktrack.numbered_at_commit"


class Numbered(Protocol):
    """A row that bears the number of its last change."""

    change_number: int


def number_at_commit(session: Session, *rows: Numbered) -> None:
    """Have the commit of this session draw the next number, and give it to these rows.

    Without rows it says that there are new links, which need no number of their own.
    """
    session.info.setdefault(_MARKED, []).extend(rows)


def draw_number(connection: Connection) -> int:
    """Draw the next number, as the last statement of a transaction.

    If it locked anything afterwards, two transactions could wait for each other.
    """
    statement = (
        "INSERT INTO change_numbers (name, number) VALUES (:name, 1) ON CONFLICT (name)"
        " DO UPDATE SET number = change_numbers.number + 1 RETURNING number"
    )
    return int(connection.execute(text(statement), {"name": _LINKS}).scalar_one())


def last_number(connection: Connection) -> int:
    """Return the last number whose changes are committed, as are all before it."""
    query = select(change_numbers.c.number).where(change_numbers.c.name == _LINKS)
    return connection.scalar(query) or 0


@event.listens_for(Session, "before_commit")
def _give_number(session: Session) -> None:
    if _MARKED not in session.info or session.in_nested_transaction():
        return
    session.flush()  # so that no row is locked after the number
    number = draw_number(session.connection())
    row: Numbered
    for row in session.info.pop(_MARKED):
        row.change_number = number


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_MARKED, None)

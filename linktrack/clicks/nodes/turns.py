"""Turns: work that one node does for all."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from linktrack.clicks.facts import read_fact, write_fact
from linktrack.db import Database, take_write_lock, to_ms

Work: TypeAlias = Literal["cards", "link_checks"]

_UNTIL: Final = "turn_{}_until"


def take_turn(database: Database, work: Work, now: datetime, length: timedelta) -> bool:
    """Whether this process is to do some work; for that `length` nobody else is.

    An end that is further away was written by a clock that ran ahead, and counts as over.
    """
    name = _UNTIL.format(work)
    with database.session(writes=True) as session:
        connection = session.connection()
        take_write_lock(connection)
        until = read_fact(connection, name) or 0
        if to_ms(now) < until <= to_ms(now + length):
            return False
        write_fact(connection, name, to_ms(now + length))
        session.commit()
    return True


@contextmanager
def turn(database: Database, work: Work, now: datetime, length: timedelta) -> Iterator[bool]:
    """Take a turn that ends with the block; who is killed in it keeps it for its `length`."""
    ours = take_turn(database, work, now, length)
    try:
        yield ours
    finally:
        if ours:
            with database.session(writes=True) as session:
                take_write_lock(session.connection())
                write_fact(session.connection(), _UNTIL.format(work), 0)
                session.commit()

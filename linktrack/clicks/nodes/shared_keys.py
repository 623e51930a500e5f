"""Visitor keys that the nodes have in common: a table, beside the file that each node has."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine, insert, select, text
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from linktrack.clicks.capture.visitors import EVEN_SECONDS
from linktrack.clicks.nodes.models import VisitorKey
from linktrack.db import is_sqlite

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeyTable:
    """The keys by their names, in a database that several nodes share."""

    engine: Engine

    def agree(self, name: str, proposal: bytes) -> bytes:
        """Return the key of that name: the first that any node has proposed."""
        with self.engine.begin() as connection:
            mine = insert_or_leave(VisitorKey).values(name=name, key=proposal)
            connection.execute(mine.on_conflict_do_nothing())
            # A statement of its own: it sees what another node has committed meanwhile.
            found = select(VisitorKey.key).where(VisitorKey.name == name)
            return bytes(connection.execute(found).scalar_one())

    def destroy(self, is_over: Callable[[str], bool], at: float) -> None:
        """Destroy the keys whose names are over, if the database's clock says `at`, too.

        The table is written anew into another file: a row that is only deleted stays in its place
        until something else takes that.
        """
        with self.engine.begin() as connection:
            if not any(map(is_over, connection.scalars(select(VisitorKey.name)))):
                return
            if not agrees_with(self.engine, at):
                log.warning("Old visitor keys stay: this clock isn't the database's.")
                return
        with self.engine.begin() as connection:
            connection.execute(text("LOCK TABLE visitor_keys IN ACCESS EXCLUSIVE MODE"))
            rows = connection.execute(select(VisitorKey.name, VisitorKey.key)).all()
            kept = [{"name": name, "key": key} for name, key in rows if not is_over(name)]
            connection.execute(text("TRUNCATE visitor_keys"))
            if kept:
                connection.execute(insert(VisitorKey), kept)
        log.info("Destroyed %d shared visitor keys.", len(rows) - len(kept))


def shared_keys(engine: Engine) -> KeyTable | None:
    """Return the table of keys; None on SQLite, which no other machine uses.

    There files are enough, and whoever copies the database's file has no key.
    """
    return None if is_sqlite(engine) else KeyTable(engine)


def agrees_with(engine: Engine, at: float) -> bool:
    """Whether the database's clock says `at` (seconds since 1970), give or take some minutes.

    What is deleted by a clock is gone for all nodes. SQLite has no clock but this machine's.
    """
    if is_sqlite(engine):
        return True
    with engine.connect() as connection:
        there = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())"))
        return abs(float(there.scalar_one()) - at) <= EVEN_SECONDS

"""A node tells the others how it is: every few seconds, and when it ends."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from linktrack import __version__
from linktrack.clicks.capture.backlog import read_backlog
from linktrack.clicks.capture.losses import read_lost
from linktrack.clicks.models import journals
from linktrack.clicks.nodes.identity import MOST_NAME, make_node
from linktrack.clicks.nodes.models import NodeRow
from linktrack.clicks.nodes.seen import Node, all_nodes, other_nodes, with_other_keys
from linktrack.db import Database, from_ms, is_sqlite, take_write_lock
from linktrack.errors import Conflict, NotFound
from linktrack.keys import Keys
from linktrack.owners.audit import note

log = logging.getLogger(__name__)

SECONDS: Final = 5.0
SECONDS_ALONE: Final = 30.0
"""On SQLite, where no other machine waits for it: each time is a write to the disk."""

KEPT: Final = timedelta(days=1)
"""For which a node that has ended, with nothing left to load, is still listed."""

OTHER_KEYS: Final = (
    "The keys of this node aren't those of {}: links of versions, sign-ins and tokens of one "
    "would fail on the other. Copy keys.json from its data folder into this one, and start again."
)


@dataclass(frozen=True, slots=True)
class Telling:
    """Writes down how this node is, for all nodes to read."""

    database: Database
    keys: Keys
    clock: Callable[[], datetime]

    def enter(self) -> None:
        """Tell it at the beginning; raises `Conflict` if a node that runs has other keys."""
        with self.database.session(writes=True) as session:
            take_write_lock(session.connection())  # two that begin at once see each other
            others = other_nodes(session, self.database.settings.journals)
            stranger = with_other_keys(others, self.keys.fingerprint, self.clock())
            if stranger is not None:
                raise Conflict(OTHER_KEYS.format(stranger.name))
            try:
                self._tell(session)
                session.commit()
            except OSError as error:  # links work all the same
                log.error("The journals' folder can't be used: %s", error)

    def tell(self, *, is_end: bool = False) -> None:
        """Tell it now, or that it ends. Raises SQLAlchemy's errors, and `OSError`."""
        with self.database.session(writes=True) as session:
            self._tell(session, is_end=is_end)
            session.commit()

    def _tell(self, session: Session, *, is_end: bool = False) -> None:
        settings, now = self.database.settings, self.clock()
        node = make_node(settings.journals)
        rows = session.execute(select(journals.c.name, journals.c.position))
        loaded = {row.name: row.position for row in rows}
        backlog, lost = read_backlog(settings.journals, loaded), read_lost(settings.journals)
        session.merge(
            NodeRow(
                id=node.id,
                name=(settings.node or node.machine)[:MOST_NAME],
                version=__version__,
                keys=self.keys.fingerprint,
                seen_at=now,
                ended_at=now if is_end else None,
                clicks_waiting=backlog.clicks,
                bytes_waiting=backlog.bytes,
                waiting_since=None if backlog.since is None else from_ms(backlog.since),
                lost_clicks=lost.count,
                lost_at=from_ms(lost.last_at) if lost.count else None,
            )
        )
        row = NodeRow
        over = row.ended_at < now - KEPT, row.bytes_waiting == 0
        alone = () if is_sqlite(session.connection()) else over
        session.execute(delete(row).where(row.id != node.id, *alone))

    def follow(self, wait: Callable[[float], bool]) -> None:
        """Tell it again and again; `wait(seconds)` returns whether to end."""
        failing = False
        seconds = SECONDS_ALONE if is_sqlite(self.database.engine) else SECONDS
        while not wait(seconds):
            try:
                self.tell()
                failing = False
            except (SQLAlchemyError, OSError) as error:  # away just now: nobody can read it either
                if not failing:
                    log.warning("The other nodes aren't told how this one is: %s", error)
                failing = True


def remove_node(session: Session, folder: Path, name: str, now: datetime) -> Node:
    """Forget a node, by name or id, that is gone for good; `folder` has this one's journals.

    Raises `NotFound`, and `Conflict` if it runs.
    """
    named = [node for node in all_nodes(session, folder) if name in (node.name, node.id)]
    gone = [node for node in named if node.state(now) != "running"]
    if not named:
        raise NotFound(f"There is no node {name[:60]}: linktrack status names them all.")
    if not gone:
        raise Conflict(f"The node {named[0].name} is running: stop it first.")
    session.execute(delete(NodeRow).where(NodeRow.id == gone[0].id))
    note(session, f"Removed the node {gone[0].name}.", now)
    return gone[0]

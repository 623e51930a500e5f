"""What each node says of itself, and what that means for the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.clicks.capture.losses import read_lost
from linktrack.clicks.nodes.identity import read_node
from linktrack.clicks.nodes.models import NodeRow
from linktrack.db import from_ms, is_sqlite

UNSEEN: Final = timedelta(seconds=90)
"""After so long without a word a node is said to be missing; it speaks every few seconds."""

State: TypeAlias = Literal["running", "stopped", "not seen"]


@dataclass(frozen=True, slots=True)
class Node:
    """A node as it last said; `waiting_since` is when the oldest click was made that waits there.

    `is_here`: these are the journals of this very machine.
    """

    id: str
    name: str
    version: str
    keys: str
    seen_at: datetime | None
    ended_at: datetime | None
    clicks_waiting: int
    bytes_waiting: int
    waiting_since: datetime | None
    lost_clicks: int
    lost_at: datetime | None
    is_here: bool = False

    def state(self, now: datetime) -> State:
        """Return whether it runs, was stopped in an orderly way, or is just no longer seen."""
        if self.ended_at is not None:
            return "stopped"
        is_seen = self.seen_at is not None and abs(now - self.seen_at) <= UNSEEN
        return "running" if is_seen else "not seen"

    def seconds_behind(self, now: datetime) -> float:
        """Return for how long the oldest click that waits has waited."""
        if self.waiting_since is None:
            return 0.0
        return round(max(0.0, (now - self.waiting_since).total_seconds()), 1)

    def loaded_until(self, now: datetime) -> datetime:
        """Return up to when all of its clicks are loaded: of one not seen, what it last said."""
        until = now if self.waiting_since is None else min(now, self.waiting_since)
        if self.state(now) == "not seen" and self.seen_at is not None:
            until = min(until, self.seen_at)
        return until

    def is_missed(self, now: datetime) -> bool:
        """Whether somebody should look at it: it is gone without a word, or with clicks."""
        state = self.state(now)
        return state == "not seen" or (state == "stopped" and self.bytes_waiting > 0)


def all_nodes(session: Session, folder: Path) -> Sequence[Node]:
    """Return what every node said last, by name; `folder` has this one's journals.

    An SQLite database is one machine's: others that are named in it wrote to a copy.
    """
    here = read_node(folder)
    own_id = None if here is None else here.id
    found = [
        Node(
            id=row.id,
            name=row.name,
            version=row.version,
            keys=row.keys,
            seen_at=row.seen_at,
            ended_at=row.ended_at,
            clicks_waiting=row.clicks_waiting,
            bytes_waiting=row.bytes_waiting,
            waiting_since=row.waiting_since,
            lost_clicks=row.lost_clicks,
            lost_at=row.lost_at,
            is_here=row.id == own_id,
        )
        for row in session.execute(select(*NodeRow.__table__.c))
    ]
    alone = is_sqlite(session.connection())
    return sorted(
        (node for node in found if node.is_here or not alone), key=lambda node: (node.name, node.id)
    )


def other_nodes(session: Session, folder: Path) -> Sequence[Node]:
    """Return what the other nodes said last."""
    return [node for node in all_nodes(session, folder) if not node.is_here]


def with_other_keys(others: Sequence[Node], fingerprint: str, now: datetime) -> Node | None:
    """Return a node that runs with other keys than those of this fingerprint, if there is one."""
    strangers = (node for node in others if node.keys != fingerprint)
    return next((node for node in strangers if node.state(now) == "running"), None)


def last_loss(session: Session, folder: Path) -> datetime | None:
    """Return when any node last lost a click, None if none ever did."""
    lost = read_lost(folder)
    here = from_ms(lost.last_at) if lost.count else None
    moments = [here, *(node.lost_at for node in other_nodes(session, folder))]
    return max((moment for moment in moments if moment is not None), default=None)

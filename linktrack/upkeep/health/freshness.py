"""Freshness: the time before which every click has been counted."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.clicks.models import clicks
from linktrack.db import from_ms
from linktrack.upkeep.health.status import Capture


@dataclass(frozen=True, slots=True)
class Freshness:
    """`until` is None if nothing is counted yet; `waiting` clicks are not counted yet.

    `damaged` lines are set aside; `lost` clicks could never be written, the last at `lost_at`.
    """

    until: datetime | None
    waiting: int
    damaged: int = 0
    lost: int = 0
    lost_at: datetime | None = None


def freshness(session: Session, folder: Path, now: datetime) -> Freshness:
    """Return until when clicks are counted: now, unless this machine's journals hold more."""
    capture = Capture.read(session, folder)
    until: datetime | None = now
    if capture.backlog.bytes:
        last = session.scalar(select(clicks.c.clicked_at).order_by(clicks.c.seq.desc()).limit(1))
        until = None if last is None else from_ms(last)
    return Freshness(
        until,
        max(capture.backlog.clicks, bool(capture.backlog.bytes)),
        capture.damaged_lines,
        capture.lost.count,
        capture.lost_at,
    )


def latest_click(session: Session) -> int:
    """Return the `seq` of the click that was counted last, 0 where there is none."""
    return session.scalar(select(func.max(clicks.c.seq))) or 0

"""Until when the figures are complete: everything clicked before that is counted."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.clicks.journal import SUFFIX
from linktrack.clicks.models import clicks, journals
from linktrack.db import from_ms


@dataclass(frozen=True, slots=True)
class Freshness:
    """`until` is None where nothing is counted yet; `waiting` bytes are to be loaded."""

    until: datetime | None
    waiting: int


def freshness(session: Session, folder: Path, now: datetime) -> Freshness:
    """Return until when clicks are counted: now, unless this machine's journals hold more."""
    loaded = {row.name: row.position for row in session.execute(select(journals))}
    waiting = 0
    for path in folder.glob(f"[!.]*{SUFFIX}"):
        try:
            waiting += max(0, path.stat().st_size - loaded.get(path.name, 0))
        except FileNotFoundError:  # deleted by the loader since we looked
            continue
    if not waiting:
        return Freshness(now, 0)
    last = session.scalar(select(clicks.c.clicked_at).order_by(clicks.c.seq.desc()).limit(1))
    return Freshness(None if last is None else from_ms(last), waiting)


def latest_click(session: Session) -> int:
    """Return the `seq` of the click that was counted last, 0 where there is none."""
    return session.scalar(select(func.max(clicks.c.seq))) or 0

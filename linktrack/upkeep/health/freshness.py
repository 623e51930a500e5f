"""Freshness: the time before which every click has been counted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.models import account_days
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


def freshness(session: Session, folder: Path, loaded: datetime) -> Freshness:
    """Return until when all clicks are counted: the moment up to which all are `loaded`.

    Reports take posts as complete by the same moment (`loading.loaded.loaded_until`).
    """
    capture = Capture.read(session, folder)
    nothing = capture.backlog.bytes and not latest_click(session)
    return Freshness(
        None if nothing else loaded,
        max(capture.backlog.clicks, bool(capture.backlog.bytes)),
        capture.damaged_lines,
        capture.lost.count,
        capture.lost_at,
    )


def latest_click(session: Session) -> int:
    """Return the `seq` of the click that was counted last, 0 where there is none."""
    return clicks_of(session).latest()


def clicks_so_far(session: Session, account_ids: Iterable[int]) -> int:
    """Return how many clicks these accounts have, of people and others.

    It changes with each of theirs and with no other's, as `latest_click` would.
    """
    days = account_days.c
    query = select(func.sum(days.clicks + days.not_human)).where(
        days.account_id.in_(list(account_ids))
    )
    return int(session.scalar(query) or 0)

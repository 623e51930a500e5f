"""Status: what the database holds, what waits to be loaded, and what went wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.calendar.days import Days
from linktrack.clicks.capture.backlog import Backlog, read_backlog
from linktrack.clicks.capture.losses import Lost, read_lost
from linktrack.clicks.counts.counted_by import changed_settings
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import EVERY
from linktrack.clicks.models import account_days, journals
from linktrack.db import from_ms, to_ms
from linktrack.errors import Unavailable
from linktrack.links.models import Link, Post
from linktrack.settings import Settings


@dataclass(frozen=True, slots=True)
class Capture:
    """How the clicks of this node come in: what waits, is damaged, was lost.

    `damaged_lines` are those of all nodes, since the beginning or the last deleted files.
    """

    backlog: Backlog
    damaged_lines: int
    lost: Lost

    @classmethod
    def read(cls, session: Session, folder: Path) -> Self:
        """Read it from the database and the folder of the journals."""
        rows = session.execute(select(journals.c.name, journals.c.position, journals.c.bad_lines))
        loaded, damaged = {}, 0
        for name, position, bad_lines in rows:
            loaded[name] = position
            damaged += bad_lines
        return cls(read_backlog(folder, loaded), damaged, read_lost(folder))

    @property
    def lost_at(self) -> datetime | None:
        """When the last click was lost."""
        return from_ms(self.lost.last_at) if self.lost.count else None


def status_of(
    session: Session, settings: Settings, now: datetime
) -> Mapping[str, int | float | None]:
    """Return counts of what there is, what waits, and what was damaged or lost.

    `settings_to_rebuild_for` are those that counts hang on and that have changed since.
    `clicks` is None while what keeps them doesn't answer.
    """
    capture = Capture.read(session, settings.journals)
    days = Days(settings.timezone, settings.visitor_period)
    return {
        "accounts": session.scalar(select(func.count()).select_from(Account)) or 0,
        "posts": session.scalar(select(func.count()).select_from(Post)) or 0,
        "links": session.scalar(select(func.count()).select_from(Link)) or 0,
        "clicks": _stored(session),
        "clicks_to_load": capture.backlog.clicks,
        "seconds_behind": round(capture.backlog.seconds(to_ms(now)), 1),
        "bytes_to_load": capture.backlog.bytes,
        "damaged_lines": capture.damaged_lines,
        "lost_clicks": capture.lost.count,
        "settings_to_rebuild_for": len(changed_settings(session.connection(), days)),
    }


def _stored(session: Session) -> int | None:
    try:
        number: int = clicks_of(session).count(EVERY)[0][0]
    except Unavailable:
        return None
    return number


def why_not_known(session: Session) -> str:
    """Return why the number of clicks is not known, in a sentence; empty where it is."""
    try:
        clicks_of(session).count(EVERY)
    except Unavailable as error:
        return error.sentence
    return ""


def counted_clicks(session: Session) -> int:
    """Return how many clicks are counted, from the days and not from the clicks: quickly."""
    days = account_days.c
    return int(session.scalar(select(func.sum(days.clicks + days.not_human))) or 0)

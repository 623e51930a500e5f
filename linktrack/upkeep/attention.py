"""What waits for the owner: space on the disk, clicks to be loaded, old counts, dead destinations.

The doctor, the notices on pages and the page "Needs you" say it from here, with one judgement.
"""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.clicks.journal import SUFFIX
from linktrack.clicks.models import journals
from linktrack.reports.accounts import AccountLine, account_lines

SCARCE_BYTES: Final = 500 * 1000**2  # a busy day's clicks, a backup and a vacuum need about that
BEHIND_SECONDS: Final = 60.0  # a loader that runs takes what is written within a second
OLD_COUNT: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes of the disk that holds the data folder."""

    free: int
    total: int

    @property
    def is_scarce(self) -> bool:
        """Whether it is time to make room; a small disk may be quite full."""
        return self.free < min(SCARCE_BYTES, self.total / 5)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Clicks that wait in journals: bytes, and for how long the oldest file has waited (seconds).

    A file that is written to all the time has waited since its last line only.
    """

    waiting: int
    seconds: float

    @property
    def is_behind(self) -> bool:
        """Whether nothing seems to load them."""
        return self.waiting > 0 and self.seconds >= BEHIND_SECONDS


def space_of(folder: Path) -> Space:
    """Return the space of the disk a folder is on; raises `OSError`."""
    usage = shutil.disk_usage(folder)
    return Space(usage.free, usage.total)


def backlog_of(session: Session, folder: Path) -> Backlog:
    """Return what this machine's journals hold beyond the database."""
    loaded = {row.name: row.position for row in session.execute(select(journals))}
    waiting, oldest = 0, time.time()
    for path in folder.glob(f"[!.]*{SUFFIX}"):
        try:
            facts = path.stat()
        except FileNotFoundError:  # loaded long ago, and deleted just now
            continue
        left = facts.st_size - loaded.get(path.name, 0)
        if left > 0:
            waiting += left
            oldest = min(oldest, facts.st_mtime)
    return Backlog(waiting, time.time() - oldest)


def old_counts(session: Session, now: datetime) -> Sequence[AccountLine]:
    """Return the accounts whose last follower count is more than 30 days old."""
    return [
        line
        for line in account_lines(session)
        if line.followers_at is not None and now - line.followers_at > OLD_COUNT
    ]

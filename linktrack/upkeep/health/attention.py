"""What waits for the owner: space on the disk, clicks to be loaded, old counts, dead destinations.

The doctor, the notices on pages and the page "Needs you" say it from here, with one judgement.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.account_lines import AccountLine, account_lines
from linktrack.clicks.capture.backlog import Backlog
from linktrack.db import to_ms

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


def space_of(folder: Path) -> Space:
    """Return the space of the disk a folder is on; raises `OSError`."""
    usage = shutil.disk_usage(folder)
    return Space(usage.free, usage.total)


def is_behind(backlog: Backlog, now: datetime) -> bool:
    """Whether the oldest click that waits has waited so long that nothing seems to load it."""
    return backlog.seconds(to_ms(now)) >= BEHIND_SECONDS


def old_counts(session: Session, now: datetime) -> Sequence[AccountLine]:
    """Return the accounts whose last follower count is more than 30 days old."""
    return [
        line
        for line in account_lines(session)
        if line.followers_at is not None and now - line.followers_at > OLD_COUNT
    ]

"""Up to which moment every click is loaded: what ended before it is complete."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.clicks.capture.backlog import read_backlog
from linktrack.clicks.models import journals
from linktrack.db import from_ms


def loaded_until(session: Session, folder: Path, now: datetime) -> datetime:
    """Return `now`, or when the oldest click was made that waits in the journals of a folder.

    Other machines' journals lie in folders of their own, and are not looked at.
    """
    rows = session.execute(select(journals.c.name, journals.c.position))
    since = read_backlog(folder, {row.name: row.position for row in rows}).since
    return now if since is None else min(now, from_ms(since))

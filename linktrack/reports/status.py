"""What is in the database, and what waits to be loaded."""

from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.clicks.journal import SUFFIX
from linktrack.clicks.models import clicks, journals
from linktrack.links.models import Link, Post


def status_of(session: Session, folder: Path) -> dict[str, int]:
    """Return counts of what there is; `bytes_to_load` is what the journals hold beyond it."""
    loaded = {
        row.name: row.position
        for row in session.execute(select(journals.c.name, journals.c.position))
    }
    waiting = 0
    for path in folder.glob(f"[!.]*{SUFFIX}"):
        try:
            waiting += max(0, path.stat().st_size - loaded.get(path.name, 0))
        except FileNotFoundError:  # loaded long ago, and deleted just now
            continue
    damaged = session.scalar(select(func.sum(journals.c.bad_lines)))
    return {
        "accounts": session.scalar(select(func.count()).select_from(Account)) or 0,
        "posts": session.scalar(select(func.count()).select_from(Post)) or 0,
        "links": session.scalar(select(func.count()).select_from(Link)) or 0,
        "clicks": session.scalar(select(func.count()).select_from(clicks)) or 0,
        "bytes_to_load": waiting,
        "damaged_lines": int(damaged or 0),
    }

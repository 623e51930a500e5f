"""Up to which moment every click is loaded: what ended before it is complete."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.clicks.capture.backlog import read_backlog
from linktrack.clicks.models import journals
from linktrack.clicks.nodes.seen import other_nodes
from linktrack.db import from_ms


def loaded_until(session: Session, folder: Path, now: datetime) -> datetime:
    """Return `now`, or when the oldest click was made that waits in any node's journals.

    Of the journals in this folder that is looked at; of other nodes' it is what they said last, and
    of one that is no longer seen nothing is known since then.
    """
    rows = session.execute(select(journals.c.name, journals.c.position))
    since = read_backlog(folder, {row.name: row.position for row in rows}).since
    here = now if since is None else min(now, from_ms(since))
    return min(here, *(node.loaded_until(now) for node in other_nodes(session, folder)), now)

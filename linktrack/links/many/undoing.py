"""Undo what was done to many links at once, as a whole and once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from linktrack.chunks import chunked
from linktrack.db import take_edit_lock, to_ms
from linktrack.errors import Conflict
from linktrack.links.bulk import own_codes
from linktrack.links.catalog import Shortener
from linktrack.links.labels import tags_by_link
from linktrack.links.many.changing import CHUNK, become, state_of
from linktrack.links.many.models import BulkChange
from linktrack.links.many.recording import changed_links, steps_of
from linktrack.links.many.state import State
from linktrack.links.models import Link
from linktrack.owners.audit import note

UNDONE: Final = "This was undone already."


@dataclass(frozen=True, slots=True)
class Undone:
    """How many links are again what they were, and those that were changed since: left alone."""

    restored: int
    left: Sequence[Link]


def undo_change(
    session: Session, shortener: Shortener, change: BulkChange, now: datetime
) -> Undone:
    """Make links again what they were before a bulk change, but those changed since.

    Links that it made are disabled, and short codes that people chose for them are free again.
    Raises `Conflict` if it was undone already.
    """
    take_edit_lock(session.connection())
    session.refresh(change)
    if change.undone_at is not None:
        raise Conflict(UNDONE)
    kept = steps_of(session, change)
    links = changed_links(session, change)
    present: dict[int, State] = {}
    for part in chunked(links, CHUNK):
        tags = tags_by_link(session, [link.id for link in part])
        present.update((link.id, state_of(link, tags[link.id])) for link in part)
    steps: list[tuple[Link, State, State]] = []
    left = []
    freed = []
    for link in links:
        before, after = kept[link.id]
        if present[link.id] != replace(after, slug=None) or after.slug not in (None, link.code):
            left.append(link)
        elif change.kind == "made":
            steps.append((link, present[link.id], replace(before, disabled_at=to_ms(now))))
            freed += [link] if after.slug else []
        else:
            steps.append((link, present[link.id], before))
    become(session, steps, now)
    domains = {link.id: link.domain_id for link in freed}
    codes = own_codes(session.connection(), shortener.codes, domains)
    for link in freed:
        link.code = codes[link.id]
    change.undone_at = now
    session.flush()
    alone = f", {len(left):,} left alone" if left else ""
    note(session, f"Undid for {len(steps):,} links{alone}: {change.what}", now)
    return Undone(len(steps), left)

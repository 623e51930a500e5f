"""Write down what was done to many links at once, and find it again."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from linktrack.errors import NotFound
from linktrack.ids import AccountId, LinkId
from linktrack.links.many.models import BulkChange, BulkChangedLink, Kind
from linktrack.links.many.state import State
from linktrack.links.models import Link
from linktrack.owners.audit import note, shortened, who

Steps: TypeAlias = Mapping[LinkId, tuple[State, State]]
"""What each link was before, and is after."""

MOST_LISTED: Final = 50


def record(
    session: Session,
    kind: Kind,
    what: str,
    steps: Steps,
    *,
    accounts: Iterable[AccountId],
    at: datetime,
) -> BulkChange:
    """Keep what became of links, so that it can be undone; tell the audit list in one sentence."""
    of = set(accounts)
    change = BulkChange(
        at=at,
        kind=kind,
        account_id=of.pop() if len(of) == 1 else None,
        actor=who(session),
        what=shortened(what),
    )
    session.add(change)
    session.flush()
    rows = [
        {
            "change_id": change.id,
            "link_id": link_id,
            "before": before.written(),
            "after": after.written(),
        }
        for link_id, (before, after) in steps.items()
    ]
    if rows:
        session.execute(insert(BulkChangedLink), rows)
    note(session, what, at)
    return change


def get_change(session: Session, number: int) -> BulkChange:
    """Return a bulk change by its number; raises `NotFound`."""
    found = session.scalar(select(BulkChange).where(BulkChange.id == number))
    if found is None:
        raise NotFound(f"There is no bulk change number {number}.")
    return found


def list_changes(session: Session, before: int | None = None) -> Sequence[tuple[BulkChange, int]]:
    """Return bulk changes, newest first, each with its number of links: MOST_LISTED at most.

    With `before`, those older than the one of this number.
    """
    links = (
        select(func.count())
        .select_from(BulkChangedLink)
        .where(BulkChangedLink.change_id == BulkChange.id)
        .scalar_subquery()
    )
    query = select(BulkChange, links).order_by(BulkChange.id.desc()).limit(MOST_LISTED)
    if before is not None:
        query = query.where(BulkChange.id < before)
    return [(change, count) for change, count in session.execute(query)]


def changed_links(session: Session, change: BulkChange) -> Sequence[Link]:
    """Return the links of a bulk change, in the order of their making."""
    query = (
        select(Link)
        .join(BulkChangedLink, BulkChangedLink.link_id == Link.id)
        .where(BulkChangedLink.change_id == change.id)
    )
    return session.scalars(query.order_by(Link.id)).all()


def steps_of(session: Session, change: BulkChange) -> Steps:
    """Return what each link of a bulk change was before it, and was made by it."""
    query = select(BulkChangedLink).where(BulkChangedLink.change_id == change.id)
    return {
        row.link_id: (State.read(row.before), State.read(row.after))
        for row in session.scalars(query.order_by(BulkChangedLink.link_id))
    }

"""Segments: named, ordered groups of an account's followers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, Segment
from linktrack.errors import Conflict, Invalid
from linktrack.owners.audit import note

LARGEST: Final = 2**31 - 1


def add_segment(
    session: Session, account: Account, name: str, size: int | None, now: datetime
) -> Segment:
    """Add a segment after the account's others; `size` is how many people it has, if known.

    Raises `Invalid` or `Conflict`.
    """
    name = name.strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise Invalid("A segment needs a name of 1 to 100 visible characters.")
    if size is not None and not 0 <= size <= LARGEST:
        raise Invalid(f"A segment cannot have {size} people: give a whole number, 0 or more.")
    of_account = Segment.account_id == account.id
    if session.scalar(select(Segment).where(of_account, Segment.name == name)) is not None:
        raise Conflict(f"{account.handle} has a segment {name!r} already.")
    last = session.scalar(select(func.max(Segment.position)).where(of_account))
    segment = Segment(
        account_id=account.id, name=name, position=(last or 0) + 1, size=size, created_at=now
    )
    session.add(segment)
    note(session, f"Added the segment {name} to {account.handle}.", now)
    return segment


def list_segments(session: Session, account: Account) -> Sequence[Segment]:
    """Return the segments of an account in their order."""
    query = select(Segment).where(Segment.account_id == account.id).order_by(Segment.position)
    return session.scalars(query).all()

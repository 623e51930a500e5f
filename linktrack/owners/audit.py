"""The audit list: who changed access or data, what, and when.

A capability calls `note` in the transaction that makes the change: both are stored, or neither.
Who acts is known by the door that opened the session, which says so with `acting`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.owners.models import AuditEntry

SOMEBODY: Final = "linktrack"
_ACTOR: Final = "actor"
_HUSHED: Final = "hushed"
_LONGEST: Final = 300  # characters of a sentence; what is longer is cut


def acting(session: Session, actor: str) -> None:
    """Say who acts in this session: an owner's name, a token's, or the command line."""
    session.info[_ACTOR] = actor


def who(session: Session) -> str:
    """Return who acts in this session."""
    return str(session.info.get(_ACTOR, SOMEBODY))[:100]


def shortened(what: str) -> str:
    """Return a sentence as long as the list has room for."""
    return what if len(what) <= _LONGEST else f"{what[: _LONGEST - 1]}…"


def hush(session: Session) -> None:
    """Let this session's changes be no entries each: its caller tells of all in one sentence."""
    session.info[_HUSHED] = True


def by_hand(session: Session) -> bool:
    """Whether somebody acts in this session; what runs by itself every hour is not audited."""
    return _ACTOR in session.info


def note(session: Session, what: str, at: datetime, actor: str | None = None) -> None:
    """Add one sentence to the audit list, such as "Disabled the link winter."; no secret in it."""
    if _HUSHED in session.info:
        return
    session.add(AuditEntry(at=at, actor=(actor or who(session))[:100], what=shortened(what)))
    session.flush()


def entries(session: Session, before: int | None, limit: int) -> Sequence[AuditEntry]:
    """Return entries, newest first, older than the entry numbered `before`."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return session.scalars(query).all()

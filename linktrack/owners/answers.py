"""Answers to POSTs with an Idempotency-Key, kept for a day."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from linktrack.errors import Conflict, Invalid
from linktrack.owners.models import IdempotentAnswer

KEPT: Final = timedelta(days=1)
OPEN: Final = 0  # the status of one that is not answered yet


def reserve_answer(
    session: Session, token_id: int, key: str, request_hash: str, now: datetime
) -> IdempotentAnswer | None:
    """Return what was answered under a key, or put the key down and return None.

    It is stored with the commit of the caller's own work. Raises `Invalid` if the
    key belongs to another request, and `Conflict` if the first was not answered to its end.
    """
    session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.answered_at < now - KEPT))
    known = session.get(IdempotentAnswer, (token_id, key))
    if known is None:
        session.add(
            IdempotentAnswer(
                token_id=token_id,
                key=key,
                request_hash=request_hash,
                status=OPEN,
                body="",
                answered_at=now,
            )
        )
        try:
            session.flush()
        except IntegrityError as error:
            raise Conflict("This Idempotency-Key is being answered right now.") from error
        return None
    if known.request_hash != request_hash:
        raise Invalid("This Idempotency-Key was used for another request: choose a new one.")
    if known.status == OPEN:
        raise Conflict(
            "The first request with this Idempotency-Key was done, but its answer is lost: look "
            "at what is there before you send it under another key."
        )
    return known


def remember_answer(session: Session, token_id: int, key: str, status: int, body: str) -> None:
    """Complete what `reserve_answer` has stored."""
    known = session.get(IdempotentAnswer, (token_id, key))
    assert known is not None
    known.status, known.body = status, body
    session.flush()

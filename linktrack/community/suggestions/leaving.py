"""What goes: suggestions that were decided long ago, and those that the owner deletes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from linktrack.community.models import Suggestion
from linktrack.community.suggestions.models import (
    SeenSuggestion,
    SuggestedAddress,
    SuggestionAnswer,
)

KEEP_DECIDED: Final = timedelta(weeks=8)
"""So long after the decision who it was and what they wrote is kept: long enough for a draft to be
published, and its sender to be told."""

KEEP_WAITING: Final = timedelta(weeks=26)
"""What nobody has decided on in half a year is deleted."""

KEEP_SEEN: Final = timedelta(days=400)
"""So long a deleted suggestion isn't taken in again; nothing so old is read then."""

_AT_ONCE: Final = 500


def tidy(session: Session, now: datetime) -> int:
    """Delete what has been kept long enough; return how many suggestions that was.

    Of a decided one the addresses stay, with the draft that came of it: they are what reports of
    posts are made of, and say nothing of the person.
    """
    decided = select(Suggestion).where(
        Suggestion.decided_at < now - KEEP_DECIDED, Suggestion.bared_at.is_(None)
    )
    old = session.scalars(decided.order_by(Suggestion.id).limit(_AT_ONCE)).all()
    bare(session, old, now)
    waiting = select(Suggestion).where(
        Suggestion.state == "new", Suggestion.received_at < now - KEEP_WAITING
    )
    forgotten = session.scalars(waiting.order_by(Suggestion.id).limit(_AT_ONCE)).all()
    delete_for_good(session, forgotten, now)
    session.execute(delete(SeenSuggestion).where(SeenSuggestion.seen_at < now - KEEP_SEEN))
    return len(old) + len(forgotten)


def bare(session: Session, suggestions: Sequence[Suggestion], now: datetime) -> None:
    """Delete who suggested these, what they wrote, and what they were answered."""
    _drop_answers(session, suggestions)
    for each in suggestions:
        each.network_id = each.person_id = each.handle = each.handle_key = None
        each.sealed_mail = each.mail_digest = None
        each.text, each.wants_word, each.bared_at = "", False, now
    session.flush()


def delete_for_good(session: Session, suggestions: Sequence[Suggestion], now: datetime) -> None:
    """Delete suggestions with all that belongs to them; none is taken in again."""
    _drop_answers(session, suggestions)
    numbers = [each.id for each in suggestions]
    session.execute(delete(SuggestedAddress).where(SuggestedAddress.suggestion_id.in_(numbers)))
    for each in suggestions:
        if each.post_digest is not None:
            trace = SeenSuggestion(account_id=each.account_id, digest=each.post_digest, seen_at=now)
            session.merge(trace)
        session.delete(each)
    session.flush()


def _drop_answers(session: Session, suggestions: Sequence[Suggestion]) -> None:
    numbers = [each.id for each in suggestions]
    session.execute(delete(SuggestionAnswer).where(SuggestionAnswer.suggestion_id.in_(numbers)))

"""Store what somebody suggests: once, and cut to a bound."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.forgetting import digest, handle_key
from linktrack.audience.models import Account
from linktrack.community.models import Suggestion, SuggestionWay
from linktrack.community.suggestions.addresses import key_of
from linktrack.community.suggestions.models import SeenSuggestion, SuggestedAddress

LONGEST: Final = 2_000
"""Characters of a suggestion's text: posts are shorter on most networks, and are cut there."""

MOST_NEW: Final = 500
"""Suggestions of one account that wait, at most: then its owner decides before more are taken."""

MOST_OF_ONE: Final = 10
"""Suggestions of one person that wait on an account, at most; more are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """Something that was suggested, as it is stored; `addresses` are as `parse_destination` has it.

    Its text is no longer than LONGEST.
    """

    way: SuggestionWay
    text: str
    addresses: Sequence[str]
    said_at: datetime
    network_id: str | None = None
    post_digest: str | None = None
    person_id: str | None = None
    handle: str | None = None
    sealed_mail: str | None = None
    mail_digest: str | None = None
    wants_word: bool = False


def keep(session: Session, account: Account, said: Suggested, now: datetime) -> Suggestion:
    """Store a suggestion; that it is a new one the caller knows."""
    found = Suggestion(
        account_id=account.id,
        way=said.way,
        state="new",
        network_id=said.network_id,
        post_digest=said.post_digest,
        person_id=said.person_id,
        handle=said.handle,
        handle_key=None if said.handle is None else handle_key(said.handle),
        sealed_mail=said.sealed_mail,
        mail_digest=said.mail_digest,
        text=said.text[:LONGEST],
        said_at=said.said_at,
        received_at=now,
        wants_word=said.wants_word,
    )
    session.add(found)
    session.flush()
    for position, address in enumerate(said.addresses):
        session.add(
            SuggestedAddress(
                suggestion_id=found.id, position=position, key=key_of(address), address=address
            )
        )
    session.flush()
    return found


def room_for(session: Session, account: Account) -> int:
    """Return how many more suggestions of an account may wait for its owner."""
    waiting = select(func.count()).where(
        Suggestion.account_id == account.id, Suggestion.state == "new"
    )
    return MOST_NEW - (session.scalar(waiting) or 0)


def seen_of(session: Session, account: Account, digests: Collection[str]) -> set[str]:
    """Return which posts, by their `seen_digest`, were taken in before, deleted ones too."""
    there = session.scalars(
        select(Suggestion.post_digest).where(
            Suggestion.account_id == account.id, Suggestion.post_digest.in_(digests)
        )
    )
    traces = session.scalars(
        select(SeenSuggestion.digest).where(
            SeenSuggestion.account_id == account.id, SeenSuggestion.digest.in_(digests)
        )
    )
    return {each for each in there if each is not None} | set(traces)


def seen_digest(key: bytes, account: Account, network_id: str) -> str:
    """Return the keyed hash of a post (`Keys.forgetting`); people's have no such mark."""
    return digest(key, account.network, f"suggested\0{network_id}")


def waiting_by_person(
    session: Session, account: Account, person_ids: Collection[str]
) -> dict[str, int]:
    """Return how many suggestions of each of these people wait on an account."""
    query = (
        select(Suggestion.person_id, func.count())
        .where(Suggestion.account_id == account.id, Suggestion.state == "new")
        .where(Suggestion.person_id.in_(person_ids))
        .group_by(Suggestion.person_id)
    )
    return {str(person): count for person, count in session.execute(query)}


def shortened(text: str) -> str:
    """Return a text cut to LONGEST, at a space: half an address would be another."""
    if len(text) <= LONGEST:
        return text
    kept = text[: LONGEST - 2]
    if not text[LONGEST - 2].isspace():
        kept = kept[: max(kept.rfind(" "), kept.rfind("\n"), 0)]
    return f"{kept.rstrip()} …"

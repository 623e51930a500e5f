"""Asking for an answer to whoever suggested something: thanks, or that it is published.

Nothing is said without the owner. What is asked for here is said by `saying.py`, each kind once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.models import Account, StoredCredential
from linktrack.community.models import Suggestion
from linktrack.community.suggestions.models import AnswerKind, AnswerWay, SuggestionAnswer
from linktrack.errors import Conflict, Invalid
from linktrack.links.lengths import length
from linktrack.links.models import Post
from linktrack.networks.registry import network_of
from linktrack.networks.tids import new_tid
from linktrack.owners.audit import note
from linktrack.publishing.sendings import sending_of

LONGEST: Final = 2_000  # characters of an answer


@dataclass(frozen=True, slots=True)
class Offer:
    """How somebody can be answered, and the text that is proposed for it."""

    kind: AnswerKind
    way: AnswerWay
    text: str


def thanks_for(session: Session, account: Account, suggestion: Suggestion) -> Offer | None:
    """Return how somebody can be thanked: by a reply, else by hand; None: nobody knows them."""
    if suggestion.handle is None and suggestion.network_id is None:
        return None
    way: AnswerWay = "reply" if can_reply(session, account, suggestion) else "hand"
    return Offer("thanks", way, _addressed(account, suggestion, "Thank you for the link!"))


def word_for(
    session: Session, account: Account, suggestion: Suggestion, *, can_mail: bool
) -> Offer | None:
    """Return how somebody can be told that their find is published; None: they can't be.

    Whoever used the form hears of it only where they asked for it. `can_mail`: mail can be sent.
    """
    post = None if suggestion.post_id is None else session.get(Post, suggestion.post_id)
    if post is None or post.state != "published" or suggestion.bared_at is not None:
        return None
    if suggestion.told_at is not None or (suggestion.way == "form" and not suggestion.wants_word):
        return None
    way: AnswerWay = "hand"
    if suggestion.sealed_mail is not None and can_mail:
        way = "mail"
    elif can_reply(session, account, suggestion):
        way = "reply"
    elif suggestion.handle is None and suggestion.sealed_mail is None:
        return None
    sending = sending_of(session, post.id)
    where = sending.url if sending is not None and sending.url else f"on {account.handle}"
    text = f"I've shared what you found: {where}. Thank you!"
    return Offer("published", way, _addressed(account, suggestion, text))


def can_reply(session: Session, account: Account, suggestion: Suggestion) -> bool:
    """Whether the account is connected, and they spoke to it on its network."""
    if suggestion.network_id is None or not network_of(account.network).shows_mentions:
        return False
    stored = session.get(StoredCredential, account.id)
    return stored is not None and stored.problem is None and not account.simulated


def ask(
    session: Session,
    account: Account,
    suggestion: Suggestion,
    offer: Offer,
    now: datetime,
    *,
    base_url: str,
) -> SuggestionAnswer:
    """Keep that the owner wants somebody answered in these words; by hand they have done it.

    Asked for again, it is the same answer, whatever the words are then. One that was refused, or
    in doubt, and is asked for by hand, is done. Raises `Invalid` for a text that can't be sent,
    `Conflict` where there is nothing to thank for or to tell.
    """
    text = offer.text.strip()
    _check_state(session, suggestion, offer.kind)
    there = session.get(SuggestionAnswer, (suggestion.id, offer.kind), with_for_update=True)
    if there is not None and there.state in ("due", "begun", "done"):
        return there
    if there is not None and offer.way != "hand":
        raise Conflict(
            f"{there.problem or 'It may have been sent.'} linktrack doesn't send it again: answer "
            "by hand, and tick that."
        )
    if offer.way == "reply":
        if not can_reply(session, account, suggestion):
            raise Invalid(f"{account.handle} can't reply to this: copy the text, and send it.")
        _check_text(account, text, base_url)
    if offer.way == "mail" and suggestion.sealed_mail is None:
        raise Invalid("There is no mail address to send this to.")
    is_done = offer.way == "hand"
    answer = there or SuggestionAnswer(suggestion_id=suggestion.id, kind=offer.kind, asked_at=now)
    answer.way, answer.text, answer.key = offer.way, text[:LONGEST], new_tid()
    answer.state = "done" if is_done else "due"
    answer.next_at, answer.ended_at = (None, now) if is_done else (now, None)
    answer.attempts, answer.problem = 0, None
    session.add(answer)
    if offer.kind == "thanks" and suggestion.state == "new":
        suggestion.state, suggestion.decided_at = "thanked", now
    if offer.kind == "published" and is_done:
        mark_told(suggestion, now)
    deed = "Thanked for" if offer.kind == "thanks" else "Told who sent"
    note(session, f"{deed} suggestion {suggestion.id}, by {offer.way}.", now)
    session.flush()
    return answer


def mark_told(suggestion: Suggestion, now: datetime) -> None:
    """Keep that somebody knows that it is published; their mail address is no longer needed."""
    suggestion.told_at = now
    suggestion.sealed_mail = suggestion.mail_digest = None


def _check_state(session: Session, suggestion: Suggestion, kind: AnswerKind) -> None:
    if suggestion.bared_at is not None:
        raise Conflict("Who suggested this was deleted after some weeks: nobody can be answered.")
    if kind == "thanks" and suggestion.state == "declined":
        raise Conflict(f"Suggestion {suggestion.id} was declined already.")
    if kind == "published":
        post = None if suggestion.post_id is None else session.get(Post, suggestion.post_id)
        if post is None or post.state != "published":
            raise Conflict("Its draft isn't published yet: they can be told then.")


def _check_text(account: Account, text: str, base_url: str) -> None:
    if not text:
        raise Invalid("The answer is empty.")
    used = length(text, account.network, base_url, account.text_limits)
    if not used.fits or len(text) > LONGEST:
        raise Invalid(f"The answer is too long for {network_of(account.network).label}.")


def _addressed(account: Account, suggestion: Suggestion, text: str) -> str:
    """Return a text that reaches them: on Mastodon a reply notifies those alone whom it names."""
    if account.network == "mastodon" and suggestion.handle is not None:
        return f"{suggestion.handle} {text}"
    return text

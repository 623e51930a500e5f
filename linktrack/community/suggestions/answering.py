"""Asking for an answer to whoever suggested something: thanks, or that it is published.

Nothing is said without the owner. What is asked for here is said by `saying.py`, each kind once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.credentials import connections
from linktrack.audience.models import Account
from linktrack.community.models import Suggestion
from linktrack.community.suggestions.models import AnswerKind, AnswerWay, SuggestionAnswer
from linktrack.errors import Conflict, Invalid
from linktrack.links.lengths import length
from linktrack.links.models import Post
from linktrack.networks.registry import network_of
from linktrack.networks.tids import new_tid
from linktrack.owners.audit import note
from linktrack.publishing.sendings import sendings_of

LONGEST: Final = 2_000  # characters of an answer


@dataclass(frozen=True, slots=True)
class Offer:
    """How somebody can be answered, and the text that is proposed for it."""

    kind: AnswerKind
    way: AnswerWay
    text: str


@dataclass(frozen=True, slots=True)
class Offers:
    """How somebody can be thanked, and told that it is published; None: they can't be."""

    thanks: Offer | None
    word: Offer | None


def offers_for(
    session: Session, suggestions: Sequence[Suggestion], *, can_mail: bool
) -> Mapping[int, Offers]:
    """Return how whoever sent these can be answered, by the suggestions' numbers.

    Whoever used the form hears that it is published only where they asked for it. `can_mail`: mail
    can be sent.
    """
    accounts = {
        account.id: account
        for account in session.scalars(
            select(Account).where(Account.id.in_({each.account_id for each in suggestions}))
        )
    }
    connected = {number for number, found in connections(session).items() if found.problem is None}
    numbers = [each.post_id for each in suggestions if each.post_id is not None]
    published = session.scalars(
        select(Post.id).where(Post.id.in_(numbers), Post.state == "published")
    )
    sent = sendings_of(session, numbers)
    shown = {number: sent[number].url if number in sent else None for number in published}
    found = {}
    for each in suggestions:
        account = accounts[each.account_id]
        replies = account.id in connected and _may_be_replied_to(account, each)
        word = None
        if each.post_id is not None and each.post_id in shown:
            where = shown[each.post_id] or f"on {account.handle}"
            word = _word(account, each, where, replies=replies, can_mail=can_mail)
        found[each.id] = Offers(_thanks(account, each, replies=replies), word)
    return found


def _thanks(account: Account, suggestion: Suggestion, *, replies: bool) -> Offer | None:
    if suggestion.handle is None and suggestion.network_id is None:
        return None
    text = _addressed(account, suggestion, "Thank you for the link!")
    return Offer("thanks", "reply" if replies else "hand", text)


def _word(
    account: Account, suggestion: Suggestion, where: str, *, replies: bool, can_mail: bool
) -> Offer | None:
    """Return how somebody can be told that their find is published, and shown `where`."""
    wanted = suggestion.way != "form" or suggestion.wants_word
    if suggestion.bared_at is not None or suggestion.told_at is not None or not wanted:
        return None
    way: AnswerWay = "hand"
    if suggestion.sealed_mail is not None and can_mail:
        way = "mail"
    elif replies:
        way = "reply"
    elif suggestion.handle is None and suggestion.sealed_mail is None:
        return None
    text = f"I've shared what you found: {where}. Thank you!"
    return Offer("published", way, _addressed(account, suggestion, text))


def _may_be_replied_to(account: Account, suggestion: Suggestion) -> bool:
    """Whether they spoke to the account on its network, where a program may answer."""
    spoke = suggestion.network_id is not None and network_of(account.network).shows_mentions
    return spoke and not account.simulated


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
        stored = connections(session).get(account.id)
        is_open = stored is not None and stored.problem is None
        if not (is_open and _may_be_replied_to(account, suggestion)):
            raise Invalid(f"{account.handle} can't reply to this: copy the text, and send it.")
        _check_text(account, text, base_url)
    if offer.way == "mail" and suggestion.sealed_mail is None:
        raise Invalid("There is no email address to send this to.")
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
    """Return a text that reaches them: some networks notify those alone whom a reply names."""
    if network_of(account.network).replies_name and suggestion.handle is not None:
        return f"{suggestion.handle} {text}"
    return text

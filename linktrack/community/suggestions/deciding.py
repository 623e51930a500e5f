"""What the owner does with a suggestion: makes a draft of it, thanks, declines, or deletes it."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.community.models import Suggestion
from linktrack.community.suggestions.addresses import addresses_of
from linktrack.community.suggestions.leaving import delete_for_good
from linktrack.community.suggestions.models import SuggestedAddress, SuggestionAnswer
from linktrack.db import take_edit_lock
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.links.catalog import Shortener
from linktrack.links.excerpts import cut, title
from linktrack.links.lengths import length
from linktrack.links.models import Person, PersonRule, Post
from linktrack.links.people import add_person, add_rule
from linktrack.links.posts import Wish, wrap_post
from linktrack.links.promotion import MENTION, check_mention
from linktrack.owners.audit import note

LONGEST_QUOTE: Final = 160
"""Characters of their words in the draft: it is the owner's post, and says whose the find is."""

_LONGEST_NAME: Final = 100  # of a promoted person


def get_suggestion(session: Session, number: int, *, lock: bool = False) -> Suggestion:
    """Return a suggestion by its number; raises `NotFound`."""
    found = session.get(Suggestion, number, with_for_update=lock)
    if found is None:
        raise NotFound(f"There is no suggestion number {number}.")
    return found


def draft(
    session: Session, shortener: Shortener, suggestion: Suggestion, base_url: str, now: datetime
) -> Post:
    """Make a draft on the account with the addresses wrapped, and credit to who found them.

    Others that suggested the same page, and wait, belong to the draft, too; credit has who said it
    first. That person is promoted by its links. Asked for again, it is the same draft. Raises
    `Conflict` for one that was declined, `Invalid` where nothing is left to wrap; then the session
    must be rolled back. The caller has locked no row.
    """
    take_edit_lock(session.connection())  # before any row: two may draft two that go together
    session.refresh(suggestion, with_for_update=True)
    if suggestion.post_id is not None:
        return session.get_one(Post, suggestion.post_id)
    _check_open(suggestion)
    account = session.get_one(Account, suggestion.account_id)
    addresses = addresses_of(session, [suggestion.id]).get(suggestion.id, [])
    together = [suggestion, *waiting_for_same(session, suggestion)]
    first = min(
        (each for each in together if each.handle is not None),
        key=lambda each: (each.said_at, each.id),
        default=None,
    )
    name = None if first is None else first.handle
    promotes = () if name is None else (_promoted(session, name, now).name,)
    text = _draft_text(account, suggestion, addresses, name, base_url)
    post = wrap_post(session, shortener, account, Wish(text, state="draft", promotes=promotes), now)
    if post is None:
        raise Invalid("There is no address in this suggestion that could become a short link.")
    for each in together:
        each.state, each.decided_at, each.post_id = "drafted", now, post.id
    note(session, f"Made the draft {post.id} of suggestion {suggestion.id}.", now)
    session.flush()
    return post


def decline(session: Session, suggestion: Suggestion, now: datetime) -> None:
    """Decline a suggestion that waits; nobody hears of it. Again it changes nothing.

    Raises `Conflict` where it was decided otherwise.
    """
    if suggestion.state == "declined":
        return
    _check_open(suggestion)
    suggestion.state, suggestion.decided_at = "declined", now
    note(session, f"Declined suggestion {suggestion.id}.", now)
    session.flush()


def reopen(session: Session, suggestion: Suggestion, now: datetime) -> None:
    """Let a declined suggestion wait again; raises `Conflict` for any other decision."""
    if suggestion.state == "new":
        return
    if suggestion.state != "declined":
        raise Conflict("Only a declined suggestion can wait again.")
    suggestion.state, suggestion.decided_at = "new", None
    note(session, f"Suggestion {suggestion.id} waits again.", now)
    session.flush()


def remove(session: Session, suggestion: Suggestion, now: datetime) -> None:
    """Delete a suggestion for good; it is not taken in again, and its draft stays.

    Raises `Conflict` while it is being answered.
    """
    answering = session.scalars(
        select(SuggestionAnswer.kind).where(
            SuggestionAnswer.suggestion_id == suggestion.id, SuggestionAnswer.state == "begun"
        )
    ).first()
    if answering is not None:
        raise Conflict("linktrack is answering this person right now: try again in a few minutes.")
    note(session, f"Deleted suggestion {suggestion.id}.", now)
    delete_for_good(session, [suggestion], now)


def waiting_for_same(session: Session, suggestion: Suggestion) -> Sequence[Suggestion]:
    """Return the other suggestions of the same page that wait on the same account."""
    pages = select(SuggestedAddress.key).where(SuggestedAddress.suggestion_id == suggestion.id)
    same = select(SuggestedAddress.suggestion_id).where(SuggestedAddress.key.in_(pages))
    query = select(Suggestion).where(
        Suggestion.account_id == suggestion.account_id,
        Suggestion.id != suggestion.id,
        Suggestion.state == "new",
        Suggestion.id.in_(same),
    )
    return session.scalars(query.order_by(Suggestion.said_at, Suggestion.id)).all()


def _check_open(suggestion: Suggestion) -> None:
    if suggestion.state != "new":
        word = {"drafted": "made into a draft", "thanked": "answered with thanks"}
        raise Conflict(
            f"Suggestion {suggestion.id} was {word.get(suggestion.state, suggestion.state)} "
            "already."
        )


def _promoted(session: Session, handle: str, now: datetime) -> Person:
    """Return the person whom mentions of this handle promote, made where nobody is."""
    try:
        mention: str | None = check_mention(handle)
    except Invalid:
        mention = None
    known = select(Person).join(PersonRule, PersonRule.person_id == Person.id)
    known = known.where(PersonRule.kind == MENTION, PersonRule.value == mention)
    person = session.scalars(known.order_by(Person.id).limit(1)).first()
    name = cut(handle, _LONGEST_NAME)
    if person is None:
        person = session.scalar(select(Person).where(Person.name == name))
    if person is None:
        person = add_person(session, name, now)
        session.flush()
        if mention is not None:
            add_rule(session, person, MENTION, mention, now)
            session.flush()
    return person


def _draft_text(
    account: Account,
    suggestion: Suggestion,
    addresses: Sequence[str],
    credit: str | None,
    base_url: str,
) -> str:
    """Return the draft: their words in quotes as far as they fit, the addresses, and the credit."""
    below = "\n".join(addresses)
    if credit is not None:
        below = f"{below}\n\nvia {credit}"
    quote = _own_words(account, suggestion)
    while quote:
        text = f"“{quote}”\n{below}"
        if length(text, account.network, base_url, account.text_limits).fits:
            return text
        quote = cut(quote, len(quote) * 2 // 3) if len(quote) > 12 else ""
    return below


def _own_words(account: Account, suggestion: Suggestion) -> str:
    """Return their words without addresses, and without the name of the account they speak to."""
    name = re.escape(account.handle.removeprefix("@"))
    local = re.escape(account.handle.removeprefix("@").partition("@")[0])
    ours = re.compile(rf"(?<![\w@.])@(?:{name}|{local})(?![\w@-]|\.\w)", re.IGNORECASE)
    said = title(ours.sub(" ", suggestion.text), LONGEST_QUOTE)
    return "" if "://" in said or not re.search(r"\w", said) else said.replace("”", "’")

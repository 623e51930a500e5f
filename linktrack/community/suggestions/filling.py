"""The public form: what somebody filled in is read, checked, and stored once."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.accounts import check_handle
from linktrack.audience.forgetting import Forgotten, handle_key
from linktrack.audience.models import Account
from linktrack.community.contacts import seal_mail
from linktrack.community.models import Suggestion
from linktrack.community.suggestions.addresses import MOST, addresses_in, key_of
from linktrack.community.suggestions.boxes import check_form
from linktrack.community.suggestions.models import SuggestedAddress
from linktrack.community.suggestions.storing import LONGEST, Suggested, keep, room_for
from linktrack.db import take_edit_lock
from linktrack.errors import Invalid, TooMany
from linktrack.keys import Keys
from linktrack.links.destinations import parse_destination
from linktrack.links.excerpts import cut
from linktrack.links.own_addresses import leads_back

LONGEST_ADDRESS: Final = 2_000

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)
"""What is none is a host, which people write without https://, maybe with a port."""

_AGAIN: Final = timedelta(hours=1)
"""Within so long, the same suggestion is one that was sent twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The public form as somebody filled it in; all but the address may be empty."""

    address: str
    text: str = ""
    handle: str = ""
    mail: str = ""
    wants_word: bool = False


def suggest(
    session: Session,
    keys: Keys,
    account: Account,
    filled: Filled,
    now: datetime,
    *,
    base_url: str,
) -> Suggestion:
    """Store what somebody sends by the form; sent twice it is one.

    Raises `Invalid` for what can't be read, `NotFound` where the form is off, `TooMany` where too
    many suggestions wait. The caller has counted the attempt.
    """
    check_form(session, account)
    text = _clean(filled.text)
    if len(text) > LONGEST:
        raise Invalid(f"That's too long: write at most {LONGEST:,} characters.")
    address = _address(session, filled.address, base_url)
    addresses = list(dict.fromkeys([address, *addresses_in(session, account, text, base_url)]))[
        :MOST
    ]
    handle = filled.handle.strip()
    name = check_handle(account.network, handle) if handle else None
    mail = filled.mail.strip()
    if filled.wants_word and not mail and name is None:
        raise Invalid("To be told, leave an email address or your handle.")
    forgotten = Forgotten.read(session, account.network, keys.forgetting)
    if name is not None and forgotten.holds(f"@{handle_key(name)}"):
        name = None
    sealed = seal_mail(keys.sealing(), mail) if mail and filled.wants_word else None
    said = Suggested(
        way="form",
        text=text,
        addresses=addresses,
        said_at=now,
        handle=name,
        sealed_mail=None if sealed is None else sealed.sealed,
        mail_digest=None if sealed is None else sealed.digest,
        wants_word=filled.wants_word,
    )
    take_edit_lock(session.connection())
    before = _sent_before(session, account, said)
    if before is not None:
        return before
    if room_for(session, account) <= 0:
        raise TooMany("So many suggestions wait here that no more are taken now: try again later.")
    return keep(session, account, said, now)


def _address(session: Session, typed: str, base_url: str) -> str:
    typed = typed.strip()
    if not typed:
        raise Invalid("Write the address of what you found.")
    if len(typed) > LONGEST_ADDRESS:
        raise Invalid(f"That address is too long: at most {LONGEST_ADDRESS:,} characters.")
    has_scheme = _SCHEME.match(typed) is not None
    if not has_scheme and "." not in re.split(r"[/?#]", typed)[0]:
        raise Invalid(f"{cut(typed, 80)} is not a web address: write it like example.org/page.")
    address = parse_destination(typed if has_scheme else f"https://{typed}")
    if leads_back(session, address, base_url):
        raise Invalid(f"{cut(address, 80)} is one of our own short links: write where it leads to.")
    return address


def _clean(text: str) -> str:
    if any("\ud800" <= each <= "\udfff" or each == "\0" for each in text):
        raise Invalid("The text has a character that cannot be stored: take it out.")
    return text.strip()


def _sent_before(session: Session, account: Account, said: Suggested) -> Suggestion | None:
    """Return the same suggestion, sent a moment ago: a button was pressed twice."""
    query = (
        select(Suggestion)
        .join(SuggestedAddress, SuggestedAddress.suggestion_id == Suggestion.id)
        .where(Suggestion.account_id == account.id, Suggestion.way == "form")
        .where(Suggestion.state == "new", Suggestion.said_at > said.said_at - _AGAIN)
        .where(Suggestion.text == said.text, SuggestedAddress.key == key_of(said.addresses[0]))
        .where(
            Suggestion.handle.is_(None) if said.handle is None else Suggestion.handle == said.handle
        )
        .where(
            Suggestion.mail_digest.is_(None)
            if said.mail_digest is None
            else Suggestion.mail_digest == said.mail_digest
        )
    )
    return session.scalars(query.order_by(Suggestion.id).limit(1)).first()

"""Whom linktrack tells what, by mail or by Apprise: adding, listing and removing them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.errors import Invalid, NotFound
from linktrack.keys import seal
from linktrack.links.models import Post
from linktrack.mail import check_address
from linktrack.outside.addresses import Network
from linktrack.outside.messenger import service_of
from linktrack.owners.audit import note
from linktrack.webhooks.models import Delivery, MessageName, Way, Webhook

MESSAGES: Final[dict[MessageName, str]] = {
    "alert.raised": "Alerts",
    "digest.weekly": "Weekly digest",
    "digest.monthly": "Monthly digest",
    "digest.daily": "Daily digest with names",
}
"""The messages that a person can get, and what they are called."""

MEANINGS: Final[dict[MessageName, str]] = {
    "alert.raised": "when clicks, followers, or likes and replies are far beyond the usual",
    "digest.weekly": "on Tuesday, of the week to Sunday",
    "digest.monthly": "on the 2nd, of the month before",
    "digest.daily": "of the day before, with who came and who left by name",
}
"""When each message comes."""

USUAL: Final[tuple[MessageName, ...]] = ("alert.raised", "digest.weekly", "digest.monthly")
"""What a recipient gets where nothing is chosen: nothing that names people."""

HOUR: Final = 7
_SCHEME: Final = re.compile(r"[A-Za-z0-9]+://")
LONGEST_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class Address:
    """Where messages go. `shown` has no secret in it; `secret` is kept encrypted."""

    way: Way
    shown: str
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom to tell what: no messages are the usual ones; no account, all accounts."""

    address: Address
    messages: Sequence[str] = ()
    account_id: int | None = None
    hour: int = HOUR


def read_address(written: str, name: str = "", allowed: tuple[Network, ...] = ()) -> Address:
    """Read a mail address or one of Apprise, which `name` calls something; raises `Invalid`.

    An address of Apprise takes a second to read: call it outside of a transaction.
    """
    text, name = written.strip(), name.strip()
    if len(name) > LONGEST_NAME:
        raise Invalid(f"The name is too long: at most {LONGEST_NAME} characters.")
    if not text:
        raise Invalid("Say where to: an email address, or an Apprise address such as ntfy://topic.")
    if _SCHEME.match(text):
        service = service_of(text, allowed)
        return Address("apprise", f"{service}: {name}" if name else service, text)
    check_address(text)
    return Address("mail", text)


def add_recipient(session: Session, key: bytes, wish: Wish, now: datetime) -> Webhook:
    """Add a recipient of what happens from now on; `key` seals the address. Raises `Invalid`."""
    chosen = list(dict.fromkeys(wish.messages)) or list(USUAL)
    for message in chosen:
        if message not in MESSAGES:
            raise Invalid(f"{message[:40]!r} isn't a message: choose among {', '.join(MESSAGES)}.")
    if not 0 <= wish.hour <= 23:
        raise Invalid("The hour must be from 0 to 23.")
    address = wish.address
    newest = session.scalar(select(func.max(Post.id))) or 0
    recipient = Webhook(
        way=address.way,
        url=address.shown,
        events=" ".join(chosen),
        account_id=wish.account_id,
        sealed_secret=seal(key, address.secret) if address.secret else "",
        first_post=newest,
        seen_post=newest,
        created_at=now,
        hour=wish.hour,
    )
    session.add(recipient)
    note(session, f"Added notifications to {recipient.url}.", now)
    return recipient


def list_recipients(session: Session) -> Sequence[Webhook]:
    """Return all recipients, oldest first."""
    query = select(Webhook).where(Webhook.way != "webhook").order_by(Webhook.id)
    return session.scalars(query).all()


def get_recipient(session: Session, number: int) -> Webhook:
    """Return one of them; raises `NotFound`."""
    recipient = session.get(Webhook, number) if 0 < number < 2**31 else None
    if recipient is None or recipient.way == "webhook":
        raise NotFound(f"There are no notifications number {number}.")
    return recipient


def messages_of(recipient: Webhook) -> list[MessageName]:
    """Return the messages for a recipient, as they were chosen."""
    known = tuple(MESSAGES)
    return [name for name in recipient.events.split() if name in known]


def failing(session: Session) -> list[tuple[Webhook, Delivery]]:
    """Return those whose last message hasn't arrived although it was tried, and that message."""
    newest = (
        select(func.max(Delivery.id)).where(Delivery.attempts > 0).group_by(Delivery.webhook_id)
    )
    query = (
        select(Webhook, Delivery)
        .join(Delivery, Delivery.webhook_id == Webhook.id)
        .where(
            Webhook.way != "webhook",
            Delivery.id.in_(newest),
            Delivery.delivered_at.is_(None),
        )
        .order_by(Webhook.id)
    )
    return [(recipient, delivery) for recipient, delivery in session.execute(query)]

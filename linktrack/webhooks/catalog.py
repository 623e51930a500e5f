"""The webhooks of an installation: adding, listing, removing."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from linktrack.errors import Invalid, NotFound
from linktrack.keys import seal
from linktrack.links.models import Post
from linktrack.outside.addresses import Network
from linktrack.owners.audit import note
from linktrack.webhooks.addresses import check_url
from linktrack.webhooks.events import Event, delivery_of
from linktrack.webhooks.models import Delivery, EventName, Webhook
from linktrack.webhooks.signing import new_secret

EVENTS: Final[dict[EventName, str]] = {
    "post.wrapped": "a text was wrapped and recorded as a post",
    "post.failed": "a post of the queue could not be published, and is not tried again",
    "clicks.milestone": "a post has 10, 50, 100, 500, … people who clicked",
    "followers.jumped": "a follower count differs by 5% and 50 from the one before",
    "alert.raised": "clicks, followers or engagement are far beyond an account's usual",
    "digest.weekly": "a day after the week: clicks per follower of its posts",
}
"""What a webhook can be told, and what each means."""

TEST: Final = "webhook.test"
"""The event of a test: every webhook gets it, none can subscribe to it."""

TEST_TEXT: Final = "Notifications arrive here.\n"


def add_webhook(
    session: Session,
    key: bytes,
    url: str,
    events: Sequence[str],
    account_id: int | None,
    *,
    now: datetime,
    allowed: tuple[Network, ...] = (),
) -> tuple[Webhook, str]:
    """Add a webhook for what happens from now on; return it and its secret, shown this once.

    `key` seals the secret. Raises `Invalid`.
    """
    chosen = list(dict.fromkeys(events)) or list(EVENTS)
    for event in chosen:
        if event not in EVENTS:
            raise Invalid(f"{event[:40]!r} isn't an event: choose among {', '.join(EVENTS)}.")
    secret = new_secret()
    newest = session.scalar(select(func.max(Post.id))) or 0
    webhook = Webhook(
        url=check_url(url, allowed),
        events=" ".join(chosen),
        account_id=account_id,
        sealed_secret=seal(key, secret),
        first_post=newest,
        seen_post=newest,
        created_at=now,
    )
    session.add(webhook)
    note(session, f"Added a webhook to {host_of(webhook)}.", now)
    return webhook, secret


def send_test(session: Session, webhook: Webhook, now: datetime) -> Delivery:
    """Let somebody be sent a test, whatever they ask for; return the delivery, still due.

    It goes the way of everything else: from the service's own process, within seconds.
    """
    data: dict[str, object] = {"webhook": webhook.id, "events": webhook.events.split()}
    if webhook.way != "webhook":
        data = {"title": "A test from linktrack", "text": TEST_TEXT}
    event = Event(webhook.id, TEST, f"{TEST}:{secrets.token_hex(8)}", data)
    delivery = delivery_of(event, now)
    session.add(delivery)
    session.flush()
    return delivery


def list_webhooks(session: Session) -> Sequence[Webhook]:
    """Return all webhooks, oldest first."""
    query = select(Webhook).where(Webhook.way == "webhook").order_by(Webhook.id)
    return session.scalars(query).all()


def get_webhook(session: Session, number: int) -> Webhook:
    """Return a webhook; raises `NotFound`."""
    webhook = session.get(Webhook, number) if 0 < number < 2**31 else None
    if webhook is None or webhook.way != "webhook":
        raise NotFound(f"There is no webhook number {number}.")
    return webhook


def events_of(webhook: Webhook) -> list[EventName]:
    """Return the events that a webhook asks for, as they were chosen."""
    known = tuple(EVENTS)
    return [name for name in webhook.events.split() if name in known]


def remove_webhook(session: Session, webhook: Webhook, now: datetime) -> None:
    """Forget a webhook, or a recipient of messages, and what was sent there."""
    session.execute(delete(Delivery).where(Delivery.webhook_id == webhook.id))
    session.delete(webhook)
    is_program = webhook.way == "webhook"
    what = f"the webhook to {host_of(webhook)}" if is_program else f"notifications to {webhook.url}"
    note(session, f"Removed {what}.", now)
    session.flush()


def host_of(webhook: Webhook) -> str:
    """Return the host of a webhook's address, whose path may hold a secret of the receiver's."""
    return urlsplit(webhook.url).hostname or ""


def last_deliveries(session: Session) -> dict[int, Delivery]:
    """Return by webhook the delivery that was enqueued last."""
    newest = select(func.max(Delivery.id)).group_by(Delivery.webhook_id)
    found = session.scalars(select(Delivery).where(Delivery.id.in_(newest)))
    return {delivery.webhook_id: delivery for delivery in found}


def deliveries_of(session: Session, webhook: Webhook, limit: int = 50) -> Sequence[Delivery]:
    """Return the deliveries of a webhook, sent or waiting, newest first."""
    query = select(Delivery).where(Delivery.webhook_id == webhook.id)
    return session.scalars(query.order_by(Delivery.id.desc()).limit(limit)).all()

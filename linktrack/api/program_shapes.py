"""The JSON of what others are shown and told: shared reports and webhooks."""

from typing import Literal, NotRequired

# Not typing's: pydantic reads these types, and before Python 3.12 it needs this one.
from typing_extensions import TypedDict

Event = Literal[
    "post.wrapped", "post.failed", "clicks.milestone", "followers.jumped", "digest.weekly"
]


class SharedReport(TypedDict):
    """An address that shows an account's posts to whoever has it; it is not told again."""

    id: int
    account: str
    created_at: str
    expires_at: str


class SharedReportList(TypedDict):
    """The shared reports that are open, newest first."""

    data: list[SharedReport]


class NewSharedReport(TypedDict):
    """A report to be shared for so many days."""

    account: str
    days: int


class MadeSharedReport(SharedReport):
    """A shared report with its address, this once."""

    url: str


class Webhook(TypedDict):
    """An address that is told what happens; `account` is null where it is told of all."""

    id: int
    url: str
    events: list[Event]
    account: str | None
    created_at: str


class WebhookList(TypedDict):
    """The webhooks, oldest first."""

    data: list[Webhook]


class NewWebhook(TypedDict):
    """A webhook to be added; it is told everything where `events` is left out."""

    url: str
    events: NotRequired[list[Event]]
    account: NotRequired[str | None]


class MadeWebhook(Webhook):
    """A webhook with the secret that signs what it is sent, this once."""

    secret: str


class Delivery(TypedDict):
    """One event for a webhook, what was answered, and when it is sent next (null: not again)."""

    id: int
    event: str
    created_at: str
    attempts: int
    delivered_at: str | None
    next_at: str | None
    answer: str | None


class DeliveryList(TypedDict):
    """The last 50 deliveries of a webhook, newest first."""

    data: list[Delivery]

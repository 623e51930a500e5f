"""Tables of webhooks and of their deliveries."""

from typing import Literal, TypeAlias

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment, OptionalMoment
from linktrack.ids import AccountId

EventName: TypeAlias = Literal[
    "post.wrapped", "post.failed", "clicks.milestone", "followers.jumped", "digest.weekly"
]


class Webhook(Base):
    """An address that receives events.

    `events` are names parted by spaces; `sealed_secret` is encrypted under a key outside the
    database. Posts after number `seen_post` are not sent yet; `first_post` is where it began.
    """

    __tablename__ = "webhooks"

    id: Mapped[Id]
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[AccountId | None] = mapped_column(ForeignKey("accounts.id"))
    sealed_secret: Mapped[str] = mapped_column(Text)
    first_post: Mapped[int]
    seen_post: Mapped[int]
    created_at: Mapped[Moment]
    disabled_at: Mapped[OptionalMoment]


class Delivery(Base):
    """One event for one webhook; `event_key` names what happened, so that it is sent once.

    It is due at `next_at`, which is null once it is delivered or given up.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (UniqueConstraint("webhook_id", "event_key"), Index(None, "next_at"))

    id: Mapped[Id]
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id"))
    event: Mapped[str] = mapped_column(String(40))
    event_key: Mapped[str] = mapped_column(String(100))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Moment]
    attempts: Mapped[int]
    next_at: Mapped[OptionalMoment]
    delivered_at: Mapped[OptionalMoment]
    answer: Mapped[str | None] = mapped_column(String(200))

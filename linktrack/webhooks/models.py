"""Tables of webhooks and of their deliveries."""

from typing import Literal, TypeAlias

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment, OptionalMoment
from linktrack.ids import AccountId

EventName: TypeAlias = Literal[
    "post.wrapped", "post.failed", "clicks.milestone", "followers.jumped", "alert.raised",
    "digest.weekly",
]  # fmt: skip
MessageName: TypeAlias = Literal["alert.raised", "digest.weekly", "digest.monthly", "digest.daily"]
Way: TypeAlias = Literal["webhook", "mail", "apprise"]


class Webhook(Base):
    """An address that receives events: a program's, or by mail or Apprise a person's.

    `events` are names parted by spaces; `sealed_secret` is encrypted under a key outside the
    database: what a webhook's messages are signed with, or an address of Apprise. `url` is then
    only what it is called, and of a person's mail it is the mail address. Persons get digests at
    the hour `hour` of the owner's clock. Posts after number `seen_post` are not sent yet;
    `first_post` is where it began.
    """

    __tablename__ = "webhooks"

    id: Mapped[Id]
    way: Mapped[Way] = mapped_column(String(8), default="webhook", server_default="webhook")
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[AccountId | None] = mapped_column(ForeignKey("accounts.id"))
    sealed_secret: Mapped[str] = mapped_column(Text)
    first_post: Mapped[int]
    seen_post: Mapped[int]
    created_at: Mapped[Moment]
    disabled_at: Mapped[OptionalMoment]
    hour: Mapped[int | None]


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

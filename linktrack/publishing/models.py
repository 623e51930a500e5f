"""The table of posts that linktrack sends to the networks."""

from typing import Literal, TypeAlias

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Moment, OptionalMoment
from linktrack.ids import PostId

SendingState: TypeAlias = Literal["waiting", "sending", "sent", "failed", "withdrawn"]


class Sending(Base):
    """One post on its way to its network, once.

    It is `waiting` for its next attempt, `sending` while one is under way, `sent`, `failed`, or
    `withdrawn` from the queue. `due_at` is the owner's time for it. `next_at` is when it is tried
    next; while it is `sending`, until when it is left to whoever sends it; else null.

    `key` is what the network, or a look at it, knows the post by: it never changes. `in_doubt` is
    committed before each attempt, and taken back when its end is known: while it is true, the
    network may have the post. `problem` is why the last attempt sent nothing. `network_id` and
    `url` are the network's own, once it is sent.
    """

    __tablename__ = "sendings"
    __table_args__ = (Index("ix_sendings_due", "state", "next_at"),)

    post_id: Mapped[PostId] = mapped_column(ForeignKey("posts.id"), primary_key=True)
    state: Mapped[SendingState] = mapped_column(String(10))
    due_at: Mapped[Moment]
    next_at: Mapped[OptionalMoment]
    key: Mapped[str] = mapped_column(String(200))
    attempts: Mapped[int] = mapped_column(default=0)
    in_doubt: Mapped[bool] = mapped_column(default=False)
    problem: Mapped[str | None] = mapped_column(Text)
    network_id: Mapped[str | None] = mapped_column(String(512))
    url: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[Moment]

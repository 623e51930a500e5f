"""Tables of where suggestions come from, their addresses, and what their senders are answered."""

from typing import Literal, TypeAlias

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Moment, OptionalMoment
from linktrack.ids import AccountId
from linktrack.owners.visibility import limit

AnswerKind: TypeAlias = Literal["thanks", "published"]
AnswerWay: TypeAlias = Literal["reply", "mail", "hand"]
AnswerState: TypeAlias = Literal["due", "begun", "done", "refused", "in_doubt"]


class SuggestionBox(Base):
    """Where an account's suggestions come from: by the form, and from mentions and replies.

    Each is on since a moment; null: off. What was said before `mentions_since` is not read.
    """

    __tablename__ = "suggestion_boxes"

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    form_since: Mapped[OptionalMoment]
    mentions_since: Mapped[OptionalMoment]


class SuggestedAddress(Base):
    """One address of a suggestion; addresses with the same `key` are the same page."""

    __tablename__ = "suggested_addresses"
    __table_args__ = (Index(None, "key"), {"sqlite_with_rowid": False})

    suggestion_id: Mapped[int] = mapped_column(ForeignKey("suggestions.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(Text)


class SuggestionAnswer(Base):
    """What an account tells whoever suggested something: each kind once, whatever is killed when.

    The owner has asked for it at `asked_at`. It is `begun` from before the network or the mail
    server is asked until the answer is stored. A reply that stays `begun` is looked for, by its
    `key`; a mail can't be, and is `in_doubt`: it is not sent again.
    """

    __tablename__ = "suggestion_answers"
    __table_args__ = (Index(None, "next_at"), {"sqlite_with_rowid": False})

    suggestion_id: Mapped[int] = mapped_column(ForeignKey("suggestions.id"), primary_key=True)
    kind: Mapped[AnswerKind] = mapped_column(String(9), primary_key=True)
    way: Mapped[AnswerWay] = mapped_column(String(5))
    state: Mapped[AnswerState] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[Moment]
    begun_at: Mapped[OptionalMoment]
    ended_at: Mapped[OptionalMoment]
    next_at: Mapped[OptionalMoment]
    attempts: Mapped[int] = mapped_column(default=0)
    url: Mapped[str | None] = mapped_column(Text)
    problem: Mapped[str | None] = mapped_column(Text)


class SeenSuggestion(Base):
    """A post that was taken in before, and whose suggestion was deleted.

    `digest` is a keyed hash of the post's id: it leads to nobody, and keeps a deleted suggestion
    from being taken in again.
    """

    __tablename__ = "seen_suggestions"
    __table_args__ = ({"sqlite_with_rowid": False},)

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(32), primary_key=True)
    seen_at: Mapped[Moment]


limit(SuggestionBox, lambda shown: SuggestionBox.account_id.in_(shown))

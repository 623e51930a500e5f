"""Tables of accounts, follower counts and segments."""

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment, OptionalMoment


class Account(Base):
    """One social account or other audience.

    `handle` is as people write it; `handle_key` is what it is found by. A removed account is in no
    list and no report, and its links go on redirecting.
    """

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("network", "handle_key"),)

    id: Mapped[Id]
    network: Mapped[str] = mapped_column(String(10))
    handle: Mapped[str] = mapped_column(String(255))
    handle_key: Mapped[str] = mapped_column(String(255))
    role: Mapped[str | None] = mapped_column(String(3))
    network_id: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[Moment]
    removed_at: Mapped[OptionalMoment]


class FollowerCount(Base):
    """How many followers an account had at a moment, and who said so."""

    __tablename__ = "follower_counts"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    counted_at: Mapped[Moment] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(20))


class Segment(Base):
    """A named group of an account's followers; `size` is what the owner or a roster says."""

    __tablename__ = "segments"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str] = mapped_column(String(100))
    position: Mapped[int]
    size: Mapped[int | None]
    created_at: Mapped[Moment]

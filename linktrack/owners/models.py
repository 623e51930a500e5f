"""Tables of owners, sign-in links, sessions, tokens and the audit list.

Only hashes of secrets are stored.
"""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment, OptionalMoment

HASH_LENGTH = 64  # hexadecimal SHA-256


class Owner(Base):
    """A person who may open the owner pages."""

    __tablename__ = "owners"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    created_at: Mapped[Moment]


class SignInLink(Base):
    """A one-time sign-in address."""

    __tablename__ = "sign_in_links"

    token_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))
    expires_at: Mapped[Moment]
    used_at: Mapped[OptionalMoment]


class OwnerSession(Base):
    """A browser in which an owner is signed in."""

    __tablename__ = "owner_sessions"

    token_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]


class Token(Base):
    """A program's key to the JSON API; `account_id` narrows it to one account."""

    __tablename__ = "tokens"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    scope: Mapped[str] = mapped_column(String(10))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    token_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), unique=True)
    created_at: Mapped[Moment]


class AuditEntry(Base):
    """One change of access or data: when, who, and what in a sentence."""

    __tablename__ = "audit_entries"

    id: Mapped[Id]
    at: Mapped[Moment]
    actor: Mapped[str] = mapped_column(String(100))
    what: Mapped[str] = mapped_column(String(300))

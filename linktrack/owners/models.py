"""Tables of owners, sign-in links, sessions, tokens and the audit list.

Only hashes of secrets are stored.
"""

from sqlalchemy import Boolean, ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment, OptionalMoment
from linktrack.ids import AccountId
from linktrack.owners.visibility import limit

HASH_LENGTH = 64  # hexadecimal SHA-256


class Owner(Base):
    """A person who may open the owner pages.

    A `viewer` sees them and changes nothing but their own password; a `limited` one sees the
    accounts of `ViewedAccount` alone, none where they are gone.
    """

    __tablename__ = "owners"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    role: Mapped[str] = mapped_column(String(10), default="owner", server_default="owner")
    limited: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[Moment]


class PasswordFailure(Base):
    """How often an owner's password was wrong in a row from a network, for a day.

    `network` is a keyed hash: it leads back to no address.
    """

    __tablename__ = "password_failures"

    owner_id: Mapped[int] = mapped_column(
        ForeignKey("owners.id", ondelete="CASCADE"), primary_key=True
    )
    network: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int]
    failed_at: Mapped[Moment]
    wait_until: Mapped[OptionalMoment]


class ViewedAccount(Base):
    """An account that a viewer is limited to."""

    __tablename__ = "viewed_accounts"

    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"), primary_key=True)
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)


class SharedReport(Base):
    """An address that shows one account's posts to whoever has it, until it ends."""

    __tablename__ = "shared_reports"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), unique=True)
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    revoked_at: Mapped[OptionalMoment]


class SignInLink(Base):
    """A one-time sign-in address."""

    __tablename__ = "sign_in_links"

    token_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))
    expires_at: Mapped[Moment]
    used_at: Mapped[OptionalMoment]


class OwnerSession(Base):
    """A browser in which an owner is signed in.

    `device` and `place` are words for people ("Safari on iOS", "Germany"), `way` is what they
    proved with ("a password"); None where it isn't known. No address is stored.
    """

    __tablename__ = "owner_sessions"

    token_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    device: Mapped[str | None] = mapped_column(String(60))
    place: Mapped[str | None] = mapped_column(String(60))
    way: Mapped[str | None] = mapped_column(String(60))

    @property
    def mark(self) -> str:
        """What names the session in forms: the beginning of its hash, which opens nothing."""
        return self.token_hash[:16]


class Token(Base):
    """A program's key to the JSON API; `account_id` narrows it to one account.

    `owner_id` is who made it on the pages, None for one of the command line.
    """

    __tablename__ = "tokens"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    scope: Mapped[str] = mapped_column(String(10))
    account_id: Mapped[AccountId | None] = mapped_column(ForeignKey("accounts.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owners.id"))
    token_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), unique=True)
    created_at: Mapped[Moment]
    expires_at: Mapped[OptionalMoment]
    revoked_at: Mapped[OptionalMoment]
    last_used_at: Mapped[OptionalMoment]


class IdempotentAnswer(Base):
    """What was answered to a POST with an Idempotency-Key, so that sending it again repeats it.

    `request_hash` tells the same request from another one under the same key.
    """

    __tablename__ = "idempotent_answers"

    token_id: Mapped[int] = mapped_column(ForeignKey("tokens.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(HASH_LENGTH))
    status: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[Moment] = mapped_column(index=True)


class AuditEntry(Base):
    """One change of access or data: when, who, and what in a sentence."""

    __tablename__ = "audit_entries"

    id: Mapped[Id]
    at: Mapped[Moment]
    actor: Mapped[str] = mapped_column(String(100))
    what: Mapped[str] = mapped_column(String(300))


# A token or a shared report of all accounts shows more than a limited viewer may see.
limit(Token, lambda shown: Token.account_id.in_(shown))
limit(SharedReport, lambda shown: SharedReport.account_id.in_(shown))

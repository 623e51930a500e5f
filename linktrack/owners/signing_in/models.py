"""Tables of signing in: passkeys, one-time codes, what was spent, and mails about new devices."""

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment, OptionalMoment
from linktrack.owners.models import HASH_LENGTH


class Passkey(Base):
    """A public key whose private half is on somebody's device; it is found by a hash of its id.

    `sign_count` grows with each use on devices that count: one that does not was copied.
    """

    __tablename__ = "passkeys"

    id: Mapped[Id]
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    credential_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), unique=True)
    credential_id: Mapped[str] = mapped_column(Text)
    public_key: Mapped[str] = mapped_column(Text)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[Moment]
    last_used_at: Mapped[OptionalMoment]


class OneTimeCodes(Base):
    """The secret (sealed) of an app that shows codes, from `on_since` on asked for.

    `last_step` is the half minute whose code was taken last: no older one is. `wrong` counts wrong
    codes in a row, from wherever.
    """

    __tablename__ = "one_time_codes"

    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    begun_at: Mapped[Moment]
    on_since: Mapped[OptionalMoment]
    last_step: Mapped[int]
    wrong: Mapped[int]


class RecoveryCode(Base):
    """A code that signs in once where the app is lost."""

    __tablename__ = "recovery_codes"

    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    used_at: Mapped[OptionalMoment]


class ProvidedPerson(Base):
    """Whom a person of an organisation's provider is here, known by issuer and subject.

    `brought`: the provider brought them, and says their role; else they connected themselves.
    """

    __tablename__ = "provided_people"

    issuer: Mapped[str] = mapped_column(String(300), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"), index=True)
    brought: Mapped[bool]
    created_at: Mapped[Moment]


class SpentChallenge(Base):
    """What a browser has signed or brought back, so that it isn't taken again."""

    __tablename__ = "spent_challenges"

    token_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    expires_at: Mapped[Moment]


class SignInMail(Base):
    """A mail that is to be sent: somebody signed in on a device that was new.

    `begun_at` is set before it is sent, so that no crash sends it twice; `text` is what it says.
    """

    __tablename__ = "sign_in_mails"

    id: Mapped[Id]
    at: Mapped[Moment]
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    due_at: Mapped[Moment]
    begun_at: Mapped[OptionalMoment]

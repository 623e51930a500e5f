"""Owners, their one-time sign-in links, and the sessions those begin."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from linktrack.errors import Conflict, Forbidden, Invalid, NotFound
from linktrack.owners.audit import note
from linktrack.owners.models import AuditEntry, Owner, OwnerSession, SignInLink

LINK_LIFE: Final = timedelta(minutes=15)
INVITATION_LIFE: Final = timedelta(days=7)
SESSION_LIFE: Final = timedelta(days=30)
_SIGNED_IN: Final = "Signed in by "
SPENT: Final = (
    "This sign-in link has expired or was already used: ask an owner for a new one, or run "
    "linktrack owner link on the server."
)


@dataclass(frozen=True, slots=True)
class Seen:
    """Where somebody signs in, in words: the device and the country."""

    device: str | None = None
    place: str | None = None


NOTHING_SEEN: Final = Seen()


def hash_secret(secret: str) -> str:
    """Return what is stored of a secret: it is long and random, so one SHA-256 suffices."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def create_owner(session: Session, name: str, now: datetime) -> Owner:
    """Add an owner; raises `Invalid` or `Conflict`."""
    name = name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Invalid("A person needs a name of 1 to 100 visible characters.")
    if session.scalar(select(Owner).where(Owner.name == name)) is not None:
        raise Conflict(f"There is somebody named {name!r} already: choose another name.")
    owner = Owner(name=name, created_at=now)
    session.add(owner)
    note(session, f"Added {name}.", now)
    return owner


def find_owner(session: Session, name: str | None) -> Owner:
    """Return the owner of that name, or the only one; raises `NotFound` or `Invalid`."""
    owners = session.scalars(select(Owner).order_by(Owner.id)).all()
    if name is None and len(owners) > 1:
        names = ", ".join(owner.name for owner in owners)
        raise Invalid(f"There are several owners: name one of {names}.")
    for owner in owners:
        if name in (None, owner.name):
            return owner
    raise NotFound(
        "There is no owner yet: add one with linktrack owner create NAME."
        if name is None
        else f"There is no owner {name[:100]!r}."
    )


def first_owner(session: Session, now: datetime) -> Owner:
    """Return the oldest owner; a new installation gets one named "owner"."""
    owner = session.scalar(select(Owner).order_by(Owner.id).limit(1))
    return owner or create_owner(session, "owner", now)


def ever_signed_in(session: Session) -> bool:
    """Whether anybody has signed in to this installation, also somebody who was removed since."""
    used = select(SignInLink.token_hash).where(SignInLink.used_at.is_not(None)).limit(1)
    told = select(AuditEntry.id).where(AuditEntry.what.startswith(_SIGNED_IN)).limit(1)
    return any(session.scalar(query) is not None for query in (used, told))


def make_sign_in_link(
    session: Session, owner: Owner, now: datetime, life: timedelta = LINK_LIFE
) -> str:
    """Return the secret of a new sign-in link, which works once, within its `life`."""
    session.execute(
        delete(SignInLink).where(SignInLink.expires_at < now, SignInLink.used_at.is_(None))
    )
    secret = secrets.token_urlsafe(24)
    session.add(
        SignInLink(token_hash=hash_secret(secret), owner_id=owner.id, expires_at=now + life)
    )
    note(session, f"Made a sign-in link for {owner.name}.", now)
    return secret


def sign_in_url(base_url: str, secret: str) -> str:
    """Return the address of a sign-in link."""
    return f"{base_url}/owner/sign-in/{secret}"


def is_usable(session: Session, secret: str, now: datetime) -> bool:
    """Whether a sign-in link can still be used; asking does not spend it."""
    link = session.get(SignInLink, hash_secret(secret))
    return link is not None and link.used_at is None and link.expires_at > now


def check_usable(session: Session, secret: str, now: datetime) -> None:
    """Raise `Forbidden` if `sign_in` would; strangers' guesses take no write lock."""
    if not is_usable(session, secret, now):
        raise Forbidden(SPENT)


def spend_link(session: Session, secret: str, now: datetime) -> int:
    """Spend a sign-in link; return the number of whom it signs in.

    Raises `Forbidden` for a link that is unknown, too old or used; of two at once one wins.
    """
    spent = session.execute(
        update(SignInLink)
        .where(
            SignInLink.token_hash == hash_secret(secret),
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(SignInLink.owner_id)
    ).scalar_one_or_none()
    if spent is None:
        raise Forbidden(SPENT)
    return spent


def begin_session(
    session: Session,
    owner_id: int,
    now: datetime,
    by: str,
    seen: Seen = NOTHING_SEEN,
    *,
    life: timedelta = SESSION_LIFE,
) -> str:
    """Return the secret of a new session of an owner who has proved to be one, `by` what."""
    session.execute(delete(OwnerSession).where(OwnerSession.expires_at < now))
    session_secret = secrets.token_urlsafe(32)
    session.add(
        OwnerSession(
            token_hash=hash_secret(session_secret),
            owner_id=owner_id,
            created_at=now,
            expires_at=now + life,
            device=seen.device,
            place=seen.place,
            way=by,
        )
    )
    owner = session.get_one(Owner, owner_id)
    note(session, f"{_SIGNED_IN}{by}.", now, actor=owner.name)
    return session_secret


def signed_in_owner(session: Session, secret: str, now: datetime) -> Owner | None:
    """Return the owner of a session, or None if it is unknown or over."""
    found = session.get(OwnerSession, hash_secret(secret))
    if found is None or found.expires_at <= now:
        return None
    return session.get(Owner, found.owner_id)


def sign_out(session: Session, secret: str) -> None:
    """End a session."""
    session.execute(delete(OwnerSession).where(OwnerSession.token_hash == hash_secret(secret)))

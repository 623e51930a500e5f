"""Passwords: for owners who would rather not ask for a one-time link on every new browser."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.errors import Forbidden, Invalid
from linktrack.owners.audit import note
from linktrack.owners.models import Owner

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST: Final = 12
LONGEST: Final = 1_000  # characters: hashing a text without end would be an attack
FREE_ATTEMPTS: Final = 5
FIRST_WAIT: Final = timedelta(seconds=30)  # doubles with every further failure
LONGEST_WAIT: Final = timedelta(hours=1)
WRONG: Final = (
    "The name or the password is wrong, or there were too many wrong attempts. Try again later, or "
    "sign in with an address from linktrack owner link."
)
"""Whoever guesses is not told which: that would say which names there are."""

_one_at_a_time = Lock()
"""A check takes 19 MB and some 20 ms of a processor; a worker's threads answer redirects too."""


def set_password(session: Session, owner: Owner, password: str, now: datetime) -> None:
    """Give an owner a password in place of the one before, if any.

    It is kept as an Argon2id hash with the parameters OWASP advises (19 MiB, 2 passes). Raises
    `Invalid` for one that is too short to be safe.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"A password needs {SHORTEST} to {LONGEST:,} characters.")
    owner.password_hash = _hasher().hash(password)
    owner.failed_attempts, owner.wait_until = 0, None
    note(session, f"Set the password of {owner.name}.", now)


def remove_password(session: Session, owner: Owner, now: datetime) -> None:
    """Take an owner's password away: only one-time links sign in then."""
    if owner.password_hash is not None:
        owner.password_hash = None
        note(session, f"Removed the password of {owner.name}.", now)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a password, counted before it is made: all that are made at once are counted."""

    owner_id: int | None
    stored: str | None
    is_tried: bool
    number: int

    def is_right(self, password: str) -> bool:
        """Whether this is the password; takes as long whoever asks, and needs no transaction."""
        matches = _matches(self.stored or _nobodys_hash(), password)
        return matches and self.is_tried and self.stored is not None


def begin_attempt(session: Session, name: str, now: datetime) -> Attempt:
    """Count an attempt to sign in as the owner of this name; the caller commits before it is made.

    After five failures in a row the owner's password is not tried for a while, which doubles with
    every further one; one-time links work all the while.
    """
    query = select(Owner).where(Owner.name == name.strip().replace("\0", ""))
    owner = session.scalar(query.with_for_update())
    if owner is None:
        return Attempt(None, None, is_tried=False, number=0)
    if owner.wait_until is not None and owner.wait_until > now:
        return Attempt(owner.id, owner.password_hash, is_tried=False, number=owner.failed_attempts)
    owner.failed_attempts += 1
    further = owner.failed_attempts - FREE_ATTEMPTS
    if further >= 0:
        owner.wait_until = now + min(FIRST_WAIT * 2 ** min(further, 20), LONGEST_WAIT)
    session.flush()
    return Attempt(owner.id, owner.password_hash, is_tried=True, number=owner.failed_attempts)


def end_attempt(session: Session, attempt: Attempt, now: datetime, *, is_right: bool) -> Owner:
    """Return the owner who has signed in, and forget the failures before.

    Raises `Forbidden` where the password was wrong, with the same sentence whatever the reason; the
    caller commits then, too.
    """
    owner = None if attempt.owner_id is None else session.get(Owner, attempt.owner_id)
    if owner is not None and is_right:
        owner.failed_attempts, owner.wait_until = 0, None
        session.flush()
        return owner
    if owner is not None and attempt.is_tried and attempt.number >= FREE_ATTEMPTS:
        tried = f"Password of {owner.name} wrong {attempt.number} times: it waits."
        note(session, tried, now, actor="somebody")
    raise Forbidden(WRONG)


def _matches(stored: str, password: str) -> bool:
    from argon2.exceptions import VerifyMismatchError

    with _one_at_a_time:
        try:
            return _hasher().verify(stored, password[:LONGEST])
        except VerifyMismatchError:
            return False


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobodys_hash() -> str:
    """What is checked where there is nothing to check, so that it takes as long."""
    return _hasher().hash("nobody has this password")

"""Passwords: for owners who would rather not ask for a one-time link on every new browser."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from linktrack.errors import Forbidden, Invalid
from linktrack.owners.audit import note
from linktrack.owners.models import Owner, PasswordFailure

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST: Final = 12
LONGEST: Final = 1_000  # characters: hashing a text without end would be an attack
FREE_ATTEMPTS: Final = 5
FIRST_WAIT: Final = timedelta(seconds=30)  # doubles with every further failure
LONGEST_WAIT: Final = timedelta(hours=1)
REMEMBERED: Final = timedelta(days=1)  # since the last failure from a network
MOST_NETWORKS: Final = 50
"""Networks from which an owner's password may be wrong within that time; from others it waits."""
WRONG: Final = (
    "The name or the password is wrong, or there were too many wrong attempts. Try again later, or "
    "sign in with an address from linktrack owner link."
)
"""Whoever guesses is not told which: that would say which names there are."""

_one_at_a_time = Lock()
"""A check takes 19 MB and some 20 ms of a processor; a worker's threads answer redirects too."""


@dataclass(frozen=True, slots=True)
class Hashed:
    """A password as it is kept."""

    stored: str


def hash_password(password: str, shortest: int = SHORTEST) -> Hashed:
    """Return what is kept of a password; takes a while, so call it before anything is locked.

    It is an Argon2id hash with the parameters OWASP advises (19 MiB, 2 passes). Raises `Invalid`
    for a password that is too short to be safe.
    """
    if not shortest <= len(password) <= LONGEST:
        raise Invalid(f"A password needs {shortest} to {LONGEST:,} characters.")
    with _one_at_a_time:
        return Hashed(_hasher().hash(password))


def set_password(session: Session, owner: Owner, password: Hashed, now: datetime) -> None:
    """Give an owner a password in place of the one before, if any."""
    owner.password_hash = password.stored
    session.execute(delete(PasswordFailure).where(PasswordFailure.owner_id == owner.id))
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
    network: str
    is_tried: bool
    number: int

    def is_right(self, password: str) -> bool:
        """Whether this is the password; takes as long whoever asks, and needs no transaction."""
        is_it = matches(self.stored or _nobodys_hash(), password)
        return is_it and self.is_tried and self.stored is not None


def begin_attempt(session: Session, name: str, network: str, now: datetime) -> Attempt:
    """Count an attempt to sign in as the owner of this name; the caller commits before it is made.

    `network` stands for where it comes from. After five failures in a row from there, the password
    is not tried from there for a while, which doubles with every further one. Strangers elsewhere
    change nothing for the owner, unless they have MOST_NETWORKS; one-time links work all the while.
    """
    query = select(Owner).where(Owner.name == name.strip().replace("\0", ""))
    owner = session.scalar(query.with_for_update())
    if owner is None:
        return Attempt(None, None, network, is_tried=False, number=0)
    session.execute(delete(PasswordFailure).where(PasswordFailure.failed_at < now - REMEMBERED))
    failure = session.get(PasswordFailure, (owner.id, network))
    if failure is None:
        elsewhere = select(func.count()).where(PasswordFailure.owner_id == owner.id)
        if (session.scalar(elsewhere) or 0) >= MOST_NETWORKS:
            return Attempt(owner.id, owner.password_hash, network, is_tried=False, number=0)
        failure = PasswordFailure(owner_id=owner.id, network=network, number=0, failed_at=now)
        session.add(failure)
    elif failure.wait_until is not None and failure.wait_until > now:
        number = failure.number
        return Attempt(owner.id, owner.password_hash, network, is_tried=False, number=number)
    failure.number, failure.failed_at = failure.number + 1, now
    if failure.number >= FREE_ATTEMPTS:
        failure.wait_until = now + wait_after(failure.number)
    session.flush()
    return Attempt(owner.id, owner.password_hash, network, is_tried=True, number=failure.number)


def end_attempt(
    session: Session, attempt: Attempt, now: datetime, *, is_right: bool, is_whole: bool = True
) -> Owner:
    """Return the owner who has signed in, and forget the failures before, from their network.

    They are not forgotten where more is asked for (`is_whole`): who knows a password doesn't guess
    codes without end. Raises `Forbidden` where the password was wrong, with the same sentence
    whatever the reason; the caller commits then, too.
    """
    owner = None if attempt.owner_id is None else session.get(Owner, attempt.owner_id)
    if owner is not None and is_right:
        mine = (PasswordFailure.owner_id == owner.id, PasswordFailure.network == attempt.network)
        if is_whole:
            session.execute(delete(PasswordFailure).where(*mine))
        return owner
    if owner is not None and attempt.is_tried and attempt.number >= FREE_ATTEMPTS:
        tried = f"Signing in as {owner.name} failed {attempt.number} times: it waits."
        note(session, tried, now, actor="somebody")
    raise Forbidden(WRONG)


def wait_after(failures: int) -> timedelta:
    """Return how long no password is tried after so many wrong ones in a row, of FREE_ATTEMPTS."""
    doubled: int = 2 ** min(failures - FREE_ATTEMPTS, 20)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


def matches(stored: str, password: str) -> bool:
    """Whether this is the password that was hashed."""
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

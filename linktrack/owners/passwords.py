"""Passwords: for owners who would rather not ask for a one-time link on every new browser."""

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
WRONG: Final = "The name or the password is wrong."

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


def check_password(session: Session, name: str, password: str, now: datetime) -> Owner:
    """Return the owner of this name and password.

    After five failures in a row the owner's password is not tried for a while, which doubles with
    every further one; one-time links work all the while. Raises `Forbidden`, with the same
    sentence after the same time whether the name or the password is wrong. A failure is counted
    in the session: the caller commits it, too.
    """
    owner = session.scalar(select(Owner).where(Owner.name == name.strip().replace("\0", "")))
    if owner is not None and owner.wait_until is not None and owner.wait_until > now:
        seconds = (owner.wait_until - now).total_seconds()
        raise Forbidden(
            f"Too many failed attempts: try again in {max(1, round(seconds / 60))} min, or sign in "
            "with an address from linktrack owner link."
        )
    stored = None if owner is None else owner.password_hash
    if not _matches(stored or _nobodys_hash(), password) or owner is None or stored is None:
        if owner is not None:
            _count_failure(session, owner, now)
        raise Forbidden(WRONG)
    owner.failed_attempts, owner.wait_until = 0, None
    session.flush()
    return owner


def _matches(stored: str, password: str) -> bool:
    from argon2.exceptions import VerifyMismatchError

    with _one_at_a_time:
        try:
            return _hasher().verify(stored, password[:LONGEST])
        except VerifyMismatchError:
            return False


def _count_failure(session: Session, owner: Owner, now: datetime) -> None:
    owner.failed_attempts += 1
    further = owner.failed_attempts - FREE_ATTEMPTS
    if further >= 0:
        owner.wait_until = now + min(FIRST_WAIT * 2 ** min(further, 20), LONGEST_WAIT)
        tried = f"Password of {owner.name} wrong {owner.failed_attempts} times: it waits."
        note(session, tried, now, actor="somebody")
    session.flush()


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobodys_hash() -> str:
    """What is checked where there is nothing to check, so that it takes as long."""
    return _hasher().hash("nobody has this password")

"""One-time codes of an app, asked for after a password; recovery codes for when it is lost.

A code is taken once, and within half a minute of its time. After MOST_WRONG wrong ones in a row,
from wherever, none is tried until a recovery code, a passkey or a link has signed in.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from linktrack.errors import Conflict, Invalid
from linktrack.keys import seal, unseal
from linktrack.owners.access import hash_secret
from linktrack.owners.audit import note
from linktrack.owners.models import Owner
from linktrack.owners.signing_in.models import OneTimeCodes, RecoveryCode

RECOVERY_CODES: Final = 10
MOST_WRONG: Final = 100
"""Of a million codes three are right at a time: so many guesses hit with 0.03%."""

SET_UP_WITHIN: Final = timedelta(hours=1)
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32, without I, O, 0 and 1
_LENGTH: Final = 16  # 80 bits: a plain hash of it can't be undone by trying
_REMEDY: Final = (
    "The one-time codes can't be read with this installation's keys: turn them off with linktrack "
    "owner reset-codes, and set them up again."
)


def begin_codes(session: Session, owner: Owner, key: bytes, now: datetime) -> None:
    """Make a secret for somebody's app; it asks for nothing before `finish_codes`.

    Raises `Conflict` if codes are on.
    """
    from pyotp import random_base32

    codes = session.get(OneTimeCodes, owner.id)
    if codes is not None and codes.on_since is not None:
        raise Conflict("One-time codes are on already: turn them off first.")
    if codes is None:
        codes = OneTimeCodes(owner_id=owner.id, last_step=0, wrong=0)
        session.add(codes)
    codes.sealed, codes.begun_at = seal(key, random_base32()), now
    session.flush()


def secret_to_set_up(session: Session, owner: Owner, key: bytes, now: datetime) -> str | None:
    """Return the secret that is being set up, None if none was begun within the hour."""
    codes = session.get(OneTimeCodes, owner.id)
    if codes is None or codes.on_since is not None or codes.begun_at < now - SET_UP_WITHIN:
        return None
    return unseal(key, codes.sealed, _REMEDY)


def app_address(secret: str, name: str, host: str) -> str:
    """Return the otpauth: address that an app reads from a QR code."""
    from pyotp import TOTP

    return TOTP(secret).provisioning_uri(name=name, issuer_name=f"linktrack {host}")


def finish_codes(
    session: Session, owner: Owner, typed: str, key: bytes, now: datetime
) -> Sequence[str]:
    """Turn codes on, once the app has shown a right one; return the recovery codes.

    Raises `Invalid` for a wrong code.
    """
    codes = session.get(OneTimeCodes, owner.id)
    if codes is None or secret_to_set_up(session, owner, key, now) is None:
        raise Invalid("Setting up one-time codes took too long: begin again.")
    if not _takes_app_code(session, codes, typed, key, now):
        raise Invalid(
            "That code isn't right. Take the newest one, and make sure that the clocks of your "
            "phone and of the server are right."
        )
    codes.on_since = now
    note(session, f"Turned on one-time codes for {owner.name}.", now)
    return _new_recovery_codes(session, owner)


def renew_recovery_codes(session: Session, owner: Owner, now: datetime) -> Sequence[str]:
    """Return new recovery codes; those before stop working."""
    note(session, f"Made new recovery codes for {owner.name}.", now)
    return _new_recovery_codes(session, owner)


def turn_off_codes(session: Session, owner: Owner, now: datetime) -> bool:
    """Stop asking somebody for codes; return whether any were asked for."""
    was_on = asks_for_code(session, owner.id)
    session.execute(delete(RecoveryCode).where(RecoveryCode.owner_id == owner.id))
    session.execute(delete(OneTimeCodes).where(OneTimeCodes.owner_id == owner.id))
    session.expire_all()
    if was_on:
        note(session, f"Turned off one-time codes for {owner.name}.", now)
    return was_on


def asks_for_code(session: Session, owner_id: int | None) -> bool:
    """Whether somebody's password needs a code beside it."""
    return codes_on_since(session, owner_id) is not None


def codes_on_since(session: Session, owner_id: int | None) -> datetime | None:
    """Return since when codes are asked for, None if they aren't."""
    codes = None if owner_id is None else session.get(OneTimeCodes, owner_id)
    return None if codes is None else codes.on_since


def recovery_codes_left(session: Session, owner: Owner) -> int:
    """Return how many recovery codes haven't been used."""
    left = select(func.count()).where(
        RecoveryCode.owner_id == owner.id, RecoveryCode.used_at.is_(None)
    )
    return session.scalar(left) or 0


def with_codes(session: Session) -> frozenset[int]:
    """Return the numbers of everybody who is asked for codes."""
    on = select(OneTimeCodes.owner_id).where(OneTimeCodes.on_since.is_not(None))
    return frozenset(session.scalars(on))


def takes_code(session: Session, owner: Owner, typed: str, key: bytes, now: datetime) -> bool:
    """Whether this is a code of somebody's app, or a recovery code; either is taken once.

    Wrong ones are counted, so the caller commits in any case.
    """
    codes = session.get(OneTimeCodes, owner.id)
    if codes is None or codes.on_since is None:
        return False
    if _takes_recovery_code(session, owner, typed, now):
        note(session, f"Used a recovery code of {owner.name}.", now, actor=owner.name)
        return True
    if codes.wrong < MOST_WRONG and _takes_app_code(session, codes, typed, key, now):
        return True
    counted = update(OneTimeCodes).where(OneTimeCodes.owner_id == owner.id)
    session.execute(counted.values(wrong=OneTimeCodes.wrong + 1))
    return False


def forget_wrong_codes(session: Session, owner_id: int) -> None:
    """Try codes again: somebody has signed in by something that can't be guessed."""
    counted = update(OneTimeCodes).where(OneTimeCodes.owner_id == owner_id, OneTimeCodes.wrong > 0)
    session.execute(counted.values(wrong=0))


def _takes_app_code(
    session: Session, codes: OneTimeCodes, typed: str, key: bytes, now: datetime
) -> bool:
    from pyotp import TOTP

    app = TOTP(unseal(key, codes.sealed, _REMEDY))
    digits = "".join(typed.split())
    for step in range(app.timecode(now) - 1, app.timecode(now) + 2):
        if compare_digest(app.generate_otp(step).encode(), digits.encode("utf-8", "replace")):
            taken = session.execute(
                update(OneTimeCodes)
                .where(OneTimeCodes.owner_id == codes.owner_id, OneTimeCodes.last_step < step)
                .values(last_step=step, wrong=0)
                .returning(OneTimeCodes.owner_id)
            )
            return taken.first() is not None
    return False


def _takes_recovery_code(session: Session, owner: Owner, typed: str, now: datetime) -> bool:
    plain = "".join(typed.upper().replace("-", "").split())
    if len(plain) != _LENGTH:
        return False
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.owner_id == owner.id,
            RecoveryCode.code_hash == hash_secret(plain),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.code_hash)
    )
    return used.first() is not None


def _new_recovery_codes(session: Session, owner: Owner) -> Sequence[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.owner_id == owner.id))
    made = [
        "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(RECOVERY_CODES)
    ]
    session.add_all(RecoveryCode(owner_id=owner.id, code_hash=hash_secret(one)) for one in made)
    session.flush()
    return ["-".join(one[i : i + 4] for i in range(0, _LENGTH, 4)) for one in made]

"""What a browser signs or brings back: made here, for one purpose, for minutes, and taken once.

It carries its moment and a keyed hash, so asking for one stores nothing; one that was taken is
remembered until it would be too old.
"""

import base64
import binascii
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from linktrack.errors import Forbidden
from linktrack.owners.access import hash_secret
from linktrack.owners.signing_in.models import SpentChallenge

LIFE: Final = timedelta(minutes=10)
TOO_OLD: Final = "That took too long, or was used already: reload the page and try again."

_MOMENT: Final = 8  # bytes
_RANDOM: Final = 24
_HASH: Final = 16


def make_challenge(key: bytes, purpose: str, now: datetime) -> str:
    """Return a new challenge for a purpose, in base64url."""
    body = int(now.timestamp()).to_bytes(_MOMENT, "big") + secrets.token_bytes(_RANDOM)
    return base64.urlsafe_b64encode(body + _signature(key, purpose, body)).decode().rstrip("=")


def check_challenge(key: bytes, purpose: str, challenge: str, now: datetime) -> None:
    """Raise `Forbidden` unless it was made for this purpose within the last minutes."""
    try:
        raw = base64.b64decode(challenge + "=" * (-len(challenge) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Forbidden(TOO_OLD) from error
    body, signature = raw[:-_HASH], raw[-_HASH:]
    is_ours = hmac.compare_digest(signature, _signature(key, purpose, body))
    if not is_ours or len(body) != _MOMENT + _RANDOM:
        raise Forbidden(TOO_OLD)
    made = datetime.fromtimestamp(int.from_bytes(body[:_MOMENT], "big"), UTC)
    if not made <= now + timedelta(minutes=1) or made + LIFE < now:
        raise Forbidden(TOO_OLD)


def spend_challenge(session: Session, challenge: str, now: datetime) -> None:
    """Remember that a challenge was taken; raises `Forbidden` if it was before."""
    session.execute(delete(SpentChallenge).where(SpentChallenge.expires_at < now))
    spent = hash_secret(challenge)
    if session.get(SpentChallenge, spent) is not None:
        raise Forbidden(TOO_OLD)
    # A minute longer than it holds: the clocks of two machines may differ.
    until = now + LIFE + timedelta(minutes=1)
    session.add(SpentChallenge(token_hash=spent, expires_at=until))
    try:
        session.flush()
    except IntegrityError as error:  # of two at the same moment
        session.rollback()
        raise Forbidden(TOO_OLD) from error


def _signature(key: bytes, purpose: str, body: bytes) -> bytes:
    message = purpose.encode() + b"\0" + body
    return blake2b(message, key=key, digest_size=_HASH, person=b"challenge").digest()

"""Passkeys: registered under a name, and signed in with, without a name or a password."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final, TypeAlias

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from linktrack.errors import Conflict, Forbidden, Invalid, NotFound
from linktrack.owners.access import hash_secret
from linktrack.owners.audit import note
from linktrack.owners.models import Owner
from linktrack.owners.signing_in.challenges import (
    LIFE,
    check_challenge,
    make_challenge,
    spend_challenge,
)
from linktrack.owners.signing_in.homes import Home
from linktrack.owners.signing_in.models import Passkey

MOST: Final = 20
"""Passkeys of one person."""

LONGEST: Final = 20_000  # characters of what a browser sends; it takes one or two thousand
ALGORITHMS: Final = (-8, -7, -257)  # EdDSA, ES256, RS256, as COSE numbers them
UNKNOWN: Final = "This passkey isn't known here, or wasn't accepted. Sign in another way."
_SIGN_IN: Final = "sign in"

Options: TypeAlias = Mapping[str, object]


def creation_options(
    session: Session, owner: Owner, home: Home, key: bytes, now: datetime
) -> Options:
    """Return what a browser is asked in order to make a passkey, as WebAuthn's JSON.

    It is written here rather than by the library, which takes 0.1 s and 10 MB to import: the page
    shows it to everybody who looks at their profile.
    """
    known = session.scalars(select(Passkey.credential_id).where(Passkey.owner_id == owner.id))
    return {
        "rp": {"id": home.rp_id, "name": "linktrack"},
        "user": {"id": _handle(key, owner), "name": owner.name, "displayName": owner.name},
        "challenge": make_challenge(key, _registering(owner), now),
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in ALGORITHMS],
        "timeout": _milliseconds(),
        "excludeCredentials": [{"type": "public-key", "id": each} for each in known],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "preferred",
        },
        "attestation": "none",
    }


def request_options(home: Home, key: bytes, now: datetime) -> Options:
    """Return what a browser is asked in order to sign in with any passkey of this site."""
    return {
        "rpId": home.rp_id,
        "challenge": make_challenge(key, _SIGN_IN, now),
        "timeout": _milliseconds(),
        "allowCredentials": [],
        "userVerification": "preferred",
    }


def add_passkey(
    session: Session, owner: Owner, name: str, sent: str, home: Home, *, key: bytes, now: datetime
) -> Passkey:
    """Store a passkey that a browser has made; raises `Invalid`, `Conflict` or `Forbidden`."""
    name = name.strip()
    if not 1 <= len(name) <= 60 or not name.isprintable():
        raise Invalid("A passkey needs a name of 1 to 60 visible characters.")
    number = select(func.count()).where(Passkey.owner_id == owner.id)
    if (session.scalar(number) or 0) >= MOST:
        raise Conflict(f"{MOST} passkeys are enough: remove one that you no longer use.")
    challenge = _challenge_in(sent)
    check_challenge(key, _registering(owner), challenge, now)
    made = _verified_new(sent, challenge, home)
    spend_challenge(session, challenge, now)
    credential_id = _encoded(made.credential_id)
    if _found(session, credential_id) is not None:
        raise Conflict("This passkey is registered already.")
    passkey = Passkey(
        owner_id=owner.id,
        name=name,
        credential_hash=hash_secret(credential_id),
        credential_id=credential_id,
        public_key=_encoded(made.public_key),
        sign_count=made.sign_count,
        created_at=now,
    )
    session.add(passkey)
    note(session, f"Added the passkey {name} of {owner.name}.", now)
    return passkey


@dataclass(frozen=True, slots=True)
class Proved:
    """Whose passkey it was. `is_verified`: by finger, face or PIN, so it needs no code beside."""

    owner: Owner
    is_verified: bool


def use_passkey(
    session: Session, sent: str, home: Home | None, key: bytes, now: datetime
) -> Proved:
    """Return who has signed a challenge of ours; raises `Forbidden`, after which one commits."""
    if home is None:
        raise Forbidden(UNKNOWN)
    challenge = _challenge_in(sent)
    check_challenge(key, _SIGN_IN, challenge, now)
    passkey = _found(session, str(_fields(sent).get("id", "")))
    if passkey is None:
        raise Forbidden(UNKNOWN)
    owner = session.get_one(Owner, passkey.owner_id)
    response = _fields(sent)["response"]
    handle = response.get("userHandle") if isinstance(response, dict) else None
    if handle and str(handle).rstrip("=") != _handle(key, owner):
        raise Forbidden(UNKNOWN)
    count, is_verified = _verified_use(sent, challenge, home, passkey)
    spend_challenge(session, challenge, now)
    if (count or passkey.sign_count) and count <= passkey.sign_count:
        note(
            session,
            f"Refused the passkey {passkey.name} of {owner.name}: it may have been copied.",
            now,
            actor="somebody",
        )
        raise Forbidden(UNKNOWN)
    passkey.sign_count, passkey.last_used_at = count, now
    session.flush()
    return Proved(owner, is_verified)


def list_passkeys(session: Session, owner: Owner) -> Sequence[Passkey]:
    """Return somebody's passkeys, oldest first."""
    return session.scalars(
        select(Passkey).where(Passkey.owner_id == owner.id).order_by(Passkey.id)
    ).all()


def passkey_numbers(session: Session) -> dict[int, int]:
    """Return how many passkeys people have, by the numbers of those who have any."""
    counted = select(Passkey.owner_id, func.count().label("number")).group_by(Passkey.owner_id)
    return {row.owner_id: row.number for row in session.execute(counted)}


def any_passkeys(session: Session) -> bool:
    """Whether anybody could sign in with one."""
    return session.scalar(select(Passkey.id).limit(1)) is not None


def remove_passkey(session: Session, owner: Owner, number: int | None, now: datetime) -> None:
    """Remove one of somebody's passkeys; raises `NotFound`."""
    passkey = None if number is None else session.get(Passkey, number)
    if passkey is None or passkey.owner_id != owner.id:
        raise NotFound("That passkey is no longer there.")
    session.delete(passkey)
    note(session, f"Removed the passkey {passkey.name} of {owner.name}.", now)


def remove_passkeys(session: Session, owner: Owner, now: datetime) -> int:
    """Remove all passkeys of somebody; return how many."""
    gone = session.execute(
        delete(Passkey).where(Passkey.owner_id == owner.id).returning(Passkey.id)
    )
    number = len(gone.all())
    if number:
        note(session, f"Removed the passkeys of {owner.name}.", now)
    return number


@dataclass(frozen=True, slots=True)
class _New:
    credential_id: bytes
    public_key: bytes
    sign_count: int


def _verified_new(sent: str, challenge: str, home: Home) -> _New:
    from webauthn import verify_registration_response
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    try:
        made = verify_registration_response(
            credential=sent,
            expected_challenge=_decoded(challenge),
            expected_rp_id=home.rp_id,
            expected_origin=home.origin,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(each) for each in ALGORITHMS],
        )
    except Exception as error:  # bytes of a stranger: whatever the libraries make of them
        raise Invalid("This passkey couldn't be verified: try again, or another device.") from error
    return _New(made.credential_id, made.credential_public_key, made.sign_count)


def _verified_use(sent: str, challenge: str, home: Home, passkey: Passkey) -> tuple[int, bool]:
    """Return the new sign count, and whether a person was verified; raises `Forbidden`."""
    from webauthn import verify_authentication_response

    try:
        used = verify_authentication_response(
            credential=sent,
            expected_challenge=_decoded(challenge),
            expected_rp_id=home.rp_id,
            expected_origin=home.origin,
            credential_public_key=_decoded(passkey.public_key),
            credential_current_sign_count=0,  # it is compared by the caller
        )
    except Exception as error:  # bytes of a stranger: whatever the libraries make of them
        raise Forbidden(UNKNOWN) from error
    return used.new_sign_count, used.user_verified


def _fields(sent: str) -> dict[str, object]:
    """Return what a browser sent as an object with a `response`; raises `Forbidden`."""
    try:
        fields = json.loads(sent) if len(sent) <= LONGEST else None
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict) or not isinstance(fields.get("response"), dict):
        raise Forbidden(UNKNOWN)
    return fields


def _challenge_in(sent: str) -> str:
    """Return the challenge that was signed; raises `Forbidden`."""
    response = _fields(sent)["response"]
    data = response.get("clientDataJSON") if isinstance(response, dict) else None
    try:
        challenge = json.loads(_decoded(str(data)))["challenge"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Forbidden(UNKNOWN) from error
    return str(challenge)


def _found(session: Session, credential_id: str) -> Passkey | None:
    hashed = hash_secret(credential_id.rstrip("="))
    return session.scalar(select(Passkey).where(Passkey.credential_hash == hashed))


def _handle(key: bytes, owner: Owner) -> str:
    """Return what an authenticator knows somebody by: nothing that says who they are."""
    who = f"{owner.id} {int(owner.created_at.timestamp())}".encode()
    return _encoded(blake2b(who, key=key, digest_size=32, person=b"user handle").digest())


def _registering(owner: Owner) -> str:
    return f"register {owner.id}"


def _milliseconds() -> int:
    return int(LIFE.total_seconds()) * 1_000


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

"""Mail addresses of people who ask, join or suggest: sealed in the database, found by a keyed hash.

Both are made under `Keys.sealing()`, which lies outside the database: whoever has a copy of that
alone can read no address, and can't try out who is in it.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from linktrack.errors import Invalid
from linktrack.keys import seal, unseal
from linktrack.mail import check_address

_DIGEST_BYTES: Final = 16
_OTHER_KEYS: Final = (
    "An email address was sealed under other keys: put back the keys.json of that time, or ask the "
    "person for the address again."
)


@dataclass(frozen=True, slots=True)
class SealedMail:
    """A mail address as it is stored (`sealed_mail` and `mail_digest` of a row)."""

    sealed: str
    digest: str


def seal_mail(sealing: bytes, address: str) -> SealedMail:
    """Return an address as it is stored; raises `Invalid` for what is no mail address."""
    address = address.strip()
    check_address(address)
    if any("\ud800" <= each <= "\udfff" or not each.isprintable() for each in address):
        raise Invalid("That email address has a character that none can have.")
    return SealedMail(seal(_key(sealing), address), mail_digest(sealing, address))


def mail_digest(sealing: bytes, address: str) -> str:
    """Return the keyed hash by which an address is found, whatever its case.

    Only its owner's server knows whether case makes a difference in it; next to none does.
    """
    folded = address.strip().casefold().encode("utf-8", "replace")
    key = blake2b(sealing, person=b"mail digest", digest_size=32).digest()
    return blake2b(folded, key=key, digest_size=_DIGEST_BYTES).hexdigest()


def read_mail(sealing: bytes, sealed: str) -> str:
    """Return the address that was sealed; raises `Invalid` where the keys are others."""
    return unseal(_key(sealing), sealed, _OTHER_KEYS)


def _key(sealing: bytes) -> bytes:
    """Return the key of addresses alone: nothing else that we seal can stand in their place."""
    return blake2b(sealing, person=b"mail address", digest_size=32).digest()

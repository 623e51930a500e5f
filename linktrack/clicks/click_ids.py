"""Click ids: what a visitor brings along to an own site, so that a goal finds its click. Pure.

An id names nobody: it holds the link, the segment if one is known, where the link's rules led, and
the minute, and it is drawn anew for each click. Only this installation can read or make one.
"""

import base64
import os
import re
import struct
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from linktrack.clicks.vocabulary import ATTRIBUTION_NUMBER, UNATTRIBUTED
from linktrack.ids import LinkId, SegmentId
from linktrack.links.destinations import with_query

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PARAMETER: Final = "lt_click"
"""The name of the query parameter that carries a click id."""

LONGEST_DAYS: Final = 30
"""No goal takes an id that is older."""

MINUTE: Final = 60_000  # milliseconds

PERSONAL: Final = ATTRIBUTION_NUMBER["personal"]

_HELD: Final = struct.Struct(">IIBII")  # link, segment, attribution, minute, option + 1
_NONCE_BYTES: Final = 12
_FOR: Final = b"linktrack click id 2"
_CHARACTERS: Final = 60  # 12 + 17 bytes and a tag of 16, in base64

# One that came with the destination, as when somebody shares an address they were led to.
_OLD: Final = re.compile(rf"(?<=[?&]){PARAMETER}=[^&#]*&?")


@dataclass(frozen=True, slots=True)
class Carried:
    """What a click id says of its click; `clicked_at` (milliseconds) is the beginning of a minute.

    `number` is a click's own, of 64 bits; it is drawn at random and stored beside no click.
    """

    number: int
    link_id: LinkId
    segment_id: SegmentId
    attribution: int
    clicked_at: int
    option: int | None = None


class ClickIds:
    """Makes and reads the click ids of one installation, under its own key (32 bytes)."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @cached_property
    def _cipher(self) -> "AESGCM":
        # Imported when the first id is made: most installations never make one.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._key)

    def make(
        self,
        link_id: LinkId,
        segment_id: SegmentId | None,
        attribution: str | None,
        at: int,
        option: int | None = None,
    ) -> str:
        """Return a new id for a click at a moment (milliseconds); it is safe in an address.

        A segment that a personal link tells is left out: it may be taken back later.
        """
        way = ATTRIBUTION_NUMBER.get(attribution, 0)
        if way == PERSONAL:
            way, segment_id = 0, None
        nonce = os.urandom(_NONCE_BYTES)
        held = _HELD.pack(
            link_id,
            segment_id or UNATTRIBUTED,
            way,
            at // MINUTE,
            0 if option is None else option + 1,
        )
        sealed = nonce + self._cipher.encrypt(nonce, held, _FOR)
        return base64.urlsafe_b64encode(sealed).decode()

    def read(self, written: str) -> Carried | None:
        """Return what an id holds, None for anything that wasn't made here."""
        from cryptography.exceptions import InvalidTag

        if len(written) != _CHARACTERS or not written.isascii():
            return None
        try:
            sealed = base64.b64decode(written, altchars=b"-_", validate=True)
            nonce = sealed[:_NONCE_BYTES]
            held = self._cipher.decrypt(nonce, sealed[_NONCE_BYTES:], _FOR)
        except (ValueError, InvalidTag):
            return None
        link_id, segment_id, way, minute, led_to = _HELD.unpack(held)
        number = int.from_bytes(blake2b(nonce, digest_size=8).digest(), signed=True)
        return Carried(
            number,
            LinkId(link_id),
            SegmentId(segment_id),
            way,
            minute * MINUTE,
            option=led_to - 1 if led_to else None,
        )


def with_click_id(location: str, click_id: str) -> str:
    """Return an address with this click id at the end of its query, and with no other one."""
    if PARAMETER in location:
        address, hash_mark, fragment = location.partition("#")
        location = f"{_OLD.sub('', address).rstrip('?&')}{hash_mark}{fragment}"
    return with_query(location, f"{PARAMETER}={click_id}")

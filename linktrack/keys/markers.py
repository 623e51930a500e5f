"""Markers: signed cookies that say one thing about a browser and give no power. Pure.

They lie at `/`, where the session does not: on the short domain every redirect may read them.
Whoever copies one changes how their own clicks are counted, and nothing else.
"""

import hmac
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from linktrack.ids import AccountId, SegmentId

HELLO: Final = "hello-"
"""A reader's own "count me as one of …", for the account whose number follows."""

_SIGN_BYTES: Final = 16
_LONGEST: Final = 200  # characters of a marker's cookie; anything longer was not made here


@dataclass(frozen=True, slots=True)
class Markers:
    """Makes and reads the markers of one installation, under its own key."""

    key: bytes

    def sign(self, name: str, value: str) -> str:
        """Return the content of the cookie `name`; the value is ASCII without `.`, `;` or space."""
        return f"{value}.{self._signature(name, value)}"

    def read(self, name: str, cookies: str) -> str | None:
        """Return the value of the marker `name` in a Cookie header, or None if none is valid."""
        start = f"{name}="
        for part in cookies.split(";"):
            pair = part.strip()
            if pair.startswith(start) and len(pair) <= _LONGEST:
                value, _, signature = pair[len(start) :].rpartition(".")
                # compare_digest refuses text beyond ASCII, which any client may send.
                sent = signature.encode("utf-8", "replace")
                if value and hmac.compare_digest(sent, self._signature(name, value).encode()):
                    return value
        return None

    def _signature(self, name: str, value: str) -> str:
        message = f"{name}={value}".encode("utf-8", "replace")
        return blake2b(message, key=self.key, digest_size=_SIGN_BYTES, person=b"marker").hexdigest()


def said_hello(markers: Markers, account_id: AccountId, cookies: str) -> SegmentId | None:
    """Return the segment that this browser's reader said hello as, to this account, or None."""
    if HELLO not in cookies:
        return None
    value = markers.read(f"{HELLO}{account_id}", cookies)
    if value is None or not value.isdigit() or len(value) > 10:
        return None
    return SegmentId(int(value))

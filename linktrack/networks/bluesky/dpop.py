"""Proof of possession (DPoP, RFC 9449): each request is signed by a key that nobody else has.

A server may want a nonce of its own in the proof: it refuses the first one, and says which.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey

from linktrack import __version__
from linktrack.errors import Unavailable
from linktrack.networks.archives import Fields
from linktrack.outside.errors import Unanswered
from linktrack.outside.finding import Guard
from linktrack.outside.visit import Answer, Limits, ask

LIMITS: Final = Limits(10, 512 * 1024)
"""What one answer may take: strangers name these servers, and a page waits for them."""

ALGORITHM: Final = "ES256"
"""The one that every server has to take (atproto's OAuth specification)."""


class Proving:
    """Sends forms with proofs by one key; `nonce` is the one that the server wants at last."""

    def __init__(self, guard: Guard, key: ECKey | None = None, nonce: str | None = None) -> None:
        self._guard = guard
        self._key = key or ECKey.generate_key("P-256")
        self.nonce = nonce

    @classmethod
    def unpacked(cls, guard: Guard, key: Mapping[str, str], nonce: str | None) -> "Proving":
        """Undo `packed`."""
        return cls(guard, ECKey.import_key(dict(key)), nonce)

    def packed(self) -> dict[str, str]:
        """Return the key, private part and all."""
        return {name: str(value) for name, value in self._key.as_dict(private=True).items()}

    def send(self, address: str, form: Mapping[str, str], now: int) -> tuple[int, Fields]:
        """Send a form at a moment (seconds since 1970); return status and JSON.

        It is sent once more where the server wants another nonce. Raises `Unavailable`.
        """
        answer = self._send(address, form, now)
        said = json_of(answer)
        if said.get("error") == "use_dpop_nonce" and answer.header("DPoP-Nonce") is not None:
            answer = self._send(address, form, now)
            said = json_of(answer)
        return answer.status, said

    def _send(self, address: str, form: Mapping[str, str], now: int) -> Answer:
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            "DPoP": self._proof(address, now),
            "User-Agent": f"linktrack/{__version__}",
        }
        body = urlencode(form).encode()
        try:
            answer = ask(
                "POST", address, limits=LIMITS, headers=headers, body=body, guard=self._guard
            )
        except Unanswered as error:
            raise Unavailable(f"Your server can't be reached. {error.sentence}") from error
        self.nonce = answer.header("DPoP-Nonce") or self.nonce
        return answer

    def _proof(self, address: str, now: int) -> str:
        public = {name: str(value) for name, value in self._key.as_dict(private=False).items()}
        header = {
            "typ": "dpop+jwt",
            "alg": ALGORITHM,
            "jwk": {name: public[name] for name in ("kty", "crv", "x", "y")},
        }
        claims: dict[str, object] = {
            "jti": secrets.token_urlsafe(24),
            "htm": "POST",
            "htu": address.partition("?")[0],
            "iat": now,
        }
        if self.nonce is not None:
            claims["nonce"] = self.nonce
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])


def json_of(answer: Answer) -> Fields:
    """Return the JSON object of an answer, an empty one where it is none."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

"""Who somebody is on Bluesky: atproto's OAuth, with PKCE, PAR and DPoP, at their own server.

The scope is `atproto` alone: it says who somebody is and allows nothing. We are known by a document
at an address of ours, on loopback by an address that says all (atproto's OAuth specification).
"""

import json
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Final
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from linktrack.errors import Forbidden, Unavailable
from linktrack.networks.bluesky.client import SCOPE, client_id, redirect_address
from linktrack.networks.bluesky.dpop import Proving
from linktrack.networks.bluesky.places import Entrance, Places
from linktrack.networks.errors import Refused
from linktrack.networks.identity import Identity, Leaving, Visit, code_of
from linktrack.networks.texts import text

_FULL: Final = 429


class BlueskyIdentity:
    """Asks the server of whoever wants to sign in (`identity.IdentityReader`)."""

    def __init__(self, visit: Visit) -> None:
        self._base_url = visit.settings.base_url
        self._places = Places(visit.settings.bluesky, visit.settings.plc)

    def begin(self, typed: str, back: str, state: str) -> Leaving:
        """Find their server, leave there what we ask for, and return its page of consent."""
        entrance = self._places.find(typed)
        proving = Proving(self._places.guard)
        verifier, back = secrets.token_urlsafe(48), redirect_address(back)
        form = {
            "client_id": client_id(self._base_url, back),
            "response_type": "code",
            "redirect_uri": back,
            "scope": SCOPE,
            "state": state,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
            "login_hint": entrance.handle,
        }
        status, said = proving.send(entrance.pushed, form, int(time.time()))
        request_uri = text(said.get("request_uri"))
        if status not in (200, 201) or request_uri is None:
            raise _refusal(entrance, status, said)
        query = urlencode({"client_id": form["client_id"], "request_uri": request_uri})
        kept = [asdict(entrance), back, verifier, proving.packed(), proving.nonce]
        return Leaving(f"{entrance.authorization}?{query}", back, json.dumps(kept))

    def finish(self, remembered: str, sent: Mapping[str, str]) -> Identity:
        """Return who has come back; the token is revoked, whatever it says."""
        fields, back, verifier, key, nonce = json.loads(remembered)
        entrance = Entrance(**fields)
        host = urlsplit(entrance.issuer).netloc
        code = code_of(sent, host, entrance.issuer, names_itself=True)
        proving = Proving.unpacked(self._places.guard, key, nonce)
        ours = client_id(self._base_url, back)
        status, said = proving.send(
            entrance.token,
            {
                "client_id": ours,
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": back,
                "code_verifier": verifier,
            },
            int(time.time()),
        )
        if status >= 500 or status == _FULL:
            raise Unavailable(f"{host} can't be asked right now: try again in a minute.")
        _revoke(proving, entrance, ours, said)
        if status != 200 or str(said.get("token_type")).casefold() != "dpop":
            raise Forbidden(f"{host} didn't confirm this sign-in: begin again.")
        if SCOPE not in str(said.get("scope")).split():
            raise Forbidden(f"{host} doesn't say who you are: begin again.")
        if said.get("sub") != entrance.did:
            raise Forbidden(
                f"You signed in as somebody else than @{entrance.handle}: sign in there as who you "
                "are here, or write that handle."
            )
        return Identity("bluesky", entrance.did, f"@{entrance.handle}")


def _revoke(proving: Proving, entrance: Entrance, ours: str, said: Mapping[str, object]) -> None:
    """Give a token back; where that fails it ends by itself."""
    token = text(said.get("access_token"))
    if token is not None and entrance.revocation is not None:
        form = {"client_id": ours, "token": token}
        with suppress(Unavailable):
            proving.send(entrance.revocation, form, int(time.time()))


def _refusal(entrance: Entrance, status: int, said: Mapping[str, object]) -> Refused | Unavailable:
    host = urlsplit(entrance.issuer).netloc
    if status >= 500 or status == _FULL:
        return Unavailable(f"{host} can't be asked right now: try again in a minute.")
    why = text(said.get("error_description")) or text(said.get("error")) or f"status {status}"
    return Refused(f"{host} doesn't let people sign in here: {why[:200]}")

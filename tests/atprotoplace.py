"""A stand-in for Bluesky's servers: handles, a directory, a data server and its OAuth, strictly.

What it refuses is what atproto's OAuth specification wants refused: a request that was not pushed,
a proof (DPoP) that is old, of another key, of another address or without the newest nonce, a code
that is used twice, or without the verifier of its challenge. `test_networks_identity.py` tries the
same against Bluesky's own servers.
"""

import base64
import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey
from standins import Answer, Asked, standin

ANN = "did:plc:" + "a" * 24
BOB = "did:plc:" + "b" * 24


class Wrong(Exception):
    """What a request is refused for."""


@dataclass
class AtprotoPlace:
    """Servers on loopback, all at one address; `who` is signed in in the browser that comes there.

    `document`: what the client's document says, which real servers fetch. `described`, `identity`:
    what is added to what the server says of itself, and to the document of an identity; `given`:
    to the answer with a token.
    """

    address: str = ""
    who: str = ANN
    handles: dict[str, str] = field(default_factory=lambda: {"ann.test": ANN, "bob.test": BOB})
    document: Mapping[str, Any] = field(default_factory=dict)
    described: dict[str, object] = field(default_factory=dict)
    resource: dict[str, object] = field(default_factory=dict)
    identity: dict[str, object] = field(default_factory=dict)
    given: dict[str, object] = field(default_factory=dict)
    back: dict[str, str] = field(default_factory=dict)
    pushed: dict[str, dict[str, str]] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    proofs: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _nonce: str = "nonce-0"

    def answer(self, asked: Asked) -> Answer:
        """Answer one request."""
        try:
            if asked.path == "/xrpc/com.atproto.identity.resolveHandle":
                did = self.handles.get(asked.arguments["handle"][0])
                return Answer({"did": did}) if did else Answer({"error": "HandleNotFound"}, 400)
            if asked.path.startswith("/did:plc:"):
                return self._identity(asked.path[1:])
            if asked.path == "/.well-known/oauth-protected-resource":
                said = {"resource": self.address, "authorization_servers": [self.address]}
                return Answer(said | self.resource)
            if asked.path == "/.well-known/oauth-authorization-server":
                return Answer(self._description() | self.described)
            if asked.method == "POST" and asked.path in ("/par", "/token", "/revoke"):
                return self._proved(asked)
        except Wrong as error:
            return Answer({"error": "invalid_request", "error_description": str(error)}, 400)
        return Answer({"error": "NotFound"}, 404)

    def consented(self, address: str) -> str:
        """Consent to what this address asks for; return where the browser is led."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert set(query) == {"client_id", "request_uri"}
        asked = self.pushed.pop(query["request_uri"])
        assert asked["client_id"] == query["client_id"]
        code = f"code-{next(self._numbers)}"
        self.codes[code] = {**asked, "who": self.who}
        back = {"code": code, "state": asked["state"], "iss": self.address, **self.back}
        return f"{asked['redirect_uri']}?{urlencode({k: v for k, v in back.items() if v})}"

    def _identity(self, did: str) -> Answer:
        names = [f"at://{name}" for name, owner in self.handles.items() if owner == did]
        services = [
            {"id": "#other", "serviceEndpoint": "https://elsewhere.test"},
            {
                "id": "#atproto_pds",
                "type": "AtprotoPersonalDataServer",
                "serviceEndpoint": self.address,
            },
        ]
        return Answer({"id": did, "alsoKnownAs": names, "service": services} | self.identity)

    def _description(self) -> dict[str, object]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "revocation_endpoint": f"{self.address}/revoke",
            "pushed_authorization_request_endpoint": f"{self.address}/par",
            "require_pushed_authorization_requests": True,
            "authorization_response_iss_parameter_supported": True,
            "client_id_metadata_document_supported": True,
            "scopes_supported": ["atproto", "transition:generic"],
            "code_challenge_methods_supported": ["S256"],
            "dpop_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        }

    def _proved(self, asked: Asked) -> Answer:
        """Look at the proof, want a new nonce with each request, then answer."""
        wanted, self._nonce = self._nonce, f"nonce-{next(self._numbers)}"
        fresh = {"DPoP-Nonce": self._nonce}
        key = self._key(asked, wanted)
        if key is None:
            return Answer({"error": "use_dpop_nonce"}, 400, fresh)
        way = {"/par": self._push, "/token": self._token, "/revoke": self._revoke}[asked.path]
        try:
            said = way(asked.form, key)
        except Wrong as error:
            said = Answer({"error": "invalid_grant", "error_description": str(error)}, 400)
        return Answer(said.body, said.status, fresh)

    def _key(self, asked: Asked, nonce: str) -> str | None:
        """Return the thumbprint of a proof's key; None: it has another nonce than is wanted."""
        proof = asked.headers.get("dpop", "")
        header = json.loads(base64.urlsafe_b64decode(proof.partition(".")[0] + "=="))
        if header["typ"] != "dpop+jwt" or header["alg"] != "ES256" or "d" in header["jwk"]:
            raise Wrong("not a proof")
        key = ECKey.import_key(header["jwk"])
        claims = jwt.decode(proof, key, algorithms=["ES256"]).claims
        if claims["htm"] != "POST" or claims["htu"] != self.address + asked.path:
            raise Wrong("a proof of another request")
        if abs(claims["iat"] - time.time()) > 60 or claims["jti"] in self.proofs:
            raise Wrong("a proof that is old, or used")
        self.proofs.append(claims["jti"])
        return key.thumbprint() if claims.get("nonce") == nonce else None

    def _push(self, form: Mapping[str, str], key: str) -> Answer:
        self._check_client(form)
        right = {"response_type": "code", "scope": "atproto", "code_challenge_method": "S256"}
        if any(form.get(name) != value for name, value in right.items()):
            raise Wrong("not what is asked for")
        if len(form["code_challenge"]) != 43 or len(form["state"]) < 32:
            raise Wrong("a weak challenge or state")
        uri = f"urn:ietf:params:oauth:request_uri:{next(self._numbers)}"
        self.pushed[uri] = {**form, "key": key}
        return Answer({"request_uri": uri, "expires_in": 299}, 201)

    def _check_client(self, form: Mapping[str, str]) -> None:
        name = urlsplit(form["client_id"])
        if name.scheme == "http":  # on loopback the name says all
            said = parse_qs(name.query)
            uris, scope = said["redirect_uri"], said["scope"][0]
            fit = name.netloc == "localhost" and urlsplit(uris[0]).hostname == "127.0.0.1"
        else:
            uris, scope = self.document["redirect_uris"], self.document["scope"]
            fit = self.document["client_id"] == form["client_id"]
            fit = fit and self.document["dpop_bound_access_tokens"] is True
        if not fit or scope != "atproto" or form.get("redirect_uri", uris[0]) not in uris:
            raise Wrong("a client that is not known")

    def _token(self, form: Mapping[str, str], key: str) -> Answer:
        self._check_client(form)
        asked = self.codes.pop(form.get("code", ""), None)
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
        if (
            asked is None
            or form.get("grant_type") != "authorization_code"
            or any(asked[name] != form.get(name) for name in ("client_id", "redirect_uri"))
            or asked["code_challenge"] != challenge
            or asked["key"] != key
        ):
            raise Wrong("not a code of this client")
        token = f"token-{next(self._numbers)}"
        self.tokens.append(token)
        said = {"access_token": token, "token_type": "DPoP", "scope": "atproto"}
        return Answer(said | {"sub": asked["who"]} | self.given)

    def _revoke(self, form: Mapping[str, str], _: str) -> Answer:
        self._check_client(form)
        self.tokens.remove(form["token"])
        return Answer({})


@contextmanager
def served(place: AtprotoPlace) -> Iterator[AtprotoPlace]:
    """Run the servers on a free port."""
    with standin(place.answer) as running:
        place.address = running.address
        place.asked = running.asked
        yield place


def reset(running: AtprotoPlace) -> AtprotoPlace:
    """Make running servers what they were when they began."""
    fresh = AtprotoPlace(running.address)
    running.asked.clear()
    running.__dict__.update(fresh.__dict__ | {"asked": running.asked})
    return running

"""An OpenID provider on loopback: honest, or as hostile as a test wants it."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey
from listening import listening

CLIENT = "linktrack"
SECRET = "s3cret of linktrack"  # noqa: S105 - of these tests alone


@dataclass
class OpenIDProvider:
    """Who is signed in there, what it says of them, and how it lies."""

    issuer: str = ""
    subject: str = "0815"
    said: dict[str, Any] = field(default_factory=lambda: {"name": "Vera", "groups": ["editors"]})
    userinfo: dict[str, Any] | None = None
    twist: dict[str, Any] = field(default_factory=dict)
    """Claims that are other ones than is right."""
    algorithm: str = "RS256"
    keys: list[RSAKey] = field(default_factory=lambda: [_key("one")])
    signs_with: int = -1
    stranger_signs: bool = False
    asked: list[str] = field(default_factory=list)
    described: dict[str, Any] = field(default_factory=dict)
    slow: float = 0
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def rotate(self) -> None:
        """Sign with a new key from now on; the old one is gone."""
        self.keys = [_key(f"key {len(self.asked)}")]

    def authorize(self, query: Mapping[str, str]) -> str:
        """Sign the person in; return where their browser is led back to."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        code = f"code-{len(self._codes)}-{time.monotonic_ns()}"
        self._codes[code] = dict(query)
        back = {"code": code, "state": query["state"], "iss": self.issuer}
        return f"{query['redirect_uri']}?{urlencode(back)}"

    def token(self, form: Mapping[str, str], authorization: str) -> tuple[int, object]:
        """Give tokens for a code, once, to whom it was for."""
        asked = self._codes.pop(form.get("code", ""), None)
        basic = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        if tuple(map(unquote, basic.split(":", 1))) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge:
            return 400, {"error": "invalid_grant"}
        if asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        return 200, {
            "access_token": "a", "token_type": "Bearer", "expires_in": 60,
            "id_token": self._id_token(asked["nonce"]),
        }  # fmt: skip

    def _id_token(self, nonce: str) -> str:
        at = int(time.time())  # the provider's clock
        claims = {
            "iss": self.issuer, "sub": self.subject, "aud": CLIENT, "iat": at, "exp": at + 300,
            "nonce": nonce, **self.said, **self.twist,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        key = _key("stranger") if self.stranger_signs else self.keys[self.signs_with]
        kid = self.keys[self.signs_with].kid
        if self.algorithm in ("none", "HS256"):
            header = {"alg": self.algorithm, "typ": "JWT", "kid": kid}
            signed = ".".join(_coded(json.dumps(one).encode()) for one in (header, claims))
            public = key.as_pem(private=False)  # known to everybody, as a shared secret
            made = hmac.digest(public, signed.encode(), "sha256")
            return f"{signed}.{_coded(made) if self.algorithm == 'HS256' else ''}"
        return jwt.encode({"alg": self.algorithm, "kid": kid}, claims, key)

    def answer(self, path: str) -> tuple[int, object]:
        """Answer what linktrack asks."""
        self.asked.append(path)
        time.sleep(self.slow)  # a provider that is slow, which a test asks for
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
            } | self.described
        if path == "/keys":
            return 200, {"keys": [key.as_dict(private=False) for key in self.keys]}
        if path == "/userinfo" and self.userinfo is not None:
            return 200, self.userinfo
        return 404, {}


def _coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _key(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


@contextmanager
def served(provider: OpenIDProvider) -> Iterator[OpenIDProvider]:
    """Run a provider on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.end_headers()
                return
            self._send(*provider.answer(parts.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._send(*provider.token(form, self.headers.get("Authorization", "")))

        def _send(self, status: int, said: object) -> None:
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with listening(Handler) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        yield provider

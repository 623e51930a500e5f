"""A stand-in for somebody's Bluesky server, and signing in there."""

import base64
import json
import time
from dataclasses import dataclass, field

from standins import Answer, Asked, Standin
from world import NOON, World

from linktrack.audience.credentials import connect
from linktrack.audience.models import Account
from linktrack.keys import Keys, load_keys
from linktrack.networks.signing_in import sign_in

APP_PASSWORD = "k3yx-p4ss-w0rd-7q2z"  # noqa: S105 - made up
DID = "did:plc:jesse"


def token(seconds: float, name: str) -> str:
    """Return an access token as a Bluesky server makes them, but for its signature."""
    fields = {"exp": int(time.time() + seconds), "sub": DID, "jti": name}
    body = base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJub25lIn0.{body}.{name}signature"


@dataclass
class Server:
    """A stand-in for somebody's Bluesky server; `next` is what it answers to what comes then."""

    handle: str = "jesse.example.com"
    lives: float = 7200.0
    next: list[Answer] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        method = asked.path.removeprefix("/xrpc/")
        if method == "com.atproto.server.createSession":
            if asked.json["password"] != APP_PASSWORD:
                return Answer({"error": "AuthenticationRequired", "message": "Invalid"}, 401)
            return Answer(self.session("first"))
        if method == "com.atproto.server.refreshSession":
            return Answer(self.session("second"))
        return self.next.pop(0)

    def session(self, name: str) -> dict[str, str]:
        lives = self.lives if name == "first" else 7200.0
        return {
            "did": DID, "handle": self.handle,
            "accessJwt": token(lives, name), "refreshJwt": token(9e6, name + "refresh"),
        }  # fmt: skip


def keys_of(world: World) -> Keys:
    return load_keys(world.settings.data)


def connected(world: World, place: Standin, handle: str = "@jesse.example.com") -> Account:
    """Add an account and connect it."""
    account = world.account(handle, "bluesky")
    signed = sign_in("bluesky", handle, {"app_password": APP_PASSWORD}, place.address)
    connect(world.session, keys_of(world), account, signed, NOON)
    world.session.commit()
    return account

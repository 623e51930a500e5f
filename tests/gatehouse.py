"""A stand-in for a Mastodon server with a locked account, which lets people in.

It answers as Mastodon 4.3 does (app/controllers/api/v1/follow_requests_controller.rb and
accounts_controller.rb): a request that was accepted is gone, and accepting it again is 404; to
follow somebody again changes nothing. `kill` ends the process that asks, at a moment of a deed.
"""

import os
import signal
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from standins import Answer, Asked, Standin
from world import NOON, World

from linktrack.audience.credentials import connect
from linktrack.audience.models import Account
from linktrack.keys import load_keys
from linktrack.networks.credentials import Credential, SignIn

Deed: TypeAlias = Literal["accept", "follow"]
Moment: TypeAlias = Literal["before", "after"]

TOKEN = "tok-3nSecret-9"  # noqa: S105 - made up
OURS = "1"


@dataclass
class Gatehouse:
    """People by their numbers; `asking` have asked to follow, `following` follow, `followed` are.

    `done` are the deeds as they came: a follow of somebody who is followed is one, too.
    """

    names: dict[str, str] = field(default_factory=lambda: {"7": "ann", "8": "bob"})
    asking: set[str] = field(default_factory=set)
    following: set[str] = field(default_factory=set)
    followed: set[str] = field(default_factory=set)
    locked: bool = True
    done: list[tuple[Deed, str]] = field(default_factory=list)
    kill: tuple[Deed, Moment] | None = None
    victim: int | None = None
    refuses: dict[Deed, Answer] = field(default_factory=dict)
    address: str = ""

    def answer(self, asked: Asked) -> Answer:
        """Answer one request."""
        parts = asked.path.removeprefix("/api/").split("/")
        if asked.path == "/api/v1/accounts/verify_credentials":
            return Answer(self._account(OURS, "we") | {"locked": self.locked})
        if asked.path == "/api/v2/search":
            name = asked.arguments["q"][0].rpartition("/@")[2]
            found = [number for number, each in self.names.items() if each == name]
            accounts = [self._account(number, name) for number in found]
            return Answer({"accounts": accounts, "statuses": [], "hashtags": []})
        if asked.path == "/api/v1/accounts/relationships":
            numbers = asked.arguments.get("id[]") or asked.arguments["id"]
            return Answer([self._relationship(number) for number in numbers])
        if parts[1:2] == ["follow_requests"] and parts[-1] == "authorize":
            return self._deed("accept", parts[2])
        if parts[1:2] == ["accounts"] and parts[-1] == "follow":
            return self._deed("follow", parts[2])
        return Answer({"error": "Record not found"}, 404)

    def url(self, name: str) -> str:
        """Return the address by which somebody is known."""
        return f"{self.address}/@{name}"

    def _deed(self, deed: Deed, number: str) -> Answer:
        if deed in self.refuses:
            return self.refuses.pop(deed)
        if self._kills(deed, "before"):
            return Answer(silent=True)
        if deed == "accept" and number not in self.asking:
            return Answer({"error": "Record not found"}, 404)
        self.done.append((deed, self.names[number]))
        if deed == "accept":
            self.asking.remove(number)
            self.following.add(number)
        else:
            self.followed.add(number)
        if self._kills(deed, "after"):
            return Answer(silent=True)
        return Answer(self._relationship(number))

    def _kills(self, deed: Deed, moment: Moment) -> bool:
        if self.kill != (deed, moment) or self.victim is None:
            return False
        self.kill = None
        os.kill(self.victim, signal.SIGKILL)
        return True

    def _account(self, number: str, name: str) -> dict[str, object]:
        return {"id": number, "acct": name, "username": name, "url": self.url(name)}

    def _relationship(self, number: str) -> dict[str, object]:
        return {
            "id": number,
            "following": number in self.followed,
            "followed_by": number in self.following,
            "requested": False,
            "requested_by": number in self.asking,
        }


def connected(world: World, gatehouse: Gatehouse, place: Standin) -> Account:
    """Add the *we* account, connected to the stand-in."""
    gatehouse.address = place.address
    account = world.account("@we@a.example", "mastodon", "we")
    values = {
        "access_token": TOKEN,
        "id": OURS,
        "url": gatehouse.url("we"),
        "handle": "@we@a.example",
        "server_is_set": "yes",
    }
    signed = SignIn(
        gatehouse.url("we"), "@we@a.example", Credential("mastodon", place.address, values)
    )
    connect(world.session, load_keys(world.settings.data), account, signed, NOON)
    world.session.commit()
    return account

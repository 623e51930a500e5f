"""Send what is due in a process that its network kills: run by test_sending_kills.py.

The network is a stand-in over HTTP; its answer may come to nobody, since it ends the process that
asks (whose number stands in a header).
"""

import os
from datetime import datetime
from pathlib import Path

import httpx
from world import World

from linktrack.calendar.days import Days
from linktrack.networks.records import Message, Sent
from linktrack.publishing.sender import Sender


class HttpNetwork:
    """A network that is asked over HTTP."""

    def __init__(self, url: str, clock: datetime) -> None:
        self._client = httpx.Client(base_url=url, headers={"Pid": str(os.getpid())})
        self._clock = clock

    def publish(self, message: Message) -> Sent:
        answer = self._client.post("/posts", json={"text": message.text, "key": message.key})
        return self._sent(answer.json()["id"])

    def find(self, message: Message) -> Sent | None:
        found = self._client.get("/posts", params={"text": message.text}).json()
        return self._sent(found[0]) if found else None

    def _sent(self, number: str) -> Sent:
        return Sent(number, f"https://network.example/{number}", self._clock)

    def close(self) -> None:
        self._client.close()


def send_due(data: Path, database_url: str, url: str, now: datetime) -> None:
    """Send what is due at a moment."""
    with World.at(data, database_url) as world:
        Sender(
            world.database,
            world.shortener,
            Days(world.settings.timezone, "month"),
            lambda _: HttpNetwork(url, now),
            lambda: now,
        ).send_due()

"""Bluesky's own servers on loopback, for tests: directory, data server, AppView."""

import contextlib
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
from nodepackages import installed

FOLDER: Final = Path(__file__).parent / "atnet"
MOMENTS: Final = (f"2026-05-04T12:00:00.{number:03d}Z" for number in count())
"""Each follow at a time of its own: the AppView loses follows of one millisecond between pages."""

PATIENCE: Final = 180.0  # seconds; the start takes five on an idle machine


@dataclass(frozen=True)
class Network:
    """Where the servers answer."""

    plc: str
    pds: str
    bsky: str
    control: str

    def call(self, method: str, body: dict[str, Any], token: str | None = None) -> Any:
        """Call a procedure of the data server."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = httpx.post(f"{self.pds}/xrpc/{method}", json=body, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.content else None

    def create(self, collection: str, record: dict[str, Any], person: "Person") -> str:
        """Write a record; return its address."""
        body = {"repo": person.did, "collection": collection, "record": record}
        uri: str = self.call("com.atproto.repo.createRecord", body, person.token)["uri"]
        return uri

    def settle(self) -> None:
        """Wait until the AppView shows what was written."""
        answer = httpx.get(f"{self.control}/settle", timeout=60)
        assert answer.text == "settled", answer.text


@dataclass(frozen=True)
class Person:
    """Somebody with an account."""

    did: str
    handle: str
    token: str


@contextmanager
def network(postgresql: str, temporary: Path) -> Iterator[Network]:
    """Run the servers on a database of their own; they end with us."""
    folder = installed(FOLDER, "network.mjs")  # compiling one of the packages takes two minutes
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("CREATE DATABASE atnet")
    url = postgresql.replace("/postgres?", "/atnet?")
    environ = {**os.environ, "DB_POSTGRES_URL": url, "TMPDIR": str(temporary)}
    with (temporary / "log").open("wb") as log:
        process = subprocess.Popen(
            ["node", "network.mjs"], cwd=folder, env=environ,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
    try:
        yield _ready(process, temporary / "log")
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.communicate()


def _ready(process: "subprocess.Popen[bytes]", log: Path) -> Network:
    assert process.stdout is not None
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        readable, _, _ = select.select([process.stdout], [], [], 1.0)
        if readable:
            line = process.stdout.readline()
            assert line, log.read_text()
            if line.startswith(b'{"plc"'):
                found = json.loads(line)
                return Network(found["plc"], found["pds"], found["bsky"], found["control"])
    raise AssertionError(f"The servers did not start: {log.read_text()}")


def join(network: Network, handle: str) -> Person:
    """Make an account."""
    made = network.call(
        "com.atproto.server.createAccount",
        {"handle": handle, "email": f"{handle}@example.org", "password": "a password"},
    )
    return Person(made["did"], made["handle"], made["accessJwt"])


def follow(network: Network, who: Person, whom: Person) -> str:
    """Have one follow the other; return the follow's address."""
    record = {"$type": "app.bsky.graph.follow", "subject": whom.did, "createdAt": next(MOMENTS)}
    return network.create("app.bsky.graph.follow", record, who)


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)


def app_password(atmosphere: Network, person: Person) -> str:
    made = atmosphere.call(
        "com.atproto.server.createAppPassword", {"name": "linktrack"}, person.token
    )
    password: str = made["password"]
    return password


def record_of(atmosphere: Network, uri: str) -> dict[str, Any]:
    """Return a record as the data server has it, asked by nobody."""
    did, collection, rkey = uri.removeprefix("at://").split("/")
    arguments = {"repo": did, "collection": collection, "rkey": rkey}
    answer = httpx.get(f"{atmosphere.pds}/xrpc/com.atproto.repo.getRecord", params=arguments)
    assert answer.status_code == 200, answer.text
    value: dict[str, Any] = answer.json()["value"]
    return value

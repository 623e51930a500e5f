"""A stand-in for the repository of a Bluesky account: records that are read and written.

What the real server does with them is tested with tests/atnetwork.py.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from blueskyserver import APP_PASSWORD, DID, Server
from keepers import Kept
from standins import Answer, Asked, standin

from linktrack.networks.bluesky.session import sign_in
from linktrack.networks.bluesky.writer import BlueskyWriter

HANDLE = "@jesse.example.com"


@dataclass
class Repository:
    """`records` by collection and key; `upload` and `resolve` are what is answered to those."""

    records: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    upload: Answer = field(default_factory=lambda: Answer({"blob": {"$type": "blob"}}))
    resolve: Answer = field(default_factory=lambda: Answer({"did": "did:plc:somebody"}))
    uploaded: list[tuple[str, bytes]] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        method = asked.path.removeprefix("/xrpc/com.atproto.")
        if method == "repo.getRecord":
            place = asked.arguments["collection"][0], asked.arguments["rkey"][0]
            if place not in self.records:
                return Answer({"error": "RecordNotFound", "message": "Could not locate"}, 400)
            return Answer({"uri": _address(*place), "value": self.records[place]})
        if method == "repo.putRecord":
            place = asked.json["collection"], asked.json["rkey"]
            if place in self.records:
                return Answer({"error": "InvalidSwap", "message": "Record was at"}, 400)
            self.records[place] = asked.json["record"]
            return Answer({"uri": _address(*place), "cid": "b"})
        if method == "repo.applyWrites":
            writes = {(one["collection"], one["rkey"]): one for one in asked.json["writes"]}
            if writes.keys() & self.records.keys():
                return Answer({"error": "InternalServerError", "message": "There is one"}, 500)
            self.records |= {place: one["value"] for place, one in writes.items()}
            return Answer({"results": []})
        if method == "repo.deleteRecord":
            self.records.pop((asked.json["collection"], asked.json["rkey"]), None)
            return Answer({})
        if method == "repo.uploadBlob":
            self.uploaded.append((asked.headers["content-type"], asked.body))
            return self.upload
        if method == "identity.resolveHandle":
            return self.resolve
        return Server().answer(asked)

    @contextmanager
    def writer(self) -> Iterator[BlueskyWriter]:
        """Open a writer that is signed in here."""
        with standin(self.answer) as running:
            credential = sign_in(HANDLE, APP_PASSWORD, running.address).credential
            with closing(BlueskyWriter(credential, Kept())) as writer:
                yield writer


def _address(collection: str, key: str) -> str:
    return f"at://{DID}/{collection}/{key}"

"""Asking an ASGI application in this process, by what a server would tell it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from a2wsgi.asgi_typing import ASGIApp, HTTPScope, ReceiveEvent, SendEvent


@dataclass(slots=True)
class Client:
    """One request, of a client who may send slowly, not read, or go away.

    `pieces` are the parts of its body; it ends where `whole` says so, else it is never finished.
    """

    method: str = "GET"
    path: str = "/"
    query: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = ()
    pieces: Sequence[bytes] = ()
    whole: bool = True
    peer: tuple[str, int] | None = ("127.0.0.1", 50_000)
    reads: int | None = None  # how many parts of the answer it takes; then it reads no more
    status: int = 0
    answered: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    _sent: int = 0
    _taken: int = 0

    async def ask(self, application: "ASGIApp") -> "Client":
        """Ask, and return itself with the answer."""
        scope: HTTPScope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query,
            "root_path": "",
            "headers": list(self.headers),
            "server": ("go.example", 80),
        }
        if self.peer is not None:
            scope["client"] = self.peer
        await application(scope, self._receive, self._send)
        return self

    async def _receive(self) -> "ReceiveEvent":
        if self.gone.is_set():
            return {"type": "http.disconnect"}
        if self._sent < len(self.pieces) or (self.whole and not self._sent):
            piece = self.pieces[self._sent] if self._sent < len(self.pieces) else b""
            self._sent += 1
            more = not self.whole or self._sent < len(self.pieces)
            return {"type": "http.request", "body": piece, "more_body": more}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: "SendEvent") -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.answered = dict(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            if self.reads is not None and self._taken >= self.reads:
                await asyncio.Event().wait()
            self._taken += 1
            self.body += message.get("body", b"")

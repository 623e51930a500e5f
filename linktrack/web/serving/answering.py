"""An answer on its way to a client, who may read slowly, or go away."""

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from a2wsgi.asgi_typing import HTTPScope, Receive, Send, SendEvent

READ_SECONDS: Final = 30.0  # for a client to take one piece of an answer


def marks_of(scope: "HTTPScope") -> list[str]:
    """Return what the lane has found out of a request, by the names of its extensions."""
    return [name for name in scope.get("extensions", {}) if name.startswith("linktrack.")]


class Answering:
    """Sends what whoever answers has, until the client is `gone`."""

    def __init__(self, receive: "Receive", send: "Send", read_seconds: float) -> None:
        self.started = False
        self.gone = False
        self._read_seconds = read_seconds
        self._receive = receive
        self._send = send
        self._pieces = 0
        self._watcher: asyncio.Task[None] | None = None

    async def send(self, message: "SendEvent") -> None:
        """Send a part of the answer; what a client that has gone no longer takes is dropped.

        Never raises: a2wsgi would leave the thread waiting for ever.
        """
        if self.gone:
            return
        self.started = True
        if message["type"] == "http.response.body" and message.get("body"):
            self._pieces += 1
            if self._pieces == 2:  # a stream, which may last
                self._watcher = asyncio.create_task(self._watch())
        try:
            async with asyncio.timeout(self._read_seconds):
                await self._send(message)
        except Exception:  # noqa: BLE001 - each server has its own for a closed connection
            self.gone = True

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True

    def end(self) -> None:
        """The answer is complete, or nobody wants it."""
        if self._watcher is not None:
            self._watcher.cancel()

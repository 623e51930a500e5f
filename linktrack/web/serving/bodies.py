"""Bodies of requests, collected in the event loop: a half-sent one holds no thread."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from a2wsgi.asgi_typing import HTTPScope, Receive

LARGEST: Final = 2 * 1024 * 1024  # bytes; texts are shorter, files come by command
PIECE_SECONDS: Final = 10.0  # between two pieces of a body
WHOLE_SECONDS: Final = 60.0  # for a body altogether: 2 MB by a slow telephone
MOST_HELD: Final = 64 * 1024 * 1024  # bytes of bodies that are not answered, in each worker


class Refused(Exception):
    """A body is not taken: with which status, and why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Gone(Exception):
    """The client has gone away before its request was whole."""


class Bodies:
    """Collects bodies of at most `most` bytes each; all together hold at most `most_held`."""

    def __init__(
        self,
        most: int,
        piece_seconds: float = PIECE_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
        most_held: int = MOST_HELD,
    ) -> None:
        self._most = most
        self._piece_seconds = piece_seconds
        self._whole_seconds = whole_seconds
        self._most_held = most_held
        self._held = 0

    @asynccontextmanager
    async def collected(self, scope: "HTTPScope", receive: "Receive") -> AsyncIterator[bytes]:
        """Give a request's body, of one that is too large a first part: more than `most` bytes.

        It counts as held until the block ends: whole bodies wait for a thread. Raises `Refused`
        where it comes too slowly, and `Gone`.
        """
        length = announced(scope)
        if length is not None and length > self._most:
            yield b""  # the application says so by its announced length
            return
        body = bytearray()
        try:
            await self._fill(body, receive)
            whole = bytes(body)
            yield whole
        finally:
            self._held -= len(body)

    async def _fill(self, body: bytearray, receive: "Receive") -> None:
        try:
            async with asyncio.timeout(self._whole_seconds):
                more = True
                while more and len(body) <= self._most:
                    async with asyncio.timeout(self._piece_seconds):
                        message = await receive()
                    if message["type"] != "http.request":
                        raise Gone
                    body += message.get("body", b"")
                    self._held += len(message.get("body", b""))
                    more = message.get("more_body", False)
                    if self._held > self._most_held:
                        raise Refused(503, "Too much is being sent right now: try again.")
        except TimeoutError as error:
            raise Refused(
                408, "This request came too slowly: nothing was changed. Send it again."
            ) from error


async def swallow(receive: "Receive") -> None:
    """Read what a client still sends of a refused body, for a while: else it sees no answer."""
    try:
        async with asyncio.timeout(PIECE_SECONDS / 2):
            while True:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def announced(scope: "HTTPScope") -> int | None:
    """Return how long a request says that its body is, None if it does not say."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return None

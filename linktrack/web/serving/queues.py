"""Queues for pages: how many are answered at a time, and how many wait for that."""

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

from linktrack.clicks.capture.pools import Busy
from linktrack.web.serving.answering import READ_SECONDS, Answering

if TYPE_CHECKING:
    from a2wsgi.asgi_typing import HTTPScope, Receive, Send

WAIT_SECONDS: Final = 30.0  # for its turn
MOST_WAITING: Final = 200
SLOW_SECONDS: Final = 1.0  # after which a page no longer keeps others waiting


class Unanswered(Exception):
    """Nobody answered a request; it may have been carried out."""


class Pages(Protocol):
    """Where pages are made: in threads of this process, or in another one."""

    async def answer(self, scope: "HTTPScope", body: bytes, answering: Answering) -> None:
        """Answer a request whose body is there.

        Raises `Unanswered` where nothing of an answer came.
        """
        ...


class Queue:
    """Requests of one kind: `at_a_time` are answered, and at most `most` wait for that.

    A page that takes longer than `slow_seconds` gives its place to the next one, and goes on beside
    it, as long as there is one of `spare` places for that.
    """

    def __init__(
        self,
        pages: Pages,
        at_a_time: int,
        most: int = MOST_WAITING,
        wait_seconds: float = WAIT_SECONDS,
        read_seconds: float = READ_SECONDS,
        *,
        spare: int = 0,
        slow_seconds: float = SLOW_SECONDS,
    ) -> None:
        self._pages = pages
        self._wait_seconds = wait_seconds
        self._read_seconds = read_seconds
        self._free = asyncio.Semaphore(at_a_time)
        self._spare = spare
        self._slow_seconds = slow_seconds
        self._most = most
        self._waiting = 0

    async def answer(
        self, scope: "HTTPScope", body: bytes, receive: "Receive", send: "Send"
    ) -> None:
        """Answer a request in its turn.

        Raises `Busy` where too many wait, or too long, and `Unanswered`.
        """
        if self._waiting >= self._most:
            raise Busy
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        except TimeoutError as error:
            raise Busy from error
        finally:
            self._waiting -= 1
        answering = Answering(receive, send, self._read_seconds)
        task = asyncio.create_task(self._run(scope, body, answering))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            answering.gone = True  # the page ends at its next piece
            raise

    async def _run(self, scope: "HTTPScope", body: bytes, answering: Answering) -> None:
        has_given_way = False

        def give_way() -> None:
            nonlocal has_given_way
            if self._spare:
                self._spare -= 1
                has_given_way = True
                self._free.release()

        slow = asyncio.get_running_loop().call_later(self._slow_seconds, give_way)
        try:
            await self._pages.answer(scope, body, answering)
        finally:
            slow.cancel()
            if has_given_way:
                self._spare += 1
            else:
                self._free.release()
            answering.end()

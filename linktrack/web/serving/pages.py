"""A WSGI application behind an event loop: in a few threads, that no client can keep.

a2wsgi brings requests into threads and answers back. What it leaves open is closed here: how many
wait, and that a client who goes away, or does not read, gives its thread back.
"""

import asyncio
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_from_bytes

from a2wsgi import WSGIMiddleware

from linktrack.clicks.capture.pools import Busy

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from a2wsgi.asgi_typing import HTTPRequestEvent, HTTPScope, Receive, Send, SendEvent

WAIT_SECONDS: Final = 30.0  # for a thread
READ_SECONDS: Final = 30.0  # for a client to take one piece of an answer
SLOW_SECONDS: Final = 1.0  # after which a page no longer keeps others waiting

_REQUEST: Final = "linktrack.request"
_ASCII: Final = bytes(range(128))


class Answering:
    """One request on its way through a thread."""

    def __init__(self, body: bytes, receive: "Receive", send: "Send", read_seconds: float) -> None:
        self.body = body
        self._read_seconds = read_seconds
        self.started = False
        self.gone = False
        self.has_given_way = False
        self._receive = receive
        self._send = send
        self._pieces = 0
        self._watcher: asyncio.Task[None] | None = None

    async def receive(self) -> "HTTPRequestEvent":
        """Say that the body is empty: the application reads it from its environment."""
        return {"type": "http.request", "body": b"", "more_body": False}

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

    def stop_watching(self) -> None:
        """The answer is complete."""
        if self._watcher is not None:
            self._watcher.cancel()

    def pieces(self, answer: Iterable[bytes]) -> Iterator[bytes]:
        """Return an application's answer as long as the client is there (called in the thread)."""
        for piece in answer:
            if self.gone:
                return
            yield piece


class Pages:
    """Answers by a WSGI application in `threads` threads, for which at most `most` may wait.

    A page that takes longer than `SLOW_SECONDS` gives its place to the next one, and goes on beside
    it, as long as there is one of `spare` threads for that.
    """

    def __init__(
        self,
        application: "WSGIApplication",
        threads: int,
        most: int,
        wait_seconds: float = WAIT_SECONDS,
        read_seconds: float = READ_SECONDS,
        *,
        spare: int = 0,
        slow_seconds: float = SLOW_SECONDS,
    ) -> None:
        self._wait_seconds = wait_seconds
        self._read_seconds = read_seconds
        self._application = application
        self._middleware = WSGIMiddleware(
            self._in_thread,  # type: ignore[arg-type]  # it names the keys of an environment
            workers=threads + spare,
        )
        self._free = asyncio.Semaphore(threads)
        self._spare = spare
        self._slow_seconds = slow_seconds
        self._most = most
        self._waiting = 0

    async def answer(
        self, scope: "HTTPScope", body: bytes, receive: "Receive", send: "Send"
    ) -> None:
        """Answer a request whose body is there; raises `Busy` where too many wait, or too long."""
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
        answering = Answering(body, receive, send, self._read_seconds)
        task = asyncio.create_task(self._run(scope, answering))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            answering.gone = True  # the thread ends at its next piece
            raise

    async def _run(self, scope: "HTTPScope", answering: Answering) -> None:
        loop = asyncio.get_running_loop()
        slow = loop.call_later(self._slow_seconds, self._give_way, answering)
        try:
            await self._middleware(_for_wsgi(scope, answering), answering.receive, answering.send)
        finally:
            slow.cancel()
            if answering.has_given_way:
                self._spare += 1
            else:
                self._free.release()
            answering.stop_watching()

    def _give_way(self, answering: Answering) -> None:
        if self._spare:
            self._spare -= 1
            answering.has_given_way = True
            self._free.release()

    def _in_thread(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        extensions = environ["asgi.scope"]["extensions"]
        answering = extensions.pop(_REQUEST)["answering"]
        environ["wsgi.input"] = BytesIO(answering.body)
        environ["wsgi.input_terminated"] = True
        environ.setdefault("REMOTE_ADDR", "")  # of a Unix socket
        environ.update(dict.fromkeys(extensions, True))
        answer = self._application(environ, start_response)
        try:
            yield from answering.pieces(answer)
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()


def _for_wsgi(scope: "HTTPScope", answering: Answering) -> "HTTPScope":
    """Return a request as a2wsgi takes it.

    Headers with underscores are dropped: WSGI cannot tell X_Forwarded_For from X-Forwarded-For.
    """
    chunked = False
    headers = []
    for name, value in scope["headers"]:
        chunked |= name == b"transfer-encoding"
        if b"_" not in name and name != b"transfer-encoding":
            headers.append((name, value))
    if chunked:
        headers.append((b"content-length", b"%d" % len(answering.body)))
    server = scope.get("server")
    found: HTTPScope = {
        **scope,
        "headers": headers,
        "query_string": quote_from_bytes(scope["query_string"], safe=_ASCII).encode(),
        "extensions": {
            **{name: {} for name in scope.get("extensions", {}) if name.startswith("linktrack.")},
            _REQUEST: {"answering": answering},
        },
    }
    if server is None or not isinstance(server[1], int):  # a Unix socket
        found["server"] = ("localhost", 80)
    return found

"""gunicorn's own ASGI worker, and deadlines for whoever connects to it.

gunicorn waits for ever for the rest of a half-sent request, for whoever connects and says nothing,
and for whoever does not read an answer: a proxy in front would see to these, and not all have one.
"""

import asyncio
import re
import resource
import signal
from collections.abc import Iterable
from types import FrameType
from typing import Final
from urllib.parse import quote_from_bytes

from gunicorn.asgi import protocol
from gunicorn.asgi.parser import InvalidHeader, PythonProtocol
from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi
from gunicorn.workers.gasgi import ASGIWorker

from linktrack.clicks.capture.bytes_lane import BytesLane

HEAD_SECONDS: Final = 10.0  # from connecting to the end of the headers
READ_SECONDS: Final = 30.0  # for a client to take what is ready for it, 64 KB
CLOSE_SECONDS: Final = 5.0  # for it to take the last of it
FIRST_SECONDS: Final = 1.0  # for a first request on its way, where the worker is to end
END_SECONDS: Final = 20.0  # for answers to end then; the master kills a worker after 30
MOST_CONNECTIONS: Final = 4_000  # of each worker; beyond it one makes room
OTHER_FILES: Final = 200  # databases, journals, threads: files that are no connections

Headers = Iterable[tuple[bytes, bytes]]

_ASCII: Final = bytes(range(128))
# What may not stand in the value of a header, and what a name is (RFC 9110 5.5 and 5.6.2).
_INVALID: Final = re.compile(rb"[\0-\x08\n-\x1f\x7f]")
_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

_SPELT: Final = {
    b"etag": b"ETag",
    b"ratelimit": b"RateLimit",
    b"ratelimit-policy": b"RateLimit-Policy",
    b"www-authenticate": b"WWW-Authenticate",
}
"""Names of headers as they are sent; grows by those the application sends."""


class Parser(PythonProtocol):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's parser; a path may hold bytes of UTF-8 as they are, and be a whole address.

    Some apps send what a sentence left on a short link unencoded, which gunicorn refuses with 400.
    Every other rule of its own holds.
    """

    path: bytes

    def _parse_request_line(self) -> bool:
        """Percent-encode such bytes as every browser does (called by gunicorn)."""
        start = 2 if self._buffer[:2] == b"\r\n" else 0
        end = self._buffer.find(b"\r\n", start)
        if end != -1 and not self._buffer[start:end].isascii():
            method, _, rest = bytes(self._buffer[start:end]).partition(b" ")
            target, _, version = rest.partition(b" ")
            encoded = quote_from_bytes(target, safe=_ASCII).encode()
            self._buffer[start:end] = b" ".join((method, encoded, version))
        whole: bool = super()._parse_request_line()
        if whole and self.path[:1] != b"/" and b"://" in self.path:  # RFC 9112 3.2.2
            host, slash, path = self.path.partition(b"://")[2].partition(b"/")
            question = host.partition(b"?")[2] if b"?" in host else None
            self.path = slash + path if question is None else b"/?" + question + slash + path
            self.path = self.path or b"/"
        return whole

    @property
    def is_empty(self) -> bool:
        """Whether no part of a request has come since the last one."""
        return self._state == "request_line" and not self._buffer

    # gunicorn looks at each byte by itself, which takes most of the time of a head.
    def _has_invalid_header_chars(self, value: bytes) -> bool:
        return _INVALID.search(value) is not None

    def _is_valid_token(self, data: bytes) -> bool:
        return _TOKEN.fullmatch(data) is not None

    def _finalize_headers(self) -> None:
        """Refuse a length of thousands of digits: Python reads no such (called by gunicorn)."""
        try:
            super()._finalize_headers()
        except ValueError as error:
            raise InvalidHeader("Invalid Content-Length value") from error


class Connection(ASGIProtocol):  # type: ignore[misc]  # gunicorn has no types
    """A connection whose client must get on: else it is closed."""

    def __init__(self, worker: "Worker") -> None:
        super().__init__(worker)
        self._deadline: asyncio.TimerHandle | None = None
        self._began = False
        self._at_once: BytesLane | None = getattr(self.app, "at_once", None)
        self._client = ""
        self._idle_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin to wait for a request (called by the event loop)."""
        super().connection_made(transport)
        if self.worker.nr_conns > self.worker.worker_connections:
            self.worker.make_room()
        self.worker.silent[self] = None
        self.worker.open.add(self)
        self._client = _address(transport.get_extra_info("peername"))
        self._deadline = self.worker.loop.call_later(HEAD_SECONDS, self._too_slow)

    def data_received(self, data: bytes) -> None:
        """Take what came (called by the event loop)."""
        self._began = True
        if not (self._is_idle() and self._redirect(data)):
            super().data_received(data)

    def _is_idle(self) -> bool:
        """Whether nothing is under way here, not even the beginning of a request."""
        return bool(
            self._awaiting_request
            and self._callback_parser.is_empty
            and not self._finishing_calls
            and self.worker.alive
        )

    def _redirect(self, data: bytes) -> bool:
        """Answer a plain click here and now; whether it was one."""
        told = None if self._at_once is None else self._at_once.answer(data, self._client)
        if told is None:
            return False
        self._stop_deadline()
        self._safe_write(told.sent)
        self.worker.nr += 1
        self.req_count += 1
        self._began = False
        if told.closes:
            self.end()
            return True
        self.worker.forget(self)
        self.worker.silent[self] = None
        self._idle_since = self.worker.loop.time()
        if self._keepalive_handle is None:
            super()._arm_keepalive_timer()
        return True

    def _keepalive_timeout(self) -> None:
        """Close a connection that has been idle for so long (called by the event loop)."""
        loop = self.worker.loop
        left = self._idle_since + self._keepalive - loop.time()
        if left > 0:  # a redirect does not begin the timer anew, which takes longer than itself
            self._keepalive_handle = loop.call_later(left, self._keepalive_timeout)
        else:
            super()._keepalive_timeout()

    def _on_headers_complete(self) -> bool:
        self.worker.silent.pop(self, None)
        self.worker.half_sent[self] = None
        self._stop_deadline()
        skips_body: bool = super()._on_headers_complete()
        return skips_body

    def _on_message_complete(self) -> None:
        self.worker.half_sent.pop(self, None)
        self.worker.asked[self] = None
        super()._on_message_complete()

    def _send_response_start(
        self, status: int, headers: Headers, request: object, close: bool = False
    ) -> None:
        """Spell names as HTTP/1 servers do: not every client compares them without case."""
        spelt = [(_SPELT.get(name) or _spell(name), value) for name, value in headers]
        super()._send_response_start(status, spelt, request, close)

    def _arm_keepalive_timer(self) -> None:
        self.worker.forget(self)
        self.worker.silent[self] = None
        self._began = False
        self._idle_since = self.worker.loop.time()
        super()._arm_keepalive_timer()

    def _too_slow(self) -> None:
        if self._began:
            self._send_error_response(408, "This request came too slowly: send it again.\n")
        self.end()

    @property
    def has_asked(self) -> bool:
        """Whether a request has been answered here."""
        return bool(self.req_count > 1)

    def give_way(self) -> None:
        """Close the connection for a newer one; whoever has not sent all of a body reads why."""
        if self in self.worker.silent:
            self.end()
        elif self in self.worker.half_sent:
            self._send_error_response(503, "Too much is being sent right now: try again.\n")
            self.worker.forget(self)
            self._close_transport()
        else:
            self.worker.forget(self)
            self.transport.abort()

    def end(self) -> None:
        """Close a connection that waits for a request."""
        self.worker.silent.pop(self, None)
        self._close_transport()
        self._request_ready.set()

    def _close_transport(self) -> None:
        super()._close_transport()
        if self.transport is not None and self.transport.get_write_buffer_size():
            self._begin_deadline(CLOSE_SECONDS)

    def pause_writing(self) -> None:
        """Give the client time to read (called by the event loop)."""
        super().pause_writing()
        self._begin_deadline(READ_SECONDS)

    def resume_writing(self) -> None:
        """Go on, since it has read (called by the event loop)."""
        self._stop_deadline()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of whoever waits for this connection (called by the event loop)."""
        self.worker.forget(self)
        self.worker.open.discard(self)
        self._stop_deadline()
        super().connection_lost(exc)
        if self._flow_control is not None:
            self._flow_control.resume_writing()

    def _begin_deadline(self, seconds: float) -> None:
        self._stop_deadline()
        self._deadline = self.worker.loop.call_later(seconds, self.transport.abort)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Worker(ASGIWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's ASGI worker with our connections; told to end, it waits for no silent one."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        # Who waits longest is first. Redirects are with those who asked for a moment only.
        self.silent: dict[Connection, None] = {}
        self.half_sent: dict[Connection, None] = {}
        self.asked: dict[Connection, None] = {}
        self.open: set[Connection] = set()

    def make_room(self) -> None:
        """Let the longest silent connection go, else one of a half-sent body, else of a page."""
        for waiting in (self.silent, self.half_sent, self.asked):
            if waiting:
                next(iter(waiting)).give_way()
                return

    def forget(self, connection: Connection) -> None:
        """It is no longer any of those that may have to give way."""
        for waiting in (self.silent, self.half_sent, self.asked):
            waiting.pop(connection, None)

    def init_process(self) -> None:
        """Begin to serve (called by gunicorn in the new process)."""
        self.init_signals()
        # The only places where gunicorn asks for these.
        protocol.PythonProtocol = Parser
        gasgi.ASGIProtocol = Connection
        files = _open_files()
        self.worker_connections = min(MOST_CONNECTIONS, max(files // 4, files - OTHER_FILES))
        super().init_process()

    def init_signals(self) -> None:
        """Take note of being told to end before the event loop runs: uvloop would forget it."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, self._end_early)

    def _end_early(self, _signal: int, _frame: FrameType | None) -> None:
        self.alive = False

    async def _serve(self) -> None:
        super().init_signals()
        await super()._serve()

    async def _shutdown(self) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.silent):
            if connection.has_asked:  # its client knows that it may be closed, and asks again
                connection.end()
        self.loop.call_later(FIRST_SECONDS, self._end_silent)
        self.loop.call_later(END_SECONDS, self._end_all)
        await super()._shutdown()

    def _end_silent(self) -> None:
        for connection in list(self.silent):
            connection.end()

    def _end_all(self) -> None:
        for connection in list(self.open):
            connection.transport.abort()


def _address(peer: object) -> str:
    """Return a client's address; who connects to a Unix socket has none."""
    return str(peer[0]) if isinstance(peer, tuple) else ""


def _spell(name: bytes) -> bytes:
    spelt = _SPELT[name] = name.title()
    return spelt


def _open_files() -> int:
    """Return how many files this process may have open, after asking for as many as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else soft

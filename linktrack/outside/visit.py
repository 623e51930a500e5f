"""Asking a stranger's server: everything linktrack asks of one goes this way.

The name is looked up once; every address it resolves to is judged; one of those is connected to,
under the name's own Host and certificate; a redirect is a new address, and judged as such; and all
of it ends in time and at a size.
"""

import http.client
import select
import socket
import ssl
import zlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self, cast
from urllib.parse import urljoin, urlsplit

import ada_url

from linktrack.outside.errors import (
    NobodyListens,
    NotPublic,
    TooLate,
    TooManyRedirects,
    TooMuch,
    Unanswered,
    UnknownName,
    Untrusted,
)
from linktrack.outside.finding import Guard, find
from linktrack.outside.lines import Deadline, Line, connect

REDIRECTS: Final = (301, 302, 303, 307, 308)
PORTS: Final = {"http": 80, "https": 443}
BLOCK: Final = 65_536
_GZIP: Final = zlib.MAX_WBITS | 16
_FAILURES: Final = (OSError, http.client.HTTPException, ValueError, zlib.error)
"""What a connection to anybody may raise, and what an address that is none does."""

_NONE: Final[Mapping[str, str]] = MappingProxyType({})
PUBLIC: Final = Guard()


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a request may take, redirects and all, and how much its answer may be.

    `size` is in bytes of the body, unpacked; a longer one is an error, or with `is_cut` cut there.
    No single step waits longer than `patience`. With `redirects` 0 a redirect is an answer.
    """

    seconds: float
    size: int = 0
    is_cut: bool = False
    redirects: int = 0
    patience: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. `url` is the address that said it, after all redirects."""

    url: str
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first header of a name, None if there is none."""
        wanted = name.casefold()
        return next((value for key, value in self.headers if key.casefold() == wanted), None)

    @property
    def is_redirect(self) -> bool:
        """Whether it leads elsewhere."""
        return self.status in REDIRECTS and bool(self.header("Location"))


def ask(
    method: str,
    url: str,
    *,
    limits: Limits,
    headers: Mapping[str, str] = _NONE,
    body: bytes | None = None,
    guard: Guard = PUBLIC,
) -> Answer:
    """Ask once; raises `Unanswered`, whatever the far side does.

    Redirects are followed with the same headers, so what is secret goes with `redirects` 0.
    """
    with closing(Client(guard)) as client:
        return client.ask(method, url, limits=limits, headers=headers, body=body)


class Client:
    """Asks as `ask` does, and keeps a connection to each server for the next request."""

    def __init__(self, guard: Guard = PUBLIC) -> None:
        self._guard = guard
        self._kept: dict[tuple[str, str, int], _Connection] = {}

    def close(self) -> None:
        """Give back the connections."""
        while self._kept:
            self._kept.popitem()[1].close()

    def ask(
        self,
        method: str,
        url: str,
        *,
        limits: Limits,
        headers: Mapping[str, str] = _NONE,
        body: bytes | None = None,
    ) -> Answer:
        """Ask once; raises `Unanswered`, whatever the far side does."""
        deadline = Deadline(limits.seconds, limits.patience)
        for _ in range(limits.redirects + 1):
            request = _Request(method, url, headers, body, limits)
            answer = self._once(request, deadline)
            if not limits.redirects or not answer.is_redirect:
                return answer
            url = _led_to(url, answer.header("Location") or "")
        raise TooManyRedirects(f"It redirects more than {limits.redirects} times.", was_sent=True)

    def _once(self, request: "_Request", deadline: Deadline) -> Answer:
        progress = _Progress()
        try:
            target = _Target.of(request.url)
            connection, response = self._answered(request, target, deadline, progress)
            try:
                answer = _read(request, response)
                if response.isclosed() and not response.will_close:
                    self._keep(target, connection)
            finally:
                if self._kept.get(target.origin) is not connection:
                    connection.close()
        except _FAILURES as error:
            raise _in_words(error, request.limits, progress) from error
        return answer

    def _answered(
        self, request: "_Request", target: "_Target", deadline: Deadline, progress: "_Progress"
    ) -> tuple["_Connection", http.client.HTTPResponse]:
        """Send a request, and return the answer's beginning."""
        kept = self._kept.pop(target.origin, None)
        if kept is not None:
            try:
                if kept.is_alive():
                    return kept, kept.exchange(request, target, deadline, progress)
            except ConnectionError:  # ended by the far side at this very moment
                if progress.has_begun or request.method not in ("GET", "HEAD"):
                    kept.close()
                    raise
            except BaseException:
                kept.close()
                raise
            kept.close()
            progress.was_sent = False
        addresses = find(target.host, target.port, self._guard, deadline.left())
        connection = _Connection.to(target, connect(addresses, target.port, deadline))
        try:
            if target.scheme == "https":
                connection.line.secure(self._guard.tls(), target.host, deadline)
            return connection, connection.exchange(request, target, deadline, progress)
        except BaseException:
            connection.close()
            raise

    def _keep(self, target: "_Target", connection: "_Connection") -> None:
        other = self._kept.pop(target.origin, None)
        if other is not None:
            other.close()
        self._kept[target.origin] = connection


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    limits: Limits


@dataclass(slots=True)
class _Progress:
    """How far a request has come, for what its failure means."""

    was_sent: bool = False
    has_begun: bool = False  # the answer


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a request goes: `host` as it is looked up, `netloc` as the header Host has it."""

    scheme: str
    host: str
    port: int
    netloc: str
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @classmethod
    def of(cls, url: str) -> Self:
        """Read an address; raises `NotPublic` for one that is none of the web, and `ValueError`."""
        parts = urlsplit(url)
        host = host_of(url)
        if parts.scheme not in PORTS or not host:
            raise NotPublic(url[:60])
        port = parts.port or PORTS[parts.scheme]
        shown = f"[{host}]" if ":" in host else host
        netloc = shown if port == PORTS[parts.scheme] else f"{shown}:{port}"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, host, port, netloc, path)


def host_of(url: str) -> str | None:
    """Return the host of an address as it is looked up; raises `ValueError` for what is none."""
    host = urlsplit(url).hostname
    return host if host is None or host.isascii() else host.encode("idna").decode("ascii")


@dataclass(frozen=True, slots=True)
class _Connection:
    line: Line
    talk: http.client.HTTPConnection

    @classmethod
    def to(cls, target: _Target, sock: socket.socket) -> Self:
        return cls(Line(sock), http.client.HTTPConnection(target.host, target.port))

    def exchange(
        self, request: _Request, target: _Target, deadline: Deadline, progress: _Progress
    ) -> http.client.HTTPResponse:
        self.line.deadline = deadline
        self.talk.sock = cast("socket.socket", self.line)
        headers = {**request.headers, "Host": target.netloc}
        progress.was_sent = True
        self.talk.request(request.method, target.path, request.body, headers)
        response = self.talk.getresponse()
        progress.has_begun = True
        return response

    def is_alive(self) -> bool:
        """Whether the far side has not ended it meanwhile."""
        waiting = select.poll()
        waiting.register(self.line.sock, select.POLLIN)
        return not waiting.poll(0)

    def close(self) -> None:
        self.talk.close()
        self.line.sock.close()


def _read(request: _Request, response: http.client.HTTPResponse) -> Answer:
    answer = Answer(
        request.url, response.status, response.reason, tuple(response.getheaders()), b""
    )
    limits = request.limits
    if limits.size == 0 or (limits.redirects and answer.is_redirect):
        return answer
    body = _body(response, limits)
    return Answer(answer.url, answer.status, answer.reason, answer.headers, body)


def _body(response: http.client.HTTPResponse, limits: Limits) -> bytes:
    """Return the body, unpacked; so that what is packed small is not limitless."""
    packing = response.getheader("Content-Encoding", "").strip().casefold()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        raise http.client.HTTPException(f"packed as {packing[:20]}, which was not asked for")
    unpacker = zlib.decompressobj(_GZIP) if packing.endswith("gzip") else None
    body, is_empty = bytearray(), True
    while len(body) <= limits.size:
        block = response.read(BLOCK)
        if not block:
            break
        is_empty = False
        if unpacker is not None:
            block = unpacker.decompress(block, limits.size + 1 - len(body))
        body += block
    if limits.is_cut:
        return bytes(body[: limits.size])
    if len(body) > limits.size:
        raise TooMuch(f"Its answer has more than {limits.size:,} bytes.", was_sent=True)
    if response.length or not (unpacker is None or unpacker.eof or is_empty):
        raise http.client.HTTPException("the answer breaks off")
    return bytes(body)


def _led_to(url: str, location: str) -> str:
    """Return where a redirect leads, as browsers read it; raises `Unanswered` if nowhere."""
    try:
        sent = location.encode("latin-1").decode("utf-8", "replace")  # headers are read as Latin-1
        led: str = ada_url.URL(urljoin(url, sent)).href
    except ValueError as error:
        raise Unanswered(
            "It redirects to something that isn't an address.", was_sent=True
        ) from error
    return led


def _in_words(error: Exception, limits: Limits, progress: _Progress) -> Unanswered:
    sent = progress.was_sent
    if isinstance(error, TimeoutError):
        seconds = min(limits.seconds, limits.patience or limits.seconds)
        if progress.has_begun:
            return TooLate("Its answer does not come to an end.", was_sent=sent)
        return TooLate(f"There was no answer within {seconds:.0f} seconds.", was_sent=sent)
    if isinstance(error, socket.gaierror):
        return UnknownName(f"The name of the host is not known ({error.strerror}).")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Untrusted(f"Its certificate is not valid: {error.verify_message}.")
    if isinstance(error, ConnectionRefusedError) and not sent:
        return NobodyListens("Nobody listens there: the connection was refused.")
    return Unanswered(f"{type(error).__name__}: {error}", was_sent=sent)

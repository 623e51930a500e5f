"""Pages made in a process of their own, which is asked over a Unix socket.

A page that computes takes the interpreter from an event loop beside it, and redirects wait. So the
event loop only passes requests on, in HTTP/1.1, with what the header lines of a client can't say in
two of our own.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_from_bytes

import h11

from linktrack.web.serving.answering import Answering, marks_of
from linktrack.web.serving.bodies import Refused
from linktrack.web.serving.queues import Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from a2wsgi.asgi_typing import HTTPScope

log = logging.getLogger(__name__)

CONNECT_SECONDS: Final = 30.0  # for the process to listen, which has just been started
_LOOK_SECONDS: Final = 0.05
PIECE: Final = 64 * 1024  # bytes of an answer that are passed on at a time

CLIENT: Final = "linktrack-client"
"""The header that says who asks: their address, nothing for a Unix socket."""

MARKS: Final = "linktrack-marks"
"""The header that says what the lane has found out: extensions of the scope, by their names."""

_OURS: Final = (CLIENT.encode(), MARKS.encode())

# What is of one connection alone (RFC 9110 7.6.1), or is said anew.
_OF_A_REQUEST: Final = frozenset(
    b"connection content-length expect keep-alive proxy-connection te trailer transfer-encoding "
    b"upgrade".split()
)
_OF_AN_ANSWER: Final = frozenset(b"connection date keep-alive server transfer-encoding".split())
_VISIBLE: Final = bytes(range(0x21, 0x7F))  # what may stand in the first line as it is
_PLAIN: Final = b"/!$&'()*+,;=:@"  # of a path, beside letters, digits and -._~


class Elsewhere:
    """Pages of the process that listens at `socket`.

    A connection for each request: one that is kept may just have been closed at the other end.
    """

    def __init__(self, socket: Path, connect_seconds: float = CONNECT_SECONDS) -> None:
        self.place = socket
        self._connect_seconds = connect_seconds

    async def answer(self, scope: "HTTPScope", body: bytes, answering: Answering) -> None:
        """Pass a request on, and its answer back piece by piece, as the client takes it.

        Raises `Unanswered`, and `Refused` for a request that HTTP forbids.
        """
        connection = h11.Connection(h11.CLIENT)
        try:
            asked = b"".join(_asked(connection, scope, body))
        except h11.LocalProtocolError as error:  # such as two hosts
            raise Refused(400, f"This request isn't valid: {error}.") from error
        reader, writer = await self._connect()
        try:
            writer.write(asked)
            writer.write_eof()
            await _pass_back(connection, reader, answering)
        except (OSError, h11.RemoteProtocolError) as error:
            if answering.started:
                raise
            log.error("A page was not answered: %s", error)
            raise Unanswered from error
        finally:
            writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            async with asyncio.timeout(self._connect_seconds):
                while True:
                    with suppress(OSError):  # it is just starting, or too many wait
                        return await asyncio.open_unix_connection(self.place, limit=PIECE)
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError as error:
            log.error("The process of the pages doesn't answer.")
            raise Unanswered from error


def _asked(connection: h11.Connection, scope: "HTTPScope", body: bytes) -> Iterator[bytes]:
    """Yield what is sent: the head, and as much of the body as was taken."""
    length = len(body)
    headers: list[tuple[bytes, bytes]] = []
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            length = max(length, int(value))  # of a body too large to be taken
        elif b"_" not in name and name not in _OF_A_REQUEST and name not in _OURS:
            headers.append((name, value))
    client = scope.get("client")
    headers += [
        (b"connection", b"close"),
        (CLIENT.encode(), client[0].encode() if client else b""),
        (MARKS.encode(), " ".join(marks_of(scope)).encode()),
    ]
    if length or scope["method"] not in ("GET", "HEAD"):
        headers.append((b"content-length", b"%d" % length))
    if not any(name == b"host" for name, _ in headers):  # HTTP/1.0
        headers.append((b"host", b""))
    path = quote_from_bytes(scope["path"].encode(), safe=_PLAIN).encode()
    query = quote_from_bytes(scope["query_string"], safe=_VISIBLE).encode()
    target = path + b"?" * bool(query) + query
    yield connection.send(h11.Request(method=scope["method"], target=target, headers=headers))
    yield body


async def _pass_back(
    connection: h11.Connection, reader: asyncio.StreamReader, answering: Answering
) -> None:
    """Send on what is answered, until it is complete or the client has gone."""
    while not answering.gone:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(PIECE))
        elif isinstance(event, h11.Response):
            headers = [pair for pair in event.headers if pair[0] not in _OF_AN_ANSWER]
            await answering.send(
                {"type": "http.response.start", "status": event.status_code, "headers": headers}
            )
        elif isinstance(event, h11.Data):
            await answering.send(
                {"type": "http.response.body", "body": bytes(event.data), "more_body": True}
            )
        elif isinstance(event, h11.EndOfMessage):
            await answering.send({"type": "http.response.body", "body": b""})
            return
        elif isinstance(event, h11.ConnectionClosed):
            raise h11.RemoteProtocolError("it ended without an answer")


def as_passed_on(application: "WSGIApplication") -> "WSGIApplication":
    """Return an application that takes requests as `Elsewhere` passes them on, from nobody else."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        del environ["HTTP_CONNECTION"]  # of ours
        environ["REMOTE_ADDR"] = environ.pop("HTTP_LINKTRACK_CLIENT")
        environ.update(dict.fromkeys(environ.pop("HTTP_LINKTRACK_MARKS").split(), True))
        if not environ["HTTP_HOST"]:
            del environ["HTTP_HOST"]
        # Else a page that answers without reading it all cuts the connection off, and with it its
        # answer. There is no more of it than was taken.
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read())
        return application(environ, start_response)

    return answer

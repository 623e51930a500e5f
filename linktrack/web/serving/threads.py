"""Pages made in threads of this process, which no client can keep.

a2wsgi brings requests into threads and answers back. What it leaves open is closed here: a client
who goes away, or does not read, gives its thread back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_from_bytes

from a2wsgi import WSGIMiddleware

from linktrack.web.serving.answering import Answering, marks_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from a2wsgi.asgi_typing import HTTPRequestEvent, HTTPScope

_REQUEST: Final = "linktrack.request"
_ASCII: Final = bytes(range(128))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a thread needs of a request beside what WSGI tells."""

    body: bytes
    answering: Answering


class Threads:
    """Pages of a WSGI application, in at most so many threads."""

    def __init__(self, application: "WSGIApplication", threads: int) -> None:
        self._application = application
        self._middleware = WSGIMiddleware(
            self._in_thread,  # type: ignore[arg-type]  # it names the keys of an environment
            workers=threads,
        )

    async def answer(self, scope: "HTTPScope", body: bytes, answering: Answering) -> None:
        """Answer a request in a thread, as soon as there is one."""
        found = _for_wsgi(scope, _Asked(body, answering))
        await self._middleware(found, _no_more, answering.send)

    def _in_thread(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        extensions = environ["asgi.scope"]["extensions"]
        asked = extensions.pop(_REQUEST)["asked"]
        environ["wsgi.input"] = BytesIO(asked.body)
        environ["wsgi.input_terminated"] = True
        environ.setdefault("REMOTE_ADDR", "")  # of a Unix socket
        environ.update(dict.fromkeys(extensions, True))
        answer = self._application(environ, start_response)
        try:
            for piece in answer:
                if asked.answering.gone:
                    return
                yield piece
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()


async def _no_more() -> "HTTPRequestEvent":
    """Say that the body is empty: the application reads it from its environment."""
    return {"type": "http.request", "body": b"", "more_body": False}


def _for_wsgi(scope: "HTTPScope", asked: _Asked) -> "HTTPScope":
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
        headers.append((b"content-length", b"%d" % len(asked.body)))
    server = scope.get("server")
    found: HTTPScope = {
        **scope,
        "headers": headers,
        "query_string": quote_from_bytes(scope["query_string"], safe=_ASCII).encode(),
        "extensions": {
            **{name: {} for name in marks_of(scope)},
            _REQUEST: {"asked": asked},
        },
    }
    if server is None or not isinstance(server[1], int):  # a Unix socket
        found["server"] = ("localhost", 80)
    return found

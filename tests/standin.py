"""A stand-in for a network's server: it answers what it is told to."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from listening import listening

Answer = Callable[[str, dict[str, list[str]]], tuple[int, dict[str, str], object]]


@contextmanager
def stand_in(answer: Answer) -> Iterator[str]:
    """Answer GET requests on loopback by a function of path and arguments."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            status, headers, body = answer(parts.path, parse_qs(parts.query))
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with listening(Handler) as port:
        yield f"http://127.0.0.1:{port}"

"""A stand-in for a network's server: it answers what a test tells it to, and keeps what it heard.

It is a stub: what the real servers do is known from their documentation and recordings alone.
"""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from listening import listening


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    arguments: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def json(self) -> Any:
        """The JSON that was sent."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What is answered; `silent`: nothing at all, the connection just ends.

    `drips`: the body comes byte by byte, one in 0.05 s.
    """

    body: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    drips: bool = False


@dataclass
class Standin:
    """A running stand-in."""

    address: str
    asked: list[Asked]

    def paths(self) -> list[str]:
        """Return what was asked, in order, as `METHOD /path`."""
        return [f"{one.method} {one.path}" for one in self.asked]


@contextmanager
def standin(answer: Callable[[Asked], Answer]) -> Iterator[Standin]:
    """Answer every request on loopback by a function of it."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.casefold(): value for name, value in self.headers.items()}
            one = Asked(self.command, parts.path, parse_qs(parts.query), headers, body)
            asked.append(one)
            said = answer(one)
            self.close_connection = True
            if said.silent:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            content = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            self.send_response(said.status)
            headers = {"Content-Type": "application/json; charset=utf-8", **said.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")
            self.end_headers()
            if said.drips:
                self._drip(content)
            else:
                self.wfile.write(content)

        def _drip(self, content: bytes) -> None:
            with suppress(OSError):  # nobody listens any more
                for byte in content:
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.05)  # slowness is what is tested

        do_GET = do_POST = do_PUT = do_DELETE = handle_one  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            pass

    with listening(Handler) as port:
        yield Standin(f"http://127.0.0.1:{port}", asked)

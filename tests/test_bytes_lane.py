"""The lane by bytes: it answers as in the event loop, or leaves a request alone."""

import asyncio
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from asking import Client
from clicking import FIREFOX
from databases import Maker
from hypothesis import given
from hypothesis import strategies as st
from lanes import Street
from servers import environment, serving
from services import a_link, loaded

from linktrack.clicks.capture.asgi_lane import ASGILane
from linktrack.clicks.capture.bytes_lane import LONGEST, BytesLane
from linktrack.clicks.capture.lane import REDIRECT, Asked, Lane
from linktrack.ids import LinkId
from linktrack.links.redirects.limits import Limits, Verdict
from linktrack.links.redirects.plan import Plan
from linktrack.links.redirects.targets import Target
from linktrack.web.serving.connections import Parser

if TYPE_CHECKING:
    from a2wsgi.asgi_typing import Receive, Scope, Send

HOST = "Host: go.example\r\n"
AGENT = f"User-Agent: {FIREFOX}\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: go.example\r\nConnection: close\r\n\r\n"


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    """A lane that remembers its codes, on a real journal."""
    street = Street(tmp_path)
    street.known["card1"] = Target(LinkId(3), "https://example.com/c", shows_card=True)
    street.known["query"] = Target(LinkId(4), "https://example.com/q", forward_query=True)
    street.known["ended"] = Target(LinkId(5), "https://example.com/e", plan=Plan(Limits(None, 1.0)))
    for code in street.known:
        street.lane.look_up({}, code)
    yield street
    street.lane.close()


def told(street: Street, head: str, client: str = "127.0.0.1") -> bytes | None:
    """Return what a head is answered with, None where it is left alone."""
    told = BytesLane(street.lane).answer(head.encode("latin-1"), client)
    return None if told is None else told.sent


PLAIN = [
    ("GET /abcde", HOST + AGENT + "Accept-Language: de, en\r\n"),
    ("HEAD /abcde", HOST + AGENT),
    ("GET /forseg?fbclid=1", HOST + AGENT + "referer: https://t.co/x\r\n"),
    ("GET /query?a=1&b=%C3%A4", HOST + "DNT: 1\r\n"),
    ("GET /abcde", HOST + "uSeR-aGeNt:\tGr\u00f6\u00dfe \t\r\nSec-Fetch-Dest: image\r\n"),
    ("GET /abcde", HOST + "X-Forwarded-For: 203.0.113.7, 198.51.100.2\r\nCookie: a=b; c=d\r\n"),
    ("GET /abcde", "x_forwarded_for: 203.0.113.7\r\n" + HOST + "X-Moz: prefetch\r\n"),
    ("GET /card1", HOST + AGENT),
    ("GET /abcde", ""),
]


@pytest.mark.parametrize(("line", "fields"), PLAIN)
def test_it_answers_and_writes_down_as_in_the_event_loop(
    street: Street, line: str, fields: str
) -> None:
    """Status, destination, headers, and each field of the click."""
    sent = told(street, f"{line} HTTP/1.1\r\n{fields}\r\n")
    before = street.clicks()
    assert sent is not None
    status, *answered = sent.decode().removesuffix("\r\n\r\n").split("\r\n")
    assert status == "HTTP/1.1 302 Found"
    method, _, target = line.partition(" ")
    path, _, query = target.partition("?")
    headers = [
        (name.lower().encode(), value.strip().encode("latin-1"))
        for name, _, value in (field.partition(":") for field in fields.split("\r\n")[:-1])
    ]
    asked = Client(method, path, query.encode(), headers)
    client = asyncio.run(asked.ask(ASGILane(_nobody, street.lane)))
    assert [f"{name.title()}: {text}" for name, text in _texts(client)] == answered[:-1]
    assert answered[-1].startswith("Date: ")
    assert street.clicks() == before + before


async def _nobody(_scope: "Scope", _receive: "Receive", _send: "Send") -> None:
    raise AssertionError


def _texts(client: Client) -> list[tuple[str, str]]:
    spelt = {name.lower(): name for name, _ in REDIRECT}
    return [
        (spelt.get(name.decode(), name.decode()), text.decode())
        for name, text in client.answered.items()
    ]


LEFT_ALONE = [
    "POST /abcde HTTP/1.1\r\n" + HOST,
    "GET /abcde HTTP/1.1\r\n" + HOST + "Content-Length: 3\r\n",
    "GET /abcde HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n",
    "GET /abcde HTTP/1.1\r\n" + HOST + "tRANSFER-eNCODING: chunked\r\n",
    "GET /abcde HTTP/1.1\r\n" + HOST + "Upgrade: websocket\r\nConnection: Upgrade\r\n",
    "GET /abcde HTTP/1.1\r\n" + HOST + "Expect: 100-continue\r\n",
    "GET /abcde HTTP/1.1\r\n" + HOST + HOST,
    "GET /abcde HTTP/1.1\r\n" + HOST + "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\n",
    "GET /abcde HTTP/1.1\r\n" + HOST + " folded: 1\r\n",
    "GET /abcde HTTP/1.1\r\n" + HOST + "Cookie : a\r\n",
    "GET /abcde HTTP/1.1\r\n" + HOST + "Cookie: a\0b\r\n",
    "GET /abcde HTTP/1.1\r\n" + HOST + "Cookie: a\nb: c\r\n",
    "GET /abcde HTTP/1.1\r\n" + HOST + "Cookie\r\n",
    "GET /abcde HTTP/1.1\r\n" + HOST + "\r\nGET /abcde HTTP/1.1\r\n" + HOST,
    "GET /abcde HTTP/1.1\r\n" + HOST + "a: b\r\n" * 200,
    "GET /abcde HTTP/1.1\r\n" + HOST + f"Cookie: {'a' * LONGEST}\r\n",
    "GET /abcde HTTP/2.0\r\n" + HOST,
    "GET  /abcde HTTP/1.1\r\n" + HOST,
    "get /abcde HTTP/1.1\r\n" + HOST,
    "GET //abcde HTTP/1.1\r\n" + HOST,
    "GET /abcde) HTTP/1.1\r\n" + HOST,
    "GET /%61bcde HTTP/1.1\r\n" + HOST,
    "GET http://go.example/abcde HTTP/1.1\r\n" + HOST,
    "GET /query?a=\u00e4 HTTP/1.1\r\n" + HOST,
    "GET /healthz HTTP/1.1\r\n" + HOST,
    "GET /nobody HTTP/1.1\r\n" + HOST,
    "GET /gone1 HTTP/1.1\r\n" + HOST,
    "GET /ended HTTP/1.1\r\n" + HOST,
    "GET /card1 HTTP/1.1\r\n" + HOST + "User-Agent: Twitterbot/1.0\r\n",
]


@pytest.mark.parametrize("head", LEFT_ALONE)
def test_what_is_special_is_left_alone(street: Street, head: str) -> None:
    """Nothing is written down, so that whoever answers it does."""
    assert told(street, f"{head}\r\n") is None
    assert street.clicks() == street.unknown() == []


@pytest.mark.parametrize(
    ("version", "field", "closes"),
    [
        ("1.1", "", False),
        ("1.1", "Connection: keep-alive\r\n", False),
        ("1.1", "Connection: Close\r\n", True),
        ("1.0", "", True),
        ("1.0", "connection: close\r\n", True),
        ("1.0", "Connection: Keep-Alive\r\n", False),
    ],
)
def test_a_connection_stays_as_its_client_wants(
    street: Street, version: str, field: str, closes: bool
) -> None:
    """As HTTP/1.0 and 1.1 have it; where it ends, the answer says so."""
    head = f"GET /abcde HTTP/{version}\r\n{HOST}{field}\r\n".encode()
    told = BytesLane(street.lane).answer(head, "127.0.0.1")
    assert told is not None
    assert told.closes is closes
    assert told.sent.startswith(f"HTTP/{version} 302 Found\r\n".encode())
    assert (b"\r\nConnection: close\r\n" in told.sent) is closes


class Seen(Lane):
    """A lane that leads every code to one place, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: Asked = {}

    def known(self, asked: Asked, code: str) -> Target:
        self.asked = asked
        return Target(LinkId(1), f"https://example.com/{code}")

    def answer(
        self, asked: Asked, code: str, target: Target | None, decided: Verdict | None = None
    ) -> str:
        return f"https://example.com/{code}"


PIECES = st.sampled_from(
    (
        *("GET", "HEAD", "POST", " ", "  ", "/", "/abcde", "?", "a=1", "HTTP/1.1", "HTTP/1.0"),
        *("\r\n", "\r\n\r\n", "\n", "\r", "\0", "\t", ":", ": ", ",", "\u00e4", "close"),
        *("Host", "Content-Length", "Transfer-Encoding", "Connection", "Cookie", "1", "chunked"),
    )
)


@given(
    st.sampled_from(("GET /abcde HTTP/1.1\r\n", "HEAD /abcde?a HTTP/1.0\r\n", "GET /abcde ")),
    st.lists(st.one_of(PIECES, st.sampled_from((HOST, AGENT, "Accept: */*\r\n"))), max_size=12),
)
def test_it_takes_nothing_for_plain_that_the_server_reads_otherwise(
    line: str, pieces: list[str]
) -> None:
    """One whole request without a body, with the same fields: else requests could be smuggled."""
    lane = Seen()
    head = f"{line}{''.join(pieces)}\r\n\r\n".encode("latin-1")
    if BytesLane(lane).answer(head, "127.0.0.1") is None:
        return
    parser = Parser()
    parser.feed(head)
    assert parser.is_complete
    assert parser.remaining() == b""
    assert not parser.content_length
    assert lane.asked["REQUEST_METHOD"] == parser.method.decode()
    told = {name: value.decode("latin-1") for name, value in parser.headers}
    for name, field in ((b"host", "HTTP_HOST"), (b"cookie", "HTTP_COOKIE")):
        assert lane.asked.get(field) == told.get(name)


def _answers(port: int, *pieces: bytes) -> list[bytes]:
    """Send pieces one by one on one connection; return how each is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for piece in pieces:
            with suppress(OSError):  # closed, as was wanted
                connection.sendall(piece)
            time.sleep(0.1)  # else the kernel makes one piece of two
        with suppress(OSError):
            connection.sendall(LAST)
        whole = b"".join(iter(lambda: connection.recv(65_536), b""))
    return re.findall(rb"HTTP/1\.[01] [0-9]{3}", whole)


@pytest.mark.slow
def test_a_service_answers_each_click_once_however_its_bytes_come(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Whole, in two pieces, two in one piece, between pages, and with an end of the connection."""
    environ = environment(tmp_path / "data", sqlite_databases())
    path = a_link(environ)
    click = f"GET {path} HTTP/1.1\r\n{HOST}{AGENT}Accept-Language: en\r\n\r\n".encode()
    page = b"GET /nowhere.at.all HTTP/1.1\r\nHost: go.example\r\n\r\n"
    found, missing, last = b"HTTP/1.1 302", b"HTTP/1.1 404", b"HTTP/1.1 200"
    with serving(environ, tmp_path / "log") as server:
        port = server.port
        assert _answers(port, click, click, click) == [found] * 3 + [last]
        assert _answers(port, click[:40], click[40:], click) == [found] * 2 + [last]
        assert _answers(port, click + click, click) == [found] * 3 + [last]
        assert _answers(port, click + click[:40], click[40:]) == [found] * 2 + [last]
        assert _answers(port, click, page, page + click) == [found, missing, missing, found, last]
        assert _answers(port, click.replace(b"/1.1", b"/1.0"), click) == [b"HTTP/1.0 302"]
        ending = click.replace(b"\r\nHost", b"\r\nConnection: close\r\nHost")
        assert _answers(port, click, ending, click) == [found] * 2
        assert loaded(environ) == 15

"""This machine in every notation, names that change their mind, and who may ask at all."""

import ast
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from paths import REPOSITORY
from standins import Answer, standin

from linktrack.links.cards.cards import read_page
from linktrack.links.visiting import visit
from linktrack.outside.finding import Guard
from linktrack.outside.visit import Limits, ask
from linktrack.webhooks.addresses import check_url
from linktrack.webhooks.ways import post

NOTATIONS = (
    "http://2130706433:{}/", "http://0x7f000001:{}/", "http://0x7f.1:{}/", "http://0177.0.0.1:{}/",
    "http://017700000001:{}/", "http://127.1:{}/", "http://127.0.1:{}/", "http://127.0.0.1.:{}/",
    "http://0:{}/", "http://0.0.0.0:{}/", "http://127.255.255.254:{}/", "http://localhost:{}/",
    "http://LOCALHOST.:{}/", "http://public.example@127.0.0.1:{}/",
    "http://93.184.215.14:80@127.0.0.1:{}/", "http://127.0.0.1:{}#@public.example/",
    "http://127.0.0.1:{}\\@public.example/", "http://[::ffff:127.0.0.1]:{}/",
    "http://[::ffff:7f00:1]:{}/", "http://[::1]:{}/", "http://[::]:{}/", "http://[::1%25lo]:{}/",
    "http://[fe80::1%25lo]:{}/", "http://[64:ff9b::127.0.0.1]:{}/", "http://[2002:7f00:1::]:{}/",
    "http://１２７.0.0.1:{}/", "http://①②⑦.⓪.⓪.①:{}/", "http://127。0。0。1:{}/",
    "http://%31%32%37.0.0.1:{}/", "http://127.0.0.1%00.public.example:{}/", "http://127.0.0.1%2f:{}/",
    "http:/127.0.0.1:{}/", "http:127.0.0.1:{}/", "//127.0.0.1:{}/", "http://127.0.0.1\t:{}/",
)  # fmt: skip

LIMITS = Limits(5, 10_000)

DOORS: Sequence[Callable[[str], object]] = (
    lambda url: read_page(url, "me"),
    lambda url: visit(url, "me"),
    lambda url: check_url(url, ()),
    lambda url: post(url, {}, "{}", LIMITS, Guard()),
)

MAY_ASK = {
    "linktrack/outside": "what all others ask by",
    "linktrack/mail.py": "the mail server that the owner has set",
    "linktrack/clicks/keeping/clickhouse/over_http.py": "the ClickHouse that the owner has set",
    "linktrack/clicks/nodes/identity.py": "what this machine is called",
    "linktrack/upkeep/probing.py": "the doctor asks the service itself, at its own address",
    "linktrack/web/serving/listening.py": "it listens",
    "linktrack/networks/x/writer.py": "the types of tweepy's sessions, under our adapter",
    "linktrack/owners/signing_in/provider.py": "Authlib's sessions, under our adapter",
    "linktrack/networks/mastodon/identity.py": "Mastodon.py's and Authlib's, under our adapter",
    "linktrack/networks/bluesky/session.py": "atproto's client, under our transport",
}
"""Modules that name a library which connects to servers, and what for."""

CONNECTING = frozenset(
    {"socket", "socketserver", "ssl", "http.client", "urllib.request", "urllib3", "requests"}
    | {"httpx", "aiohttp", "ftplib", "smtplib", "imaplib", "poplib", "telnetlib", "xmlrpc.client"}
    | {"asyncio.open_connection", "websockets", "dns", "pycurl"}
)


@pytest.mark.parametrize("notation", NOTATIONS)
def test_this_machine_is_asked_in_no_notation(notation: str) -> None:
    """By no door; what is no address at all is refused too, before anything connects."""
    with standin(lambda _: Answer(b"here")) as server:
        address = notation.format(server.address.rpartition(":")[2])
        for door in DOORS:
            with suppress(Exception):  # each says no in its own words, or finds no address
                door(address)
        with pytest.raises(Exception):  # noqa: B017 - of several kinds, and never an answer
            ask("GET", address, limits=LIMITS, guard=Guard())
        assert server.asked == []


@contextmanager
def name_server(answers: list[str]) -> Iterator[tuple[str, int]]:
    """Answer questions for an IPv4 address, each with the next of these; the last stays."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    question, who = listening.recvfrom(512)
                    end = question.index(b"\0", 12) + 5
                    head = question[:2] + struct.pack(">5H", 0x8180, 1, 1, 0, 0)
                    found = answers.pop(0) if len(answers) > 1 else answers[0]
                    record = struct.pack(">HHHIH", 0xC00C, 1, 1, 0, 4) + socket.inet_aton(found)
                    listening.sendto(head + question[12:end] + record, who)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        host, port = listening.getsockname()
        yield host, port
        listening.close()
    thread.join(15)


def looked_up(server: tuple[str, int], host: str) -> list[str]:
    """Ask a name server for a name's IPv4 address, as a system that keeps no answers does."""
    name = b"".join(bytes([len(part)]) + part.encode() for part in host.split(".")) + b"\0"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(5)
        asking.sendto(struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + name + b"\0\1\0\1", server)
        return [socket.inet_ntoa(asking.recv(512)[-4:])]


def test_a_name_server_that_changes_its_mind_leads_nowhere() -> None:
    """Public for who judges, and this machine for who connects: nobody looks up a second time."""
    with (
        standin(lambda _: Answer(b"here")) as server,
        name_server(["192.0.2.1", "127.0.0.1"]) as names,
    ):
        port = server.address.rpartition(":")[2]
        judged: list[str] = []

        def allowed(address: object) -> bool:
            judged.append(str(address))
            return str(address) != "127.0.0.1"  # as if the documentation's network were public

        guard = Guard(allowed, lookup=lambda host, _port: looked_up(names, host))
        for _ in range(3):
            with pytest.raises(Exception):  # noqa: B017 - nobody is there, or it is private
                ask("GET", f"http://rebound.example:{port}/", limits=Limits(1, 100), guard=guard)
        assert server.asked == []
        assert judged == ["192.0.2.1", "127.0.0.1", "127.0.0.1"]


def _named(module: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


def test_whoever_asks_a_stranger_goes_through_one_room() -> None:
    """No other module names a library that connects; a new one fails until it is decided."""
    connecting = {
        module.relative_to(REPOSITORY).as_posix()
        for module in (REPOSITORY / "linktrack").rglob("*.py")
        if any(
            name == library or name.startswith(f"{library}.")
            for name in _named(module)
            for library in CONNECTING
        )
    }
    strange = [name for name in connecting if not name.startswith(tuple(MAY_ASK))]
    assert strange == []
    assert [name for name in MAY_ASK if not any(each.startswith(name) for each in connecting)] == []

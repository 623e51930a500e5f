"""Asking strangers' servers: one judgement at every door, one look-up, one end, one size."""

import gzip
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from keepers import Kept
from signed import SESSION, bluesky, mastodon, x
from sqlalchemy import select
from standins import Answer, Asked, standin
from world import NOON, World

from linktrack.errors import Invalid, LinktrackError, Unavailable
from linktrack.links.cards.cards import read_page
from linktrack.links.visiting import Visit, visit
from linktrack.networks.bluesky.session import HOSTING
from linktrack.networks.bluesky.writer import BlueskyWriter
from linktrack.networks.credentials import Credential
from linktrack.networks.fetching import Fetcher
from linktrack.networks.mastodon.writer import MastodonWriter
from linktrack.networks.protocols import Writer
from linktrack.networks.records import Message
from linktrack.networks.tids import new_tid
from linktrack.outside.addresses import is_allowed, is_public
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
from linktrack.outside.finding import Guard
from linktrack.outside.httpx_transport import GuardedTransport
from linktrack.outside.requests_adapter import GuardedAdapter
from linktrack.outside.visit import Client, Limits, ask
from linktrack.settings import LOOPBACK
from linktrack.webhooks.addresses import check_url
from linktrack.webhooks.catalog import add_webhook, send_test
from linktrack.webhooks.dispatch import Dispatcher
from linktrack.webhooks.models import Delivery
from linktrack.webhooks.ways import post

KEY = bytes(range(32))
LIMITS = Limits(5, 10_000)
HERE = Guard(lambda address: address == ipaddress.ip_address("127.0.0.1"))

PRIVATE = (
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "192.0.2.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",  # noqa: S104 - asked
    "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "ff0e::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::7f00:1", "::a00:1", "::ffff:0:a00:1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1",
    "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1",
)  # fmt: skip
"""Of this machine, a house, a provider, many, nobody: as such and carried in another."""

PUBLIC = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::808:808")


def written(address: str) -> str:
    """Return the address of a page on a machine."""
    return f"http://[{address}]:9/" if ":" in address else f"http://{address}:9/"


def card(url: str) -> bool:
    problem = read_page(url, "me").problem
    return problem == "It is not on the public internet, so it is not read."


def link_check(url: str) -> bool:
    return visit(url, "me") == Visit(None, is_refused=True)


def added_webhook(url: str) -> bool:
    try:
        check_url(url, ())
    except Invalid as error:
        return "not a public address" in error.sentence
    return False


def sent_webhook(url: str) -> bool:
    return "not a public address" in post(url, {}, "{}", LIMITS, Guard()).said


def network(url: str) -> bool:
    with closing(Fetcher(url.removesuffix("/"))) as fetcher:
        try:
            fetcher.get("/", {})
        except Unavailable as error:
            return "is a private address" in error.sentence
    return False


def client_of_requests(url: str) -> bool:
    with requests.Session() as session:
        session.mount("http://", GuardedAdapter(LIMITS))
        try:
            session.get(url)
        except requests.ConnectionError as error:
            return isinstance(error.__cause__, NotPublic)
    return False


def client_of_httpx(url: str) -> bool:
    with httpx.Client(transport=GuardedTransport(LIMITS)) as client:
        try:
            client.get(url)
        except httpx.ConnectError as error:
            return isinstance(error.__cause__, NotPublic)
    return False


DOORS = (
    card, link_check, added_webhook, sent_webhook, network, client_of_requests, client_of_httpx,
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_every_door_refuses_the_same_addresses(address: str) -> None:
    """Whoever asks; unless the owner names the network, which a webhook's door hears."""
    parsed = ipaddress.ip_address(address)
    assert not is_public(parsed)
    assert [door.__name__ for door in DOORS if not door(written(address))] == []
    assert is_allowed(parsed, (ipaddress.ip_network(address),))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_asked(address: str) -> None:
    """Of both kinds, and one that carries another."""
    assert is_public(ipaddress.ip_address(address))


def test_a_named_network_holds_for_addresses_that_carry_one_of_it() -> None:
    """And for no other."""
    house = (ipaddress.ip_network("10.0.0.0/8"),)
    assert is_allowed(ipaddress.ip_address("::ffff:10.0.0.1"), house)
    assert is_allowed(ipaddress.ip_address("64:ff9b::a00:1"), house)
    assert not is_allowed(ipaddress.ip_address("192.168.0.1"), house)
    assert not is_allowed(ipaddress.ip_address("::ffff:192.168.0.1"), house)


class Rebound:
    """A name that stands for a server of ours first, and for one in a house afterwards."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        return ["127.0.0.1"] if len(self.asked) == 1 else ["10.0.0.1"]


def by_ask(url: str, guard: Guard) -> str:
    return ask("GET", url, limits=LIMITS, guard=guard).body.decode()


def by_requests(url: str, guard: Guard) -> str:
    with requests.Session() as session:
        session.mount("http://", GuardedAdapter(LIMITS, guard))
        return session.get(url).text


def by_httpx(url: str, guard: Guard) -> str:
    with httpx.Client(transport=GuardedTransport(LIMITS, guard)) as client:
        return client.get(url).text


CLIENTS = (by_ask, by_requests, by_httpx)


@pytest.mark.parametrize("asking", CLIENTS)
def test_a_name_is_looked_up_once_and_what_was_judged_is_connected_to(
    asking: Callable[[str, Guard], str],
) -> None:
    """The name goes into Host; the next request judges it anew."""
    with standin(lambda _: Answer(b"here")) as server:
        port = server.address.rpartition(":")[2]
        name = Rebound()
        guard = Guard(HERE.allowed, lookup=name)
        assert asking(f"http://rebound.example:{port}/", guard) == "here"
        assert name.asked == ["rebound.example"]
        assert server.asked[0].headers["host"] == f"rebound.example:{port}"
        with pytest.raises((Unanswered, requests.ConnectionError, httpx.ConnectError)):
            asking(f"http://rebound.example:{port}/", guard)
        assert len(server.asked) == 1


def test_a_network_is_read_at_the_address_that_was_judged() -> None:
    """It was looked up a second time, which a name could use."""
    name = Rebound()
    with (
        standin(lambda _: Answer({})) as server,
        closing(Fetcher("http://rebound.example", lookup=name)) as fetcher,
    ):
        with pytest.raises(Unavailable, match=r"rebound\.example is a private address"):
            fetcher.get("/", {})
        assert name.asked == ["rebound.example"]
        assert server.asked == []


def test_one_private_address_among_several_is_one_too_many() -> None:
    """Else whoever asks often enough would get there."""
    guard = Guard(lookup=lambda *_: ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(NotPublic, match=r"stands for 10\.0\.0\.1"):
        ask("GET", "http://two.example/", limits=LIMITS, guard=guard)


def test_the_second_address_is_tried_where_the_first_does_not_take_us() -> None:
    """A server may have one that is not reached from here."""
    with standin(lambda _: Answer(b"here")) as server:
        port = server.address.rpartition(":")[2]
        guard = Guard(lambda _: True, lookup=lambda *_: ["127.0.0.2", "127.0.0.1"])
        assert by_ask(f"http://two.example:{port}/", guard) == "here"


def test_only_the_server_that_was_set_may_be_private() -> None:
    """Not what it names as another: an account's own server comes from its answer."""
    with standin(lambda _: Answer(b"here")) as server:
        guard = Guard(named="127.0.0.1")
        assert by_ask(server.address, guard) == "here"
        with pytest.raises(NotPublic):
            by_ask(server.address.replace("127.0.0.1", "localhost"), guard)


# Redirects


def given(answer: Answer, _: Asked) -> Answer:
    return answer


def test_each_redirect_is_judged() -> None:
    """A public server leads into the house, or to what is none of the web."""
    for inside in ("http://10.0.0.1/", "http://[::1]:1/", "file:///etc/passwd"):
        redirect = Answer(status=302, headers={"Location": inside})
        with standin(partial(given, redirect)) as server:
            with pytest.raises(NotPublic):
                ask("GET", server.address, limits=Limits(5, 100, redirects=5), guard=HERE)
            assert len(server.asked) == 1


def test_redirects_are_followed_as_often_as_is_allowed_and_not_at_all_without() -> None:
    """The address of the answer is the last one; without, a redirect is the answer."""

    def lead(asked: Asked) -> Answer:
        number = int(asked.path[1:])
        return Answer(b"end") if number == 0 else Answer(None, 302, {"Location": f"/{number - 1}"})

    with standin(lead) as server:
        limits = Limits(5, 100, redirects=3)
        answer = ask("GET", f"{server.address}/3", limits=limits, guard=HERE)
        assert (answer.url, answer.body) == (f"{server.address}/0", b"end")
        with pytest.raises(TooManyRedirects):
            ask("GET", f"{server.address}/4", limits=limits, guard=HERE)
        assert ask("GET", f"{server.address}/3", limits=LIMITS, guard=HERE).status == 302


@pytest.mark.parametrize("asking", [by_requests, by_httpx])
def test_clients_that_hold_a_secret_are_led_nowhere(asking: Callable[[str, Guard], str]) -> None:
    """Even where they would follow."""
    with standin(lambda _: Answer(b"moved", 302, {"Location": "/elsewhere"})) as server:
        with pytest.raises((requests.ConnectionError, httpx.ReadError), match="It redirects"):
            asking(server.address, HERE)
        assert server.paths() == ["GET /"]


@pytest.mark.parametrize("opened", [bluesky, mastodon, x])
def test_a_writer_is_led_nowhere(opened: Callable[[str], Writer]) -> None:
    """Its network's client follows redirects, into the house if it is told to."""
    with standin(lambda _: Answer({})) as inside:
        moved = Answer({}, 302, {"Location": f"{inside.address}/latest/meta-data"})
        with standin(partial(given, moved)) as server:
            with closing(opened(server.address)) as writer:
                with pytest.raises(LinktrackError):
                    writer.posts(None)
                with pytest.raises(LinktrackError):
                    writer.publish(Message(new_tid(), "Hello"))
            assert server.asked
            assert inside.asked == []


def test_a_writer_asks_no_private_server_that_nobody_has_set() -> None:
    """One that a session names, and one whose name has led into the house since."""
    with standin(lambda _: Answer({})) as inside:
        session = {"session": SESSION.format(server=inside.address)}
        with (
            closing(BlueskyWriter(Credential("bluesky", HOSTING, session), Kept())) as blue,
            pytest.raises(Unavailable, match="is not a public address"),
        ):
            blue.posts(None)
        values = {"access_token": "t", "id": "7", "url": "", "handle": "@you@127.0.0.1"}
        with (
            closing(MastodonWriter(Credential("mastodon", inside.address, values), Kept())) as toot,
            pytest.raises(Unavailable, match="is a private address"),
        ):
            toot.posts(None)
        assert inside.asked == []
        values["server_is_set"] = "yes"
        with (
            closing(MastodonWriter(Credential("mastodon", inside.address, values), Kept())) as toot,
            suppress(LinktrackError),
        ):
            toot.posts(None)
        assert len(inside.asked) == 1


# Time and size


@contextmanager
def dripping(*, headers: bool) -> Iterator[tuple[str, list[bytes]]]:
    """A server that says a byte now and then, for ever, in its headers or behind them."""
    heard: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))
    ending = threading.Event()

    def answer(peer: socket.socket) -> None:
        with suppress(OSError), peer:
            heard.append(peer.recv(65_536))
            peer.sendall(b"HTTP/1.1 200 OK\r\n" + (b"X-A: " if headers else b"\r\n"))
            while not ending.wait(0.05):
                peer.sendall(b"a")

    def serve() -> None:
        with suppress(OSError):
            while True:
                peer, _ = listening.accept()
                threads.append(threading.Thread(target=answer, args=(peer,)))
                threads[-1].start()

    threads = [threading.Thread(target=serve)]
    threads[0].start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", heard
    finally:
        ending.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("headers", [True, False])
@pytest.mark.parametrize("method", ["ask", "requests", "httpx"])
def test_an_answer_that_drips_ends_at_its_limit(method: str, headers: bool) -> None:
    """Whoever asks: each byte comes in time, and all of them never."""
    limits = Limits(0.5, 10_000)
    with dripping(headers=headers) as (url, _):
        begun = time.monotonic()
        if method == "ask":
            with pytest.raises(TooLate) as late:
                ask("GET", url, limits=limits, guard=HERE)
            assert late.value.was_sent
        elif method == "requests":
            with requests.Session() as session:
                session.mount("http://", GuardedAdapter(limits, HERE))
                with pytest.raises(requests.ReadTimeout):
                    session.get(url)
        else:
            transport = GuardedTransport(limits, HERE)
            with httpx.Client(transport=transport) as client, pytest.raises(httpx.ReadTimeout):
                client.get(url)
        assert 0.4 < time.monotonic() - begun < 20


def test_a_look_up_that_takes_too_long_is_not_waited_for() -> None:
    """A name's own server may be the slow one."""
    waiting = threading.Event()

    def slow(*_: object) -> Sequence[str]:
        waiting.wait(60)
        return []

    begun = time.monotonic()
    with pytest.raises(TooLate) as late:
        ask("GET", "http://slow.example/", limits=Limits(0.3), guard=Guard(lookup=slow))
    assert not late.value.was_sent
    assert time.monotonic() - begun < 20
    waiting.set()


def test_who_says_nothing_is_left_after_less() -> None:
    """`patience` is for one step."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        begun = time.monotonic()
        with pytest.raises(TooLate):
            ask("GET", url, limits=Limits(30, 100, patience=0.3), guard=HERE)
        assert time.monotonic() - begun < 20


def test_an_answer_has_a_size() -> None:
    """A longer one is an error, or cut; and none is read where none is wanted."""
    with standin(lambda _: Answer(b"x" * 10_001)) as server:
        with pytest.raises(TooMuch, match="10,000 bytes"):
            by_ask(server.address, HERE)
        cut = ask("GET", server.address, limits=Limits(5, 100, is_cut=True), guard=HERE)
        assert cut.body == b"x" * 100
        whole = ask("GET", server.address, limits=Limits(5, 10_001), guard=HERE)
        assert len(whole.body) == 10_001
        assert ask("GET", server.address, limits=Limits(5), guard=HERE).body == b""


@pytest.mark.parametrize("asking", CLIENTS)
def test_what_is_packed_is_unpacked_up_to_its_size(asking: Callable[[str, Guard], str]) -> None:
    """A gigabyte of nothing is packed into a megabyte."""
    answers = [b"hello" * 10, b"\0" * 50_000_000]

    def packed(_: Asked) -> Answer:
        return Answer(gzip.compress(answers.pop(0)), headers={"Content-Encoding": "gzip"})

    with standin(packed) as server:
        assert asking(server.address, HERE) == "hello" * 10
        with pytest.raises((TooMuch, requests.ConnectionError, httpx.ReadError)):
            asking(server.address, HERE)


def test_an_answer_that_breaks_off_is_none() -> None:
    """Half a list of followers would be people who have left."""

    def short(_: Asked) -> Answer:
        return Answer(gzip.compress(b"hello" * 1_000)[:-20], headers={"Content-Encoding": "gzip"})

    with standin(short) as server, pytest.raises(Unanswered, match="breaks off"):
        by_ask(server.address, HERE)


# What can go wrong, and connections


def test_it_is_said_whether_anything_was_sent() -> None:
    """What was sent may have been done."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for url, guard, error in (
        (f"http://127.0.0.1:{port}/", HERE, NobodyListens),
        ("http://nowhere.invalid/", Guard(), UnknownName),
        ("ftp://example.com/", Guard(), NotPublic),
        ("http://example.com:99999/", Guard(), Unanswered),
    ):
        with pytest.raises(error) as raised:
            ask("POST", url, limits=LIMITS, guard=guard)
        assert not raised.value.was_sent
    with standin(lambda _: Answer(silent=True)) as server, pytest.raises(Unanswered) as silent:
        ask("POST", server.address, limits=LIMITS, guard=HERE)
    assert silent.value.was_sent


def test_a_connection_is_kept_and_replaced_where_it_was_ended() -> None:
    """One for many requests; the far side may end it at any time."""
    connections = 0
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            nonlocal connections
            for requests_each in (2, 1):
                peer, _ = listening.accept()
                connections += 1
                with peer:
                    for _ in range(requests_each):
                        peer.recv(65_536)
                        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        with closing(Client(HERE)) as client:
            bodies = [client.ask("GET", url, limits=LIMITS).body for _ in range(3)]
        thread.join()
    assert bodies == [b"ok"] * 3
    assert connections == 2


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of secure.example, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "secure.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("secure.example")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "secure.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextmanager
def secure(certificate: Path) -> Iterator[tuple[int, list[str | None]]]:
    """A server that speaks TLS once, and remembers the name it was asked for."""
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _sock, name, _context: names.append(name)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            peer, _ = listening.accept()
            with peer, suppress(OSError), context.wrap_socket(peer, server_side=True) as talk:
                talk.recv(65_536)
                talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1], names
        thread.join()


def test_over_tls_the_name_stays_the_one_that_is_proved(certificate: Path) -> None:
    """The connection goes to the address; SNI and the certificate are of the name."""
    trusting = ssl.create_default_context(cafile=str(certificate))
    guard = Guard(HERE.allowed, lookup=lambda *_: ["127.0.0.1"], tls=lambda: trusting)
    with secure(certificate) as (port, names):
        assert by_ask(f"https://secure.example:{port}/", guard) == "ok"
    assert names == ["secure.example"]
    for host, other in (("other.example", guard), ("secure.example", Guard(HERE.allowed,
                        lookup=guard.lookup))):  # fmt: skip
        with secure(certificate) as (port, _), pytest.raises(Untrusted) as raised:
            by_ask(f"https://{host}:{port}/", other)
        assert not raised.value.was_sent


# Webhooks


@pytest.mark.slow
def test_a_receiver_that_drips_holds_no_other_webhook_up(sqlite_world: World) -> None:
    """Its own messages wait, one after the other; the others' arrive in time, pass after pass."""
    world = sqlite_world
    heard: list[float] = []

    def receive(_: Asked) -> Answer:
        heard.append(time.monotonic())
        return Answer({})

    with dripping(headers=True) as (slow, asked), standin(receive) as quick:
        webhooks = [
            add_webhook(world.session, KEY, url, (), None, now=NOON, allowed=LOOPBACK)[0]
            for url in (slow, quick.address)
        ]
        world.session.flush()
        for webhook in webhooks:
            for _ in range(3):
                send_test(world.session, webhook, NOON)
        world.session.commit()
        dispatcher = Dispatcher(
            world.database, world.shortener, KEY, LOOPBACK, lambda: NOON, seconds=4
        )
        begun = time.monotonic()
        passing = threading.Thread(target=dispatcher.dispatch)
        passing.start()
        while len(heard) < 3 and passing.is_alive():
            time.sleep(0.01)  # the moments are compared below: a pass that ends ends the wait
        assert len(heard) == 3
        assert heard[-1] - begun < 3.9  # before the slow one's first request is over
        assert len(asked) == 1
        passing.join()
        assert time.monotonic() - begun < 12
        assert len(asked) == 1  # what else there is for it waits for its next turn
        answers = world.session.scalars(
            select(Delivery.answer).where(Delivery.webhook_id == webhooks[0].id)
        ).all()
        assert sorted(map(str, answers)) == [
            "None", "None", "There was no answer within 4 seconds.",
        ]  # fmt: skip
        world.session.rollback()


def test_messages_of_one_webhook_arrive_in_their_order(sqlite_world: World) -> None:
    """However many threads there are."""
    world = sqlite_world
    heard: list[str] = []

    def receive(asked: Asked) -> Answer:
        heard.append(asked.headers["webhook-id"])
        return Answer({})

    with standin(receive) as quick:
        webhook, _ = add_webhook(
            world.session, KEY, quick.address, (), None, now=NOON, allowed=LOOPBACK
        )
        world.session.flush()
        ids = [send_test(world.session, webhook, NOON).id for _ in range(8)]
        world.session.commit()
        dispatcher = Dispatcher(world.database, world.shortener, KEY, LOOPBACK, lambda: NOON)
        assert dispatcher.dispatch() == 8
    assert heard == [f"msg_{number}" for number in ids]

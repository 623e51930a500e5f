"""Pages behind an event loop: bodies in the loop, threads that no client can keep."""

import asyncio
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest
from asking import Client
from world import World

from linktrack.app import create_asgi_app
from linktrack.clicks.capture.pools import Busy, Pool
from linktrack.installation import Installation
from linktrack.web.serving.bodies import Bodies, Refused
from linktrack.web.serving.queues import MOST_WAITING, Queue
from linktrack.web.serving.site import SIGN_IN, THREADS, Site
from linktrack.web.serving.threads import Threads

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from a2wsgi.asgi_typing import ASGIApp, HTTPRequestEvent, HTTPScope, Receive, Scope, Send


def behind(
    application: "WSGIApplication", read_seconds: float = 30, wait_seconds: float = 30
) -> "ASGIApp":
    """Return an ASGI application of one thread, for which one request may wait."""
    pages = Queue(Threads(application, 1), 1, 1, wait_seconds, read_seconds)
    bodies = Bodies(1_000, piece_seconds=0.2, whole_seconds=0.5)

    async def answer(scope: "Scope", receive: "Receive", send: "Send") -> None:
        assert scope["type"] == "http"
        async with bodies.collected(scope, receive) as body:
            await pages.answer(scope, body, receive, send)

    return answer


class Endless:
    """A WSGI application whose answer has no end; it says when it was closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def __call__(
        self, _environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            while True:
                yield b"more"
        finally:
            self.closed.set()


def echo(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer with the body, and what a WSGI application is told of the request."""
    start_response("200 OK", [("X-Address", repr(environ["REMOTE_ADDR"]))])
    said = [environ.get(name, "") for name in ("CONTENT_LENGTH", "HTTP_X_FORWARDED_FOR")]
    return [environ["wsgi.input"].read(), *(f";{text}".encode() for text in said)]


def ask(application: "ASGIApp", client: Client) -> Client:
    return asyncio.run(client.ask(application))


def test_a_body_arrives_whole_with_its_length() -> None:
    """In pieces too, and chunked: its length is then what came."""
    pieces = [b"a=1", b"&b=2"]
    for header in ((b"content-length", b"7"), (b"transfer-encoding", b"chunked")):
        client = ask(behind(echo), Client("POST", headers=[header], pieces=pieces))
        assert client.body == b"a=1&b=2;7;"


def test_a_unix_socket_has_no_address_and_underscores_forge_none() -> None:
    """REMOTE_ADDR is empty, and X_Forwarded_For is dropped."""
    client = ask(behind(echo), Client(headers=[(b"x_forwarded_for", b"1.2.3.4")], peer=None))
    assert (client.answered[b"x-address"], client.body) == (b"''", b";;")


def test_a_half_sent_body_is_refused_after_its_time() -> None:
    """408, whether it stops or drips."""
    with pytest.raises(Refused) as refused:
        ask(behind(echo), Client("POST", pieces=[b"a=1"], whole=False))
    assert refused.value.status == 408

    async def drip() -> None:
        async def receive() -> "HTTPRequestEvent":
            await asyncio.sleep(0.05)  # that it drips is what is tested
            return {"type": "http.request", "body": b"a", "more_body": True}

        async with Bodies(1_000, 10, 0.3).collected(_scope(), receive):
            pass

    with pytest.raises(Refused) as refused:
        asyncio.run(drip())
    assert refused.value.status == 408


def test_unfinished_bodies_together_have_a_bound() -> None:
    """503 for the one that is too much; what others have sent is let go with them."""
    bodies = Bodies(1_000, 0.2, 0.2, most_held=1_500)

    async def three() -> list[int]:
        clients = [Client("POST", pieces=[b"a" * 600], whole=False) for _ in range(3)]
        done = await asyncio.gather(
            *(collect(bodies, one) for one in clients), return_exceptions=True
        )
        assert await collect(bodies, Client("POST", pieces=[b"a" * 900]))
        return [one.status for one in done if isinstance(one, Refused)]

    assert sorted(asyncio.run(three())) == [408, 408, 503]


def test_whole_bodies_that_wait_for_their_answer_are_held_too() -> None:
    """Else 200 of 2 MB wait for a thread: a worker took 370 MB."""
    bodies = Bodies(1_000, most_held=1_500)

    async def two() -> None:
        first, second, third = (Client("POST", pieces=[b"a" * 900]) for _ in range(3))
        async with bodies.collected(_scope(), first._receive):
            with pytest.raises(Refused) as refused:
                await collect(bodies, second)
            assert refused.value.status == 503
        assert len(await collect(bodies, third)) == 900

    asyncio.run(two())


def test_a_slow_page_keeps_others_waiting_for_a_moment_only() -> None:
    """It goes on beside the next one; two of them take both threads, until one has ended."""
    ended = threading.Event()

    def page(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        assert environ["PATH_INFO"] == "/" or ended.wait(20)
        start_response("200 OK", [])
        return [b"page"]

    async def look() -> None:
        pages = Queue(Threads(page, 2), 1, 10, 0.5, spare=1, slow_seconds=0.1)

        async def ask(path: str) -> bytes:
            client = Client(path=path)
            scope = {**_scope(), "path": path}
            await pages.answer(scope, b"", client._receive, client._send)  # type: ignore[arg-type]
            return client.body

        slow = asyncio.create_task(ask("/slow"))
        await asyncio.sleep(0)  # it begins
        assert await ask("/") == b"page"
        slower = asyncio.create_task(ask("/slow"))
        await asyncio.sleep(0)  # it begins
        with pytest.raises(Busy):
            await ask("/")
        ended.set()
        assert [await slow, await slower, await ask("/")] == [b"page"] * 3
        again = [ask("/slow") for _ in range(3)]
        assert await asyncio.gather(*again) == [b"page"] * 3

    asyncio.run(look())


def test_a_client_who_goes_away_gives_the_thread_back() -> None:
    """In the middle of a stream: its generator is closed."""
    endless = Endless()

    async def leave() -> None:
        client = Client(path="/")
        task = asyncio.create_task(client.ask(behind(endless)))
        while len(client.body) < 100:
            await asyncio.sleep(0)  # the other tasks' turn
        client.gone.set()
        assert await asyncio.to_thread(endless.closed.wait, 20)
        await task

    asyncio.run(leave())


def test_a_server_that_gives_up_a_request_gets_the_thread_back() -> None:
    """Gunicorn cancels it some seconds after the connection is lost; the next one is answered."""
    endless = Endless()

    async def give_up() -> None:
        application = behind(endless)
        client = Client(path="/", reads=2)
        task = asyncio.create_task(client.ask(application))
        while not client.body:
            await asyncio.sleep(0)  # the other tasks' turn
        task.cancel()
        client.gone.set()
        assert await asyncio.to_thread(endless.closed.wait, 20)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())


def test_a_client_who_does_not_read_gives_the_thread_back() -> None:
    """After its time; the answer is broken off."""
    endless = Endless()
    client = ask(behind(endless, read_seconds=0.2), Client(reads=3))
    assert client.body == b"more" * 3
    assert endless.closed.is_set()


def test_more_than_may_wait_are_refused_at_once() -> None:
    """One is answered, one waits, the third is told that it is too much; the second comes next."""
    free = threading.Event()

    def slow(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        free.wait(20)
        return echo(environ, start_response)

    async def three() -> None:
        application = behind(slow)
        first, second = (asyncio.create_task(Client().ask(application)) for _ in range(2))
        await asyncio.sleep(0.05)  # both have come to where they wait
        with pytest.raises(Busy):
            await Client().ask(application)
        free.set()
        assert [one.status for one in await asyncio.gather(first, second)] == [200, 200]

    asyncio.run(three())


def test_a_pool_has_a_bound_and_a_time() -> None:
    """What hangs is given up; what waits behind it is never begun."""
    free = threading.Event()
    begun: list[int] = []

    def hang(number: int) -> int:
        begun.append(number)
        free.wait(20)
        return number

    async def fill() -> None:
        pool = Pool("test", 1, 2, 0.1)
        done = await asyncio.gather(*(pool.run(hang, n) for n in range(3)), return_exceptions=True)
        assert all(isinstance(one, Busy) for one in done)
        free.set()
        assert await pool.run(int, "7") == 7

    asyncio.run(fill())
    assert begun == [0]


@pytest.fixture
def site(world: World) -> "ASGIApp":
    """The whole application of a world."""
    return create_asgi_app(Installation.open(world.settings))


def test_pages_forms_and_refusals_are_those_of_the_application(site: "ASGIApp") -> None:
    """Home, unknown, too large for a page and for the API."""
    assert ask(site, Client(path="/")).status == 200
    assert ask(site, Client(path="/nobody")).status == 404
    length = [(b"content-length", b"9000000"), (b"content-type", b"application/json")]
    for path in ("/owner/sign-in", "/api/v1/posts"):
        refused = ask(site, Client("POST", path, headers=length, pieces=[b"a"]))
        assert refused.status in (401, 413), refused.body
    form = [(b"content-type", b"application/x-www-form-urlencoded")]
    fields = ask(site, Client("POST", "/owner/sign-in", headers=form, pieces=[b"a=1&" * 6_000]))
    assert (fields.status, b"5,000 fields" in fields.body) == (413, True)


def test_exports_that_nobody_reads_hold_no_page(world: World) -> None:
    """They have threads of their own, as a slow line keeps one for minutes."""
    endless = Endless()

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        export = environ["PATH_INFO"].startswith("/api/v1/export/")
        return (endless if export else echo)(environ, start_response)

    async def beside() -> int:
        site = Site(Threads(application, THREADS), Installation.open(world.settings).lane())
        unread = [Client(path="/api/v1/export/clicks", reads=1) for _ in range(2)]
        exports = [asyncio.create_task(one.ask(site)) for one in unread]
        async with asyncio.timeout(10):
            while not all(one.body for one in unread):
                await asyncio.sleep(0.01)  # until both have begun to answer
            page = await Client(path="/owner/sign-in").ask(site)
        for export in exports:
            export.cancel()
        return page.status

    assert asyncio.run(beside()) == 200
    assert endless.closed.wait(10)


@pytest.mark.parametrize(
    ("guessed", "beside_it", "says"),
    [(SIGN_IN, "/few", b"Too many people are signing in"), ("/few", SIGN_IN, b"Too many pages")],
)
def test_passwords_that_are_checked_hold_up_nothing_that_is_sent(
    sqlite_world: World, guessed: str, beside_it: str, says: bytes
) -> None:
    """A hundred guesses held each form of an owner up by 25 s; too many read why.

    Those of links hold up no sign-in, and the other way round.
    """
    checking, begun = threading.Event(), threading.Event()

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("POST", guessed):
            begun.set()
            checking.wait(10)
        return echo(environ, start_response)

    async def beside() -> tuple[list[int], list[Client]]:
        site = Site(Threads(application, THREADS), Installation.open(sqlite_world.settings).lane())
        form = [(b"content-type", b"application/x-www-form-urlencoded")]
        guesses = [
            asyncio.create_task(Client("POST", guessed, headers=form).ask(site))
            for _ in range(MOST_WAITING + 9)
        ]
        async with asyncio.timeout(10):
            while not begun.is_set():
                await asyncio.sleep(0.01)  # until one is being checked
            paths = ("/api/v1/posts", "/owner/compose", "/hello/a", "/links", beside_it)
            others = [(await Client("POST", path).ask(site)).status for path in paths]
            others.append((await Client(path=SIGN_IN).ask(site)).status)
        checking.set()
        return others, await asyncio.gather(*guesses)

    others, guesses = asyncio.run(beside())
    assert others == [200] * 6
    refused = [one for one in guesses if one.status != 200]
    assert len(refused) == 8
    assert {one.status for one in refused} == {503}
    assert says in refused[0].body


def test_a_websocket_and_a_lifespan_have_their_answer(site: "ASGIApp") -> None:
    """Lifespan begins and ends; there are no websockets here."""
    said: list[str] = []
    asked = iter(["lifespan.startup", "lifespan.shutdown"])

    async def live() -> None:
        async def receive() -> dict[str, str]:
            return {"type": next(asked)}

        async def send(message: dict[str, str]) -> None:
            said.append(message["type"])

        for kind in ("lifespan", "websocket"):
            await site({"type": kind}, receive, send)  # type: ignore[arg-type]

    asyncio.run(live())
    assert said == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
        "websocket.close",
    ]


async def collect(bodies: Bodies, client: Client) -> bytes:
    """Return a client's body, and hold it no longer."""
    async with bodies.collected(_scope(), client._receive) as body:
        return body


def _scope() -> "HTTPScope":
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/",
        "query_string": b"",
        "root_path": "",
        "headers": [],
    }

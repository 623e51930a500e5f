"""Pages made in a process of their own: what is asked and answered is the same as in threads."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from asking import Client
from databases import Maker
from hypothesis import given, settings
from hypothesis import strategies as st
from servers import Server, command, environment, free_port, serving
from services import BROWSER, a_link
from waiting import wait_until

from linktrack.clicks.capture.lane import CARD
from linktrack.web.serving.bodies import Refused
from linktrack.web.serving.elsewhere import CLIENT, MARKS, Elsewhere
from linktrack.web.serving.queues import Pages, Queue, Unanswered
from linktrack.web.serving.threads import Threads

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from a2wsgi.asgi_typing import ASGIApp, Receive, Scope, Send

WRITTEN = (
    "REQUEST_METHOD",
    "PATH_INFO",
    "QUERY_STRING",
    "CONTENT_TYPE",
    "CONTENT_LENGTH",
    "REMOTE_ADDR",
    CARD,
)
"""What a page may read of a request beside its headers and body."""

ECHO = f'''
"""A WSGI application that says what it was told, by the path that it is asked for."""
import time
from linktrack.web.serving.bodies import Refused
from linktrack.web.serving.elsewhere import as_passed_on

def echo(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/unread":
        start_response("413 Content Too Large", [("Content-Length", "4")])
        return [b"much"]
    if path == "/slow":
        time.sleep(60)  # until it is killed
    if path == "/nothing":
        start_response("304 Not Modified", [("ETag", "a")])
        return []
    if path == "/endless":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iter(lambda: b"more" * 5_000, b"")
    headers = {{k: v for k, v in environ.items() if k.startswith("HTTP_")}}
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    told = {{name: environ.get(name, "") for name in {WRITTEN!r}}}
    told["CONTENT_LENGTH"] = str(int(told["CONTENT_LENGTH"] or 0))
    start_response("201 Created", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"),
                                   ("Set-Cookie", "b=2"), ("X-Is", "\\xe9")])
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [repr((sorted(headers.items()), sorted(told.items()), body)).encode()]

application = as_passed_on(echo)
'''


@pytest.fixture(name="elsewhere", scope="module")
def a_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """Run gunicorn's threads with the application above, as those of the pages."""
    folder = tmp_path_factory.mktemp("elsewhere")
    with listening_in(folder) as pages:
        yield pages


@contextmanager
def listening_in(folder: Path) -> Iterator[Elsewhere]:
    (folder / "echo.py").write_text(ECHO)
    place = Path("/tmp") / f"lt-{os.getpid()}-{time.monotonic_ns()}"
    options = ["-k", "gthread", "--threads", "4", "--bind", f"unix:{place}", "--log-level", "error"]
    options += ["--limit-request-line", "0", "--limit-request-field_size", "0"]
    gunicorn = [sys.executable, "-m", "gunicorn", *options, "echo:application"]
    process = subprocess.Popen(gunicorn, cwd=folder)
    try:
        yield Elsewhere(place)
    finally:
        process.terminate()
        process.wait(30)
        place.unlink(missing_ok=True)


def echo(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Do the same in this process."""
    found: dict[str, object] = {}
    exec(ECHO, found)  # noqa: S102 - the text above
    answer: Iterable[bytes] = found["echo"](environ, start_response)  # type: ignore[operator]
    return answer


def behind(pages: Pages, read_seconds: float = 30) -> "ASGIApp":
    queue = Queue(pages, 1, read_seconds=read_seconds)

    async def answer(scope: "Scope", receive: "Receive", send: "Send") -> None:
        assert scope["type"] == "http"
        body = b""
        if scope["method"] == "POST":
            message = await receive()
            assert message["type"] == "http.request"
            body = message["body"]
        if scope["path"] == "/card":
            scope["extensions"] = {CARD: {}}
        await queue.answer(scope, body, receive, send)

    return answer


def ask(pages: Pages, **asked: object) -> Client:
    client = Client(**asked)  # type: ignore[arg-type]
    return asyncio.run(client.ask(behind(pages)))


NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,12}", fullmatch=True).filter(
    # Those of a connection, and what servers set themselves.
    lambda name: name not in {"connection", "host", "expect", "te", "trailer", "upgrade"}
)
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"))


@settings(deadline=None, max_examples=60)
@given(
    method=st.sampled_from(["GET", "POST", "HEAD"]),
    path=st.text(st.characters(exclude_categories=["Cs"])).map(lambda text: f"/{text}"),
    query=st.lists(st.integers(0x21, 0xFF).filter(lambda byte: byte not in b"#\x7f")).map(bytes),
    headers=st.dictionaries(NAMES, VALUES, max_size=4),
    body=st.binary(max_size=50),
    peer=st.sampled_from([None, ("203.0.113.9", 1), ("2001:db8::1", 1)]),
)
def test_a_page_is_told_the_same_as_in_a_thread(
    elsewhere: Elsewhere,
    method: str,
    path: str,
    query: bytes,
    headers: dict[str, str],
    body: bytes,
    peer: tuple[str, int] | None,
) -> None:
    """Method, path, query, headers, body, address; and its answer arrives the same."""
    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    sent.append((b"host", b"go.example"))
    pieces = [body] if method == "POST" else []
    if pieces:
        sent.append((b"content-length", b"%d" % len(body)))
    asked = {"method": method, "path": path, "query": query, "headers": sent, "peer": peer}
    here = ask(Threads(echo, 1), **asked, pieces=pieces)
    there = ask(elsewhere, **asked, pieces=pieces)
    assert (there.status, there.body) == (here.status, here.body)
    assert there.answered == here.answered


@pytest.mark.parametrize("path", ["//host/path", "/card", "/nothing", "/ä?ö", "/%2F", "/a b"])
def test_odd_addresses_are_the_same_too(elsewhere: Elsewhere, path: str) -> None:
    """Two slashes are no host; the lane's mark of a card arrives; 304 has no body."""
    headers = [(b"host", b"go.example")]
    here = ask(Threads(echo, 1), path=path, headers=headers)
    there = ask(elsewhere, path=path, headers=headers)
    assert (there.status, there.body) == (here.status, here.body)


def test_nobody_outside_can_say_what_only_we_say(elsewhere: Elsewhere) -> None:
    """Neither whose address it is, nor what the lane has found out."""
    forged = [(CLIENT.encode(), b"127.0.0.1"), (MARKS.encode(), CARD.encode())]
    told = ask(elsewhere, headers=[*forged, (b"host", b"a")], peer=("203.0.113.9", 1)).body
    assert b"127.0.0.1" not in told
    assert f"('{CARD}', '')".encode() in told


def test_a_client_of_http_1_0_names_no_host(elsewhere: Elsewhere) -> None:
    """Then a page is told of none, and not of an empty one."""
    assert b"HTTP_HOST" not in ask(elsewhere).body


def test_what_http_forbids_is_refused(elsewhere: Elsewhere) -> None:
    """Two hosts in one request: others might take the other one (RFC 9112 3.2)."""
    with pytest.raises(Refused) as refused:
        ask(elsewhere, headers=[(b"host", b"a.example"), (b"host", b"b.example")])
    assert refused.value.status == 400


@pytest.mark.parametrize("announced", [2_000_000, 9_000_000])
def test_an_answer_before_the_body_is_read_arrives(elsewhere: Elsewhere, announced: int) -> None:
    """Of a body of 2 MB, and of one whose length alone was too much."""
    length = [(b"host", b"a"), (b"content-length", b"%d" % announced)]
    pieces = [b"a" * announced if announced < 9_000_000 else b""]
    for _ in range(20):
        told = ask(elsewhere, method="POST", path="/unread", headers=length, pieces=pieces)
        assert (told.status, told.body) == (413, b"much")


def test_whoever_does_not_read_or_goes_away_keeps_no_page(elsewhere: Elsewhere) -> None:
    """The page is told so by its connection, and others are answered."""

    async def leave() -> Client:
        application = behind(elsewhere, read_seconds=0.3)
        await Client(path="/endless", reads=2).ask(application)
        leaving = Client(path="/endless")
        task = asyncio.create_task(leaving.ask(application))
        async with asyncio.timeout(10):
            while not leaving.body:
                await asyncio.sleep(0.01)  # until it has begun to answer
        leaving.gone.set()
        await task
        return await Client(path="/next").ask(application)

    assert asyncio.run(leave()).status == 201


def test_a_page_that_is_killed_is_said_to_have_broken_off(tmp_path: Path) -> None:
    """Nothing of an answer came: whoever asked can be told so."""

    async def kill(pages: Elsewhere) -> None:
        task = asyncio.create_task(Client(path="/slow").ask(behind(pages)))
        me = psutil.Process()
        async with asyncio.timeout(60):
            while not (found := _waiting_for(pages, me)):
                await asyncio.sleep(0.05)  # until it has been asked
        for worker in found:
            worker.kill()
        with pytest.raises(Unanswered):
            await task
        assert (await Client(path="/next").ask(behind(pages))).status == 201

    with listening_in(tmp_path) as pages:
        asyncio.run(kill(pages))


def _waiting_for(pages: Elsewhere, me: psutil.Process) -> list[psutil.Process]:
    """Return gunicorn's workers that have a connection of ours, beside what they listen at."""
    masters = [one for one in me.children() if str(pages.place) in " ".join(one.cmdline())]
    return [
        worker
        for master in masters
        for worker in master.children()
        if len(worker.net_connections("unix")) > 1
    ]


def test_while_nobody_listens_it_is_said_soon(tmp_path: Path) -> None:
    """After the time in which the process could have been started."""
    pages = Elsewhere(tmp_path / "nobody", connect_seconds=0.2)
    with pytest.raises(Unanswered):
        ask(pages)


@pytest.mark.slow
def test_redirects_go_on_while_the_pages_are_killed(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """The master starts them again, and they end when it is killed itself."""
    environ = environment(tmp_path / "data", sqlite_databases())
    path = a_link(environ)
    with serving(environ, tmp_path / "log") as server:
        assert server.request(path, **BROWSER)[0] == 302
        for _ in range(2):
            for process in pages_of(server):
                process.kill()
            assert server.request(path, **BROWSER)[0] == 302
            wait_until(lambda: answers(server, "/healthz"), 60, why="pages are made again")
        pages = pages_of(server)
        (place,) = {socket_of(one) for one in pages}
        assert server.request("/nobody", **BROWSER)[0] == 404
        server.process.kill()
        assert psutil.wait_procs(pages, timeout=60)[1] == []
        assert not place.parent.exists()


@pytest.mark.slow
def test_a_folder_too_deep_for_a_socket_is_named(sqlite_databases: Maker, tmp_path: Path) -> None:
    """One sentence, which says what to do."""
    deep = tmp_path / ("deep" * 20)
    deep.mkdir()
    environ = environment(tmp_path / "data", sqlite_databases(), TMPDIR=str(deep))
    serve = [sys.executable, "-m", "linktrack", "serve", "--bind", f"127.0.0.1:{free_port()}"]
    told = subprocess.run(serve, env=environ, capture_output=True, text=True, check=False)
    assert (told.returncode, "set TMPDIR to /tmp" in told.stderr) == (1, True), told.stderr
    assert list(deep.iterdir()) == []


@pytest.mark.slow
def test_a_service_on_a_unix_socket_tells_its_pages_no_address(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """What a proxy says of its client reaches them, through both sockets."""
    environ = environment(tmp_path / "data", sqlite_databases(), LINKTRACK_BASE_URL="https://a.b")
    place = Path("/tmp") / f"lt-{os.getpid()}.sock"
    assert command(environ, "account", "add", "@a").returncode == 0
    log = (tmp_path / "log").open("wb")
    options = [sys.executable, "-m", "linktrack", "serve", "--bind", f"unix:{place}"]
    process = subprocess.Popen(options, env=environ, stdout=log, stderr=log)
    try:
        wait_until(place.exists, 60)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            client.connect(str(place))
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: a.b\r\nConnection: close\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        log.close()


def pages_of(server: Server) -> list[psutil.Process]:
    """Return the processes that make a service's pages."""
    family = psutil.Process(server.process.pid).children(recursive=True)
    return [one for one in family if "--pages" in one.cmdline()]


def socket_of(process: psutil.Process) -> Path:
    line = process.cmdline()
    return Path(line[line.index("--pages") + 1])


def answers(server: Server, path: str) -> bool:
    try:
        return server.request(path)[0] == 200
    except OSError:
        return False

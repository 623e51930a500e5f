"""Slow and silent clients of a running service: redirects go on, and they are shown the door."""

import http.client
import resource
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from databases import Maker
from proxies import proxy
from servers import Server, command, environment, free_port, serving
from services import BROWSER, a_link, loaded
from waiting import wait_until

pytestmark = pytest.mark.slow

HALF_HEAD = b"GET /abcde HTTP/1.1\r\nHost: go.example\r\nUser-Agent: slow"
HALF_BODY = (
    b"POST /owner/sign-in HTTP/1.1\r\nHost: go.example\r\nContent-Length: 1000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nname=a"
)
HALF_CHUNKED = (
    b"POST /api/v1/posts HTTP/1.1\r\nHost: go.example\r\nTransfer-Encoding: chunked\r\n"
    b'Content-Type: application/json\r\n\r\n5\r\n{"tex\r\n'
)

ASKED = b"GET /api/v1/export/clicks HTTP/1.1\r\nHost: go.example\r\n\r\n"

SERVERS = ("gunicorn", "granian")
MANY = 4_096


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process, which may have files of other tests open, open a thousand more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < MANY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (MANY if hard < 0 else min(MANY, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def behind_caddy(server: Server, folder: Path) -> Iterator[int]:
    """Run Caddy as the guide says, but for the certificate; yield its port."""
    port = free_port()
    file = folder / "Caddyfile"
    file.write_text(
        "{\n admin off\n auto_https off\n}\n"
        f"http://127.0.0.1:{port} {{\n reverse_proxy 127.0.0.1:{server.port}\n}}\n"
    )
    with proxy(["caddy", "run", "--adapter", "caddyfile", "--config", str(file)], port, folder):
        yield port


@contextmanager
def behind_nginx(server: Server, folder: Path) -> Iterator[int]:
    """Run nginx as the guide says, but for the certificate; yield its port."""
    port = free_port()
    folder.chmod(0o755)
    paths = "".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"""daemon off; pid {folder}/nginx.pid; user root;
        events {{ worker_connections 2000; }}
        http {{ access_log off; {paths}
          server {{ listen 127.0.0.1:{port};
            location / {{ proxy_pass http://127.0.0.1:{server.port};
              proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; }} }} }}
        """
    )
    with proxy(["nginx", "-c", str(file), "-e", str(folder / "error.log")], port, folder):
        yield port


def connections(stack: ExitStack, port: int, number: int, said: bytes = b"") -> list[socket.socket]:
    """Open connections that say no more than this."""
    opened = []
    for _ in range(number):
        one = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        one.sendall(said)
        opened.append(one)
    return opened


def clicks(port: int, path: str, number: int) -> int:
    """Click on new connections, each with a time limit; return how many were redirected."""
    headers = {name.replace("_", "-"): text for name, text in BROWSER.items()}
    redirected = 0
    for _ in range(number):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path, headers=headers)
        redirected += connection.getresponse().status == 302
        connection.close()
    return redirected


@pytest.mark.usefixtures("many_files")
@pytest.mark.parametrize("kind", SERVERS)
def test_half_sent_requests_and_idle_connections_stop_no_redirect(
    sqlite_databases: Maker, tmp_path: Path, kind: str
) -> None:
    """200 half-sent ones, heads and bodies, beside 500 that say nothing."""
    environ = environment(tmp_path / "data", sqlite_databases())
    path = a_link(environ)
    with ExitStack() as stack, serving(environ, tmp_path / "log", "--server", kind) as server:
        assert clicks(server.port, path, 10) == 10
        for said in (HALF_HEAD, HALF_BODY, HALF_CHUNKED):
            connections(stack, server.port, 67, said)
        connections(stack, server.port, 500)
        assert clicks(server.port, path, 100) == 100
        assert loaded(environ) == 110


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("guide", [behind_caddy, behind_nginx])
def test_half_sent_bodies_through_the_guides_proxies_stop_no_redirect(
    sqlite_databases: Maker, tmp_path: Path, kind: str, guide: object
) -> None:
    """Caddy passes bodies on as they come; nginx waits for them, and for heads."""
    assert callable(guide)
    environ = environment(tmp_path / "data", sqlite_databases())
    path = a_link(environ)
    with ExitStack() as stack, serving(environ, tmp_path / "log", "--server", kind) as server:
        port = stack.enter_context(guide(server, tmp_path))
        connections(stack, port, 40, HALF_BODY)
        connections(stack, port, 40, HALF_CHUNKED)
        connections(stack, port, 40, HALF_HEAD)
        assert clicks(port, path, 50) == 50
        assert loaded(environ) == 50


def test_whoever_does_not_get_on_is_told_so_and_closed(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """408 in words for half a head and half a body; silence ends a connection without a word."""
    environ = environment(tmp_path / "data", sqlite_databases())
    a_link(environ)
    with ExitStack() as stack, serving(environ, tmp_path / "log") as server:
        (head,) = connections(stack, server.port, 1, HALF_HEAD)
        (body,) = connections(stack, server.port, 1, HALF_BODY)
        (chunked,) = connections(stack, server.port, 1, HALF_CHUNKED)
        (silent,) = connections(stack, server.port, 1)
        for one in (head, body, chunked):
            one.settimeout(30)
            said = b""
            with suppress(ConnectionResetError):
                while piece := one.recv(10_000):
                    said += piece
            assert said.startswith(b"HTTP/1.1 408 ")
            assert b"came too slowly" in said
        silent.settimeout(30)
        assert silent.recv(100) == b""


def test_bodies_and_heads_have_a_size(sqlite_databases: Maker, tmp_path: Path) -> None:
    """413 for a body of more than 2 MB, in words too; 431 for headers, 414 for an address."""
    environ = environment(tmp_path / "data", sqlite_databases())
    a_link(environ)
    made = command(environ, "token", "create", "test", "--scope", "write")
    token = made.stdout.split()[-1].encode() if made.returncode == 0 else b""
    asked = (
        b"POST /api/v1/posts HTTP/1.1\r\nHost: go.example\r\nAuthorization: Bearer "
        + token
        + b"\r\nContent-Type: application/json\r\n%s\r\n\r\n"
    )
    with ExitStack() as stack, serving(environ, tmp_path / "log") as server:
        for said, status in (
            (asked % b"Content-Length: 3000000" + b" " * 3_000_000, b"413"),
            (
                asked % b"Transfer-Encoding: chunked"
                + (b"10000\r\n" + b" " * 0x10000 + b"\r\n") * 48
                + b"0\r\n\r\n",
                b"413",
            ),
            (b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"a" * 9_000 + b"\r\n\r\n", b"431"),
            (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"414"),
            (
                b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n",
                b"400",
            ),
        ):
            (one,) = connections(stack, server.port, 1, said)
            assert one.recv(100).split()[1] == status
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_http_2_is_refused_since_it_has_no_deadlines(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Under granian, which would keep a silent connection of that kind open for ever."""
    environ = environment(tmp_path / "data", sqlite_databases())
    a_link(environ)
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
    with ExitStack() as stack, serving(environ, tmp_path / "log", "--server", "granian") as server:
        (one,) = connections(stack, server.port, 1, preface)
        heard = b""
        with suppress(ConnectionResetError):
            while piece := one.recv(10_000):
                heard += piece
    assert heard == b"" or heard.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "said", [b"", HALF_BODY, ASKED, b"GET /owner/ HTTP/1.1\r\nHost: a\r\n\r\n"]
)
def test_no_connection_stops_redirects_where_few_files_may_be_open(
    sqlite_databases: Maker, tmp_path: Path, said: bytes
) -> None:
    """Of a worker of 64 files: silent ones make room, then half-sent bodies, then pages.

    300 half-sent bodies were none of the silent ones, and stopped every redirect for a minute.
    """
    environ = environment(tmp_path / "data", sqlite_databases())
    path = a_link(environ)
    few = ["prlimit", "--nofile=64:64"]
    if not shutil.which(few[0]):
        pytest.skip("prlimit is Linux's")
    with ExitStack() as stack, serving(environ, tmp_path / "log", before=few) as server:
        connections(stack, server.port, 300, said)
        assert clicks(server.port, path, 50) == 50
        assert server.request("/owner/sign-in")[0] == 200
        assert "64" in command({**environ, "LINKTRACK_BASE_URL": server.base_url}, "doctor").stdout
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_told_to_end_it_waits_for_no_silent_connection(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Kept alive, half-sent or idle: SIGTERM ends the service in seconds, after the last click."""
    environ = environment(tmp_path / "data", sqlite_databases())
    path = a_link(environ)
    with ExitStack() as stack, serving(environ, tmp_path / "log") as server:
        connections(stack, server.port, 20)
        connections(stack, server.port, 20, HALF_HEAD)
        kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        kept.request("GET", path)
        assert kept.getresponse().status == 302
        assert server.stop() == 0
        kept.close()
    assert "Forcing close" not in (tmp_path / "log").read_text()
    assert loaded(environ) == 1


@pytest.mark.alone  # within the second that first requests have
def test_told_to_end_it_answers_first_requests_on_their_way(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Whoever has just connected when workers are replaced is redirected, not cut off."""
    environ = environment(tmp_path / "data", sqlite_databases())
    path = a_link(environ)
    with ExitStack() as stack, serving(environ, tmp_path / "log", "--workers", "1") as server:
        fresh = connections(stack, server.port, 20)
        (kept,) = connections(
            stack, server.port, 1, f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        )
        assert kept.recv(10_000).startswith(b"HTTP/1.1 302 ")
        server.process.terminate()
        assert kept.recv(10_000) == b""  # it has begun to end
        for one in fresh:
            one.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert [one.recv(12) for one in fresh] == [b"HTTP/1.1 302"] * 20
        assert server.stop() == 0
    assert loaded(environ) == 21


def test_told_to_end_it_cuts_off_who_is_slow_before_it_is_killed(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """SIGHUP beside a body that drips: the old worker ends by itself, and its journal is done."""
    environ = environment(tmp_path / "data", sqlite_databases())
    path = a_link(environ)
    with ExitStack() as stack, serving(environ, tmp_path / "log", "--workers", "1") as server:
        (slow,) = connections(stack, server.port, 1, HALF_BODY)
        assert clicks(server.port, path, 1) == 1
        server.process.send_signal(signal.SIGHUP)

        def cut_off() -> bool:
            try:
                slow.sendall(b"a")
            except OSError:
                return True
            return False

        wait_until(cut_off, 60, every=1, why="the slow one is cut off")
        assert clicks(server.port, path, 1) == 1
        assert server.stop() == 0
    assert "TIMEOUT" not in (tmp_path / "log").read_text()

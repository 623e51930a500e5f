"""Requests as no browser sends them, over TCP and a Unix socket: no failure, nobody held up."""

import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from servers import END_SECONDS, command, environment, free_port
from waiting import wait_until

WHOLE: Final = b"Host: go.example\r\nConnection: close\r\n"
SIGN_IN: Final = b"POST /owner/sign-in HTTP/1.1"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"
MULTIPART: Final = b"Content-Type: multipart/form-data; boundary=\r\n"
REQUESTS: Final = (
    *(
        line + b"\r\n" + heads + b"\r\n" + body
    for line, heads, body in (
        (b"GET /healthz HTTP/1.1", WHOLE, b""),
        (b"GET /../../etc/passwd HTTP/1.1", WHOLE, b""),
        (b"GET /static/..%2f..%2fsettings.env HTTP/1.1", WHOLE, b""),
        (b"GET /static/%2e%2e/%2e%2e/keys.json HTTP/1.1", WHOLE, b""),
        (b"GET //evil.example/%2f.. HTTP/1.1", WHOLE, b""),
        (b"GET http://evil.example/owner/ HTTP/1.1", WHOLE, b""),
        (b"GET /%00 HTTP/1.1", WHOLE, b""),
        (b"GET /%ff%fe HTTP/1.1", WHOLE, b""),
        (b"GET /\xff\xfe\x00 HTTP/1.1", WHOLE, b""),
        (b"GET /a b c HTTP/1.1", WHOLE, b""),
        (b"GET / HTTP/9.9", WHOLE, b""),
        (b"GET /", b"", b""),
        (b"PRI * HTTP/2.0", b"", b"SM\r\n\r\n"),
        (b"OPTIONS * HTTP/1.1", WHOLE, b""),
        (b"CONNECT evil.example:443 HTTP/1.1", WHOLE, b""),
        (b"TRACE / HTTP/1.1", WHOLE, b""),
        (b"get / HTTP/1.1", WHOLE, b""),
        (b"G\x00T / HTTP/1.1", WHOLE, b""),
        (b"A" * 9_000 + b" / HTTP/1.1", WHOLE, b""),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1", WHOLE, b""),
        (b"GET / HTTP/1.1", b"Connection: close\r\n", b""),
        (b"GET / HTTP/1.1", WHOLE + b"Host: evil.example\r\n", b""),
        (b"GET / HTTP/1.1", b"Host: evil.example\r\nConnection: close\r\n", b""),
        (b"GET / HTTP/1.1", b"Host: \x00\r\nConnection: close\r\n", b""),
        (b"GET / HTTP/1.1", b"Host: [::1\r\nConnection: close\r\n", b""),
        (b"GET / HTTP/1.1", WHOLE + b"X: " + b"a" * 70_000 + b"\r\n", b""),
        (b"GET / HTTP/1.1", WHOLE + b"X: a\r\n" * 2_000, b""),
        (b"GET / HTTP/1.1", WHOLE + b"X : a\r\n", b""),
        (b"GET / HTTP/1.1", WHOLE + b" folded\r\n", b""),
        (b"GET / HTTP/1.1", WHOLE + b"X: a\rb\r\n", b""),
        (b"GET / HTTP/1.1", WHOLE + b"SCRIPT_NAME: /x\r\nScript-Name: /x\r\n", b""),
        (b"GET /owner/ HTTP/1.1", WHOLE + b"Cookie: linktrack=" + b"a" * 5_000 + b"\r\n", b""),
        (b"GET /owner/ HTTP/1.1", WHOLE + b"Cookie: linktrack=\xff\x00;;;=\r\n", b""),
        (b"GET / HTTP/1.1", WHOLE + b"X-Forwarded-For: \x00, ::1%eth0, 1e9\r\n", b""),
        (b"GET / HTTP/1.1", WHOLE + b"Accept-Language: " + b"a-" * 9_000 + b"\r\n", b""),
        (b"GET / HTTP/1.1", WHOLE + b"Range: bytes=0-,-1,1-0\r\n", b""),
        (b"GET / HTTP/1.1", WHOLE + b"If-None-Match: " + b'"a",' * 3_000 + b"\r\n", b""),
        (SIGN_IN, WHOLE + b"Content-Length: -1\r\n", b""),
        (SIGN_IN, WHOLE + b"Content-Length: 1e3\r\n", b""),
        (SIGN_IN, WHOLE + b"Content-Length: 5\r\nContent-Length: 6\r\n", b"a=b&c="),
        (SIGN_IN, WHOLE + b"Content-Length: 4\r\n" + CHUNKED, b"0\r\n\r\n"),
        (SIGN_IN, WHOLE + b"Transfer-Encoding: chunked, gzip\r\n", b"0\r\n\r\n"),
        (SIGN_IN, WHOLE + CHUNKED, b"ZZ\r\n\r\n"),
        (SIGN_IN, WHOLE + CHUNKED, b"FFFFFFFFFFFFFFFFF\r\n"),
        (SIGN_IN, WHOLE + b"Content-Length: 99999999999999\r\n", b""),
        (SIGN_IN, WHOLE + MULTIPART + b"Content-Length: 2\r\n", b"--"),
        (b"POST /api/v1/posts HTTP/1.1", WHOLE + b"Content-Length: 4\r\n", b"\xff\xfe{["),
        (b"POST /join/x HTTP/1.1", WHOLE + b"Content-Length: 3\r\n", b"a=\x00"),
        (b"HEAD /owner/sign-in HTTP/1.1", WHOLE, b""),
        (b"GET /healthz HTTP/1.0", b"", b""),
    )),
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,  # TLS
    b"\x00" * 4_000,
    b"\r\n" * 2_000,
    b"SSH-2.0-OpenSSH_9\r\n",
    b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n" * 50,
)  # fmt: skip
"""What is sent at once, by somebody who goes away after a second without a word."""

Connect = Callable[[], socket.socket]


@pytest.fixture(scope="module", params=["tcp", "unix"])
def connect(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Connect, Path]]:
    """What connects to a service, and its log; it has the link /known."""
    folder = tmp_path_factory.mktemp("raw")
    environ = environment(folder / "data", f"sqlite:///{folder}/own.db")
    for arguments in (
        ("account", "add", "@J", "--network", "x"),
        ("link", "add", "@J", "https://a.org/", "--slug", "known"),
    ):
        assert command(environ, *arguments).returncode == 0
    port, path = free_port(), folder / "own.sock"
    bind = f"127.0.0.1:{port}" if request.param == "tcp" else f"unix:{path}"

    def opened() -> socket.socket:
        kind = socket.AF_INET if request.param == "tcp" else socket.AF_UNIX
        one = socket.socket(kind, socket.SOCK_STREAM)
        try:
            one.connect(("127.0.0.1", port) if request.param == "tcp" else str(path))
        except OSError:
            one.close()
            raise
        return one

    log = folder / "log"
    with log.open("wb") as file:
        service = subprocess.Popen(
            [sys.executable, "-m", "linktrack", "serve", "--bind", bind],
            env=dict(environ), stdout=file, stderr=file,
        )  # fmt: skip
    try:
        wait_until(lambda: b"302" in answers(opened, KNOWN)[:20], 60, why="it redirects")
        yield opened, log
    finally:
        service.terminate()
        service.wait(END_SECONDS)


KNOWN: Final = b"GET /known HTTP/1.1\r\nHost: go.example\r\nConnection: close\r\n\r\n"


def answers(connect: Connect, sent: bytes, patience: float = 20) -> bytes:
    """Send something, and return all that comes back until the server closes, or we do."""
    found = b""
    try:
        with connect() as one:
            one.settimeout(patience)
            one.sendall(sent)
            while block := one.recv(65_536):
                found += block
    except OSError:
        pass  # it waits for more, is not there yet, or has closed before we had sent all
    return found


@pytest.mark.slow
def test_no_raw_request_is_a_failure_of_ours_or_holds_a_redirect_up(
    connect: tuple[Connect, Path],
) -> None:
    """Each is answered in words, or its connection is closed; then the next one is redirected."""
    opened, log = connect
    failures: list[tuple[bytes, object]] = []
    for sent in REQUESTS:
        said = answers(opened, sent, patience=1)
        statuses = [int(each) for each in re.findall(rb"^HTTP/1\.[01] (\d{3})", said, re.MULTILINE)]
        failures += [(sent[:100], status) for status in statuses if status >= 500 and status != 501]
        assert b"Traceback" not in said
        known = answers(opened, KNOWN)
        if not known.startswith(b"HTTP/1.1 302") or b"https://a.org/" not in known:
            failures.append((sent[:100], known[:100]))
    assert failures == []
    assert "Traceback" not in log.read_text()

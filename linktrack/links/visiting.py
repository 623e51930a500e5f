"""Visit an address as a polite stranger: does it answer, what does it say? Never a private one.

Redirects are followed a few times, each with the same care. The address that was checked is the
one that is connected to, so that a name cannot lead elsewhere between the two.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Timer
from typing import Final
from urllib.parse import urljoin, urlsplit

import ada_url

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

SECONDS: Final = 10.0
MOST_REDIRECTS: Final = 5
DEAD: Final = {404: "Not found", 410: "Gone", 451: "Withheld for legal reasons"}
FAILURES: Final = (OSError, http.client.HTTPException, UnicodeError, ValueError)
"""What a connection to anybody may raise."""

_TOO_MANY: Final = f"It redirects more than {MOST_REDIRECTS} times."
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_HOUSES: Final = tuple(map(ipaddress.ip_network, ("::/96", "64:ff9b:1::/48", "fec0::/10")))
"""Ranges that lead within a house, or carry any address inside, and that Python calls global: IPv4
written as IPv6 (RFC 4291), NAT64 of one's own (RFC 8215), site-local (RFC 3879)."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visit found: `problem` is a sentence, or None where somebody may read the page.

    `is_refused` says that nothing was asked, since the address is private.
    """

    problem: str | None
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """What stood at an address in the end: `address` is that of the last redirect.

    `kind` is the whole Content-Type header; `body` is cut where it was longer than asked for.
    """

    address: str
    kind: str
    body: bytes


class UnreadableError(Exception):
    """Nothing could be read; the message is a sentence for people."""


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet, also the one that it may carry inside."""
    if isinstance(address, ipaddress.IPv6Address):
        inside = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            inside.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if any(part is not None and not is_public(part) for part in inside):
            return False
        if any(address in house for house in _HOUSES):
            return False
    return address.is_global and not address.is_multicast


def read(
    destination: str,
    agent: str,
    accept: str,
    most: int,
    allowed: Callable[[Address], bool] = is_public,
) -> Content:
    """Return what stands at an address, at most `most` bytes and after at most 10 seconds.

    Raises `UnreadableError`, whatever the far side does.
    """
    address, end = destination, time.monotonic() + SECONDS
    for _ in range(MOST_REDIRECTS + 1):
        try:
            answer = _ask(
                "GET", address, agent, allowed, end - time.monotonic(), accept=accept, most=most
            )
            if answer.location:
                address = _next(address, answer.location)
                continue
        except _PrivateError:
            raise UnreadableError("It is not on the public internet, so it is not read.") from None
        except FAILURES as error:
            raise UnreadableError(_sentence(error)) from error
        if answer.status >= 400:
            raise UnreadableError(f"Its server answers programs with an error ({answer.status}).")
        return Content(address, answer.kind, answer.body)
    raise UnreadableError(_TOO_MANY)


def visit(destination: str, agent: str, allowed: Callable[[Address], bool] = is_public) -> Visit:
    """Return whether a page stands at an address. Never raises for what the far side does.

    HEAD first, GET where that is refused. A refusal of programs (401, 403, 405, 429, 999 …) is an
    answer: people may well get in.
    """
    address = destination
    for _ in range(MOST_REDIRECTS + 1):
        try:
            answer = _ask("HEAD", address, agent, allowed, SECONDS)
            if answer.status >= 400:
                answer = _ask("GET", address, agent, allowed, SECONDS)
            if answer.location:
                address = _next(address, answer.location)
                continue
        except _PrivateError:
            return Visit(None, is_refused=True)
        except FAILURES as error:
            return Visit(_sentence(error))
        return Visit(_problem(answer.status))
    return Visit(_TOO_MANY)


def _next(address: str, location: str) -> str:
    """Return where a redirect leads, as browsers read it; raises `ValueError` where nowhere."""
    sent = location.encode("latin-1").decode("utf-8", "replace")  # headers are read as Latin-1
    led: str = ada_url.URL(urljoin(address, sent)).href
    return led


def _sentence(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "It does not answer within 10 seconds."
    if isinstance(error, socket.gaierror):
        return "Its site does not exist: the name is not known."
    if isinstance(error, ssl.SSLCertVerificationError):
        return "Its certificate is not valid: browsers warn of it."
    return "It cannot be reached."


def _problem(status: int) -> str | None:
    if status in DEAD:
        return f"{DEAD[status]} ({status})."
    return f"Its server fails ({status})." if 500 <= status < 600 else None


class _PrivateError(Exception):
    """The address is not on the public internet."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer; `location` is where a redirect leads, None where it is none."""

    status: int
    location: str | None
    kind: str
    body: bytes


def _ask(
    method: str,
    address: str,
    agent: str,
    allowed: Callable[[Address], bool],
    seconds: float,
    accept: str = "*/*",
    most: int = 0,
) -> _Answer:
    """Send one request and read `most` bytes of the body; all of it takes at most `seconds`."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _PrivateError
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    end = time.monotonic() + seconds
    pinned = _resolve(parts.hostname, port, allowed)
    connection = http.client.HTTPConnection(parts.hostname, port)
    sock = socket.create_connection((str(pinned), port), timeout=max(end - time.monotonic(), 0.1))
    try:
        with _cut_off_after(sock, end - time.monotonic()):
            if secure:
                context = ssl.create_default_context()
                sock = context.wrap_socket(sock, server_hostname=parts.hostname)
            connection.sock = sock
            path = parts.path or "/"
            connection.request(
                method,
                f"{path}?{parts.query}" if parts.query else path,
                headers={
                    "User-Agent": agent,
                    "Accept": accept,
                    "Host": parts.netloc.rpartition("@")[2],
                },
            )
            response = connection.getresponse()
            is_redirect = response.status in (301, 302, 303, 307, 308)
            return _Answer(
                response.status,
                response.getheader("Location") if is_redirect else None,
                response.getheader("Content-Type", ""),
                response.read(most) if most and not is_redirect else b"",
            )
    finally:
        connection.close()
        sock.close()


@contextmanager
def _cut_off_after(sock: socket.socket, seconds: float) -> Iterator[None]:
    """Raise `TimeoutError` where what is done with a connection takes longer.

    A socket's own limit holds for each read: a server that sends a byte now and then would keep us
    for hours.
    """
    ears = sock.dup()  # TLS takes the socket itself over
    late = []

    def cut() -> None:
        late.append(True)
        with suppress(OSError):  # the far side has just ended it
            ears.shutdown(socket.SHUT_RDWR)

    timer = Timer(max(seconds, 0.1), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except FAILURES:
        if not late:
            raise
    finally:
        timer.cancel()
        timer.join()
        ears.close()
    if late:
        raise TimeoutError


def _resolve(host: str, port: int, allowed: Callable[[Address], bool]) -> Address:
    """Return one address of a host; raises where any of them is private."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not all(map(allowed, addresses)):
        raise _PrivateError
    return addresses[0]

"""Resolve a host once, and check every address it has."""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from threading import Thread

import certifi

from linktrack.outside.addresses import Address, Judge, is_public
from linktrack.outside.errors import NotPublic

Lookup = Callable[[str, int], Sequence[str]]
"""Returns the addresses that the name of a host stands for; raises `OSError` where it has none."""


def look_up(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host, in the order in which to try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def trusting() -> ssl.SSLContext:
    """Return how servers are known: by the machine's certificates, and by Mozilla's."""
    context = ssl.create_default_context()
    # Python on a Mac knows none of the machine's.
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may be asked, and how hosts are found and known.

    `named` is the host of a server that somebody has set on purpose: it alone may be private,
    whatever `allowed` says of its addresses.
    """

    allowed: Judge = is_public
    named: str | None = None
    lookup: Lookup = look_up
    tls: Callable[[], ssl.SSLContext] = trusting


def find(host: str, port: int, guard: Guard, seconds: float) -> tuple[Address, ...]:
    """Return the addresses of a host, looked up once; those and no others are connected to.

    Raises `NotPublic` if any of them is not allowed, `OSError` if it has none, and
    `TimeoutError`.
    """
    found = _in_time(lambda: guard.lookup(host, port), seconds)
    addresses = tuple(ipaddress.ip_address(one.partition("%")[0]) for one in found)
    if not addresses:
        raise socket.gaierror(socket.EAI_NONAME, "it has no address")
    if host != guard.named:
        for address in addresses:
            if not guard.allowed(address):
                raise NotPublic(host, address)
    return addresses


def _in_time(task: Callable[[], Sequence[str]], seconds: float) -> Sequence[str]:
    """Do without an answer that does not come in time: a look-up itself knows no limit."""
    result: Future[Sequence[str]] = Future()

    def run() -> None:
        try:
            result.set_result(task())
        except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
            result.set_exception(error)

    Thread(target=run, name="look-up", daemon=True).start()
    return result.result(seconds)

"""Visit an address as a polite stranger: does it still answer? Private networks are never asked.

HEAD first, GET where that is refused; redirects are followed a few times, each with the same care.
The address that was checked is the one that is connected to, so that a name cannot lead elsewhere
between the two.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

SECONDS: Final = 10.0
MOST_REDIRECTS: Final = 5
DEAD: Final = {404: "Not found", 410: "Gone", 451: "Withheld for legal reasons"}
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visit found: `problem` is a sentence, or None where somebody may read the page.

    `is_refused` says that nothing was asked, since the address is private.
    """

    problem: str | None
    is_refused: bool = False


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet, also the one that it may carry inside."""
    if isinstance(address, ipaddress.IPv6Address):
        inside = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            inside.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if any(part is not None and not is_public(part) for part in inside):
            return False
    return address.is_global and not address.is_multicast


def visit(destination: str, agent: str, allowed: Callable[[Address], bool] = is_public) -> Visit:
    """Return whether a page stands at an address. Never raises for what the far side does.

    A refusal of programs (401, 403, 405, 429, 999 …) is an answer: people may well get in.
    """
    address = destination
    for _ in range(MOST_REDIRECTS + 1):
        try:
            status, location = _ask("HEAD", address, agent, allowed)
            if status >= 400:
                status, location = _ask("GET", address, agent, allowed)
        except _PrivateError:
            return Visit(None, is_refused=True)
        except TimeoutError:
            return Visit("It does not answer within 10 seconds.")
        except socket.gaierror:
            return Visit("Its site does not exist: the name is not known.")
        except ssl.SSLCertVerificationError:
            return Visit("Its certificate is not valid: browsers warn of it.")
        except (OSError, http.client.HTTPException, UnicodeError, ValueError):
            return Visit("It cannot be reached.")
        if status in (301, 302, 303, 307, 308) and location:
            address = urljoin(address, location)
            continue
        return Visit(_problem(status))
    return Visit(f"It redirects more than {MOST_REDIRECTS} times.")


def _problem(status: int) -> str | None:
    if status in DEAD:
        return f"{DEAD[status]} ({status})."
    return f"Its server fails ({status})." if 500 <= status < 600 else None


class _PrivateError(Exception):
    """The address is not on the public internet."""


def _ask(
    method: str, address: str, agent: str, allowed: Callable[[Address], bool]
) -> tuple[int, str | None]:
    """Send one request and read no body; return status and Location."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _PrivateError
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    pinned = _resolve(parts.hostname, port, allowed)
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=SECONDS)
    sock = socket.create_connection((str(pinned), port), timeout=SECONDS)
    try:
        if secure:
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=parts.hostname)
        connection.sock = sock
        path = parts.path or "/"
        connection.request(
            method,
            f"{path}?{parts.query}" if parts.query else path,
            headers={"User-Agent": agent, "Accept": "*/*", "Host": parts.netloc.rpartition("@")[2]},
        )
        response = connection.getresponse()
        return response.status, response.getheader("Location")
    finally:
        connection.close()
        sock.close()


def _resolve(host: str, port: int, allowed: Callable[[Address], bool]) -> Address:
    """Return one address of a host; raises where any of them is private."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not all(map(allowed, addresses)):
        raise _PrivateError
    return addresses[0]

"""Which addresses a webhook may be sent to: the public ones, and those the owner names."""

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from linktrack.errors import Invalid
from linktrack.links.destinations import parse_destination
from linktrack.settings import Network

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64: Final = ipaddress.ip_network(
    "64:ff9b::/96"
)  # RFC 6052: an IPv4 address in its last 32 bits


@dataclass(frozen=True, slots=True)
class Place:
    """Where a webhook is sent: the name it was given, and the one address that was checked."""

    scheme: str
    host: str
    port: int
    path: str
    address: str


def check_url(written: str, allowed: tuple[Network, ...]) -> str:
    """Return a webhook's address as it is stored; raises `Invalid`.

    A name is looked up when something is sent: what it stands for then is what counts.
    """
    url = parse_destination(written.strip())
    parts = urlsplit(url)
    if parts.username or parts.password or parts.fragment:
        raise Invalid("A webhook's address has no user name and no #: take them out.")
    try:
        literal = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return url
    if not is_allowed(literal, allowed):
        raise Invalid(f"{literal} is not a public address: {REMEDY}")
    return url


REMEDY: Final = "name its network in LINKTRACK_WEBHOOK_NETWORKS if it is to be reached."


def find_place(url: str, allowed: tuple[Network, ...]) -> Place:
    """Look a webhook's host up, once; what is sent goes to the address returned and no other.

    Raises `Invalid` where any address of the host is not public, `OSError` where it has none.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        if not is_allowed(address, allowed):
            raise Invalid(f"{host} stands for {address}, which is not a public address: {REMEDY}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme, host, port, path, str(addresses[0]))


def is_allowed(address: IP, allowed: tuple[Network, ...]) -> bool:
    """Whether an address is public, also behind IPv6's ways to write an IPv4 address, or named."""
    if any(address.version == network.version and address in network for network in allowed):
        return True
    inner = _inside(address)
    if inner is not None:
        return is_allowed(inner, allowed)
    return address.is_global and not address.is_multicast


def _inside(address: IP) -> IP | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.teredo is not None:
        return ipaddress.IPv4Address(0)  # a tunnel to anywhere: never public
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour

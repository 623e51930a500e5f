"""Which addresses are public: one judgement for whatever asks a stranger's server. Pure."""

import ipaddress
from collections.abc import Callable, Iterable
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Judge = Callable[[Address], bool]
"""Says whether an address may be asked."""

_GIVEN_OUT: Final = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is routed between networks (IANA): the rest leads within a house or nowhere,
whatever the version of Python calls it. Site-local addresses, IPv4 written as IPv6 and a NAT64 of
one's own lie outside of it."""

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: IPv4 in the last 32 bits


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet; one that carries another is what that is."""
    carried = _carried(address)
    if carried is not None:
        return is_public(carried)
    if isinstance(address, ipaddress.IPv6Address) and (
        # A Teredo address is a tunnel to wherever its maker likes.
        address not in _GIVEN_OUT or address.teredo is not None
    ):
        return False
    return address.is_global and not address.is_multicast


def is_allowed(address: Address, named: Iterable[Network] = ()) -> bool:
    """Whether an address is public, or in a network that the owner has named."""
    carried = _carried(address)
    own = (address,) if carried is None else (address, carried)
    return is_public(address) or any(one in network for network in named for one in own)


def _carried(address: Address) -> Address | None:
    """Return the IPv4 address that packets to an IPv6 one end at, None if there is none."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour

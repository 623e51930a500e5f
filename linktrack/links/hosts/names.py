"""How hosts are compared. Pure."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit


def bare_host(host: str) -> str:
    """Return a host as it is compared: in small letters, without the usual ports or a last dot.

    It is as a request's Host header has it, or an address: `GO.example.:443` is `go.example`.
    """
    name, colon, port = host.lower().rpartition(":")
    if not colon or not port.isdigit():  # no port, or the end of an address of IPv6
        return host.lower().removesuffix(".")
    name = name.removesuffix(".")
    return name if port in ("80", "443") else f"{name}:{port}"


def host_of(address: str) -> str:
    """Return the host of one of our addresses, as it is compared."""
    return bare_host(urlsplit(address).netloc)


def written_host(written: str) -> str:
    """Return the host that a person wrote, alone or in an address, as it is compared."""
    _, slashes, rest = written.strip().partition("://")
    bare = rest if slashes else written.strip()
    return bare_host(bare.partition("/")[0])


def hosts_of_domains(
    domains: Iterable[tuple[str, int]], of_the_first: Iterable[str]
) -> Mapping[str, int]:
    """Return which domain answers for a host: for all others it is the first.

    `domains` are the addresses of the others, now and before. A host whose proxy leaves its port
    out is known, too, where no other address has the same name. What the first domain has is its.
    """
    first = {host_of(address) for address in of_the_first}
    found = {host_of(address): domain_id for address, domain_id in domains}
    found = {host: domain_id for host, domain_id in found.items() if host not in first}
    by_name: dict[str, set[int | None]] = {_name(host): {None} for host in first}
    for host, domain_id in found.items():
        by_name.setdefault(_name(host), set()).add(domain_id)
    for name, meant in by_name.items():
        one = meant.pop()
        if one is not None and not meant:
            found.setdefault(name, one)
    return found


def _name(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host

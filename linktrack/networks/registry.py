"""Which networks there are. A new one is a folder here, and its line in `NETWORKS`. Pure.

A record is imported when it is asked for; the names are there at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from linktrack.errors import Invalid

if TYPE_CHECKING:
    from linktrack.networks.network import Network

NetworkName: TypeAlias = Literal[
    "x",
    "bluesky",
    "mastodon",
    "other",
]
NETWORKS: Final[tuple[NetworkName, ...]] = get_args(NetworkName)
"""The names of the networks, which are those of their folders; forms list them in this order.

The record is `NETWORK` in the folder's network.py.
"""

_ADDED: Final[dict[str, "Network"]] = {}


def network_of(name: str) -> "Network":
    """Return the network of this name; raises `Invalid` if there is none."""
    if name in _ADDED:
        return _ADDED[name]
    if name not in NETWORKS:
        raise Invalid(f"{name[:40]!r} isn't a network: choose one of {', '.join(names())}.")
    return _built_in(name)


def networks() -> "tuple[Network, ...]":
    """Return all networks, in their order."""
    return (*map(_built_in, NETWORKS), *_ADDED.values())


def names() -> tuple[str, ...]:
    """Return the names of all networks, in their order."""
    return (*NETWORKS, *_ADDED)


def is_network(name: str) -> bool:
    """Whether there is a network of this name."""
    return name in names()


@contextmanager
def added(extra: "Network") -> Iterator[None]:
    """Have one more network for a while, in this process: tests try with it what a new one takes.

    Raises `ValueError` if its name is taken.
    """
    if is_network(extra.name):
        raise ValueError(f"There is a network {extra.name!r} already.")
    _ADDED[extra.name] = extra
    try:
        yield
    finally:
        del _ADDED[extra.name]


@cache
def _built_in(name: str) -> "Network":
    record: Network = import_module(f"linktrack.networks.{name}.network").NETWORK
    return record

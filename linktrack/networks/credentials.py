"""What signs an account in: which values each network asks for, and how they are kept. Pure."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, Self
from urllib.parse import urlsplit

from linktrack.errors import Invalid
from linktrack.networks.errors import SignedOut


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret an owner is asked for: `name` in forms and pipes, `label` as people read it."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What a network asks for; `where` says where its owner gets it.

    `server_hint` says which server is meant where none is named; None: there is only one.
    """

    secrets: tuple[Secret, ...]
    where: str
    server_hint: str | None = None


class Credential:
    """What signs one account in: secrets, and whose they are. Nothing that prints it shows it."""

    __slots__ = ("network", "server", "values")

    def __init__(self, network: str, server: str, values: Mapping[str, str]) -> None:
        self.network = network
        self.server = server
        self.values = dict(values)

    def __repr__(self) -> str:
        return f"Credential({self.network!r}, …)"

    def packed(self) -> str:
        """Return it as text, to be sealed."""
        return json.dumps([self.network, self.server, self.values])

    @classmethod
    def unpacked(cls, text: str) -> Self:
        """Undo `packed`."""
        return cls(*json.loads(text))


class Keeper(Protocol):
    """Whoever keeps a credential, and must know what becomes of it."""

    def renewed(self, credential: Credential) -> None:
        """Another has taken its place."""
        ...

    def refused(self, sentence: str) -> None:
        """Its network no longer accepts it, and why."""
        ...

    def taken(self) -> None:
        """Its network takes it."""
        ...


@contextmanager
def telling(keeper: Keeper) -> Iterator[None]:
    """Tell who keeps the credential whether it is taken; what went wrong is raised on."""
    try:
        yield
    except SignedOut as error:
        keeper.refused(error.sentence)
        raise
    keeper.taken()


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in that worked: whose account it is by the network's word, and what to keep."""

    network_id: str
    handle: str
    credential: Credential


def check_server(typed: str | None) -> str | None:
    """Return the address of a server set on purpose, None if none is; raises `Invalid`."""
    written = (typed or "").strip().rstrip("/")
    if not written:
        return None
    try:
        parts = urlsplit(written)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one or parts.path or parts.query or parts.fragment or parts.username:
        raise Invalid(f"{written[:60]!r} isn't a server: write it like https://pds.example.org.")
    return written


def check_typed(needs: Needs, typed: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets that were typed, without the spaces that copying adds.

    Raises `Invalid`, which never repeats them.
    """
    found = {one.name: typed.get(one.name, "").strip() for one in needs.secrets}
    for one in needs.secrets:
        value = found[one.name]
        if not value:
            raise Invalid(f"{one.label} is missing. {needs.where}")
        if not (value.isascii() and value.isprintable()) or " " in value or len(value) > 1_000:
            raise Invalid(f"{one.label} cannot be right: it has no spaces, and plain letters only.")
    return found

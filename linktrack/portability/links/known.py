"""Which links of a file are here already: an imported link is its domain and its whole path.

Where a file does not tell the domain (a dump of YOURLS, a list of codes), what tells two links of
one code apart is where they lead.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from linktrack.ids import AccountId, LinkId
from linktrack.links.bulk import find_names, led_to, names_of
from linktrack.portability.files.addresses import (
    SOURCES,
    Address,
    apart_key,
    has_domain,
    link_key,
)


class Wanted(NamedTuple):
    """A link that is looked for: its address, where it leads, and its names of earlier versions."""

    address: Address
    destination: str
    older: Sequence[str] = ()

    @property
    def key(self) -> str:
        """What it is known by, if nothing else is."""
        return link_key(self.address.key)

    @property
    def apart(self) -> str:
        """What it is known by where another link has its key and no domain tells them apart."""
        return apart_key(self.address.path, self.destination)


class Found(NamedTuple):
    """The link here that a link of a file is, or none, and the key that a new one would have."""

    link_id: LinkId | None
    key: str


class Known:
    """What is known of the links that are looked for in one batch."""

    def __init__(
        self,
        connection: Connection,
        account_id: AccountId,
        source: str,
        wanted: Iterable[Wanted],
    ) -> None:
        wanted = list(wanted)
        keys = {key for link in wanted for key in (link.key, link.apart, *link.older)}
        self._source = source
        self._names = find_names(connection, account_id, SOURCES, keys)
        ids = {link_id for by_source in self._names.values() for link_id in by_source.values()}
        self.led_to: Mapping[LinkId, set[str]] = led_to(connection, ids)
        """Where each link that was found has led."""
        # Only where a name without a domain might stand for one of another.
        vague = {
            link_id
            for link in wanted
            if link.address.domain and link.key not in self._names
            for name in link.older
            if (link_id := self._own(name)) is not None
        }
        self._named = names_of(connection, account_id, vague)

    def find(self, link: Wanted) -> Found:
        """Return the link that this one is, by its address, else by where it leads."""
        if link.address.domain:
            by_source = self._names.get(link.key)
            if by_source:
                return Found(min(by_source.values()), link.key)
        else:
            link_id = self._own(link.key)
            if link_id is not None and link.destination in self.led_to[link_id]:
                return Found(link_id, link.key)
            if link_id is not None:
                return Found(self._own(link.apart), link.apart)
        for name in link.older:
            link_id = self._own(name)
            if (
                link_id is not None
                and link.destination in self.led_to[link_id]
                and not has_domain(self._named.get(link_id, ()))
            ):
                return Found(link_id, link.key)
        return Found(None, link.key)

    def _own(self, name: str) -> LinkId | None:
        return self._names.get(name, {}).get(self._source)

"""Which link an old click is on, by the name that the link had where the click was counted."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from sqlalchemy import Connection

from linktrack.ids import AccountId, LinkId
from linktrack.links.bulk import find_by_code, find_names, led_to, names_of
from linktrack.links.catalog import Shortener
from linktrack.links.codes import CODE, is_reserved
from linktrack.portability.files.addresses import (
    SOURCES,
    Address,
    apart_key,
    has_domain,
    link_key,
    read_address,
)

MOST_REMEMBERED: Final = 200_000  # names kept in memory


class LinkName(NamedTuple):
    """What an old log says of a link: codes or paths, the likeliest first, and where it was.

    `domain` is that of the short address, `destination` where the link led: None where the log does
    not say. `is_ours` is whether the log is of this installation, so that its codes are ours.
    """

    paths: tuple[str, ...]
    domain: str | None = None
    destination: str | None = None
    is_ours: bool = False


class LinkNames:
    """The links of one account by their names: those they came with, then their codes here.

    A click on another domain is on a link that came from there, or on one of which no domain is
    known. `of` is the importer whose links a log is about; with `alone` no other's are looked at.
    """

    def __init__(
        self, shortener: Shortener, account_id: AccountId, of: str, *, alone: bool = False
    ) -> None:
        own = read_address(f"{shortener.base_url}/x")
        self._own_domain = own.domain if own else None
        self._codes = shortener.codes
        self._account_id = account_id
        self._of = of
        self._alone = alone
        self._known: dict[LinkName, LinkId | None] = {}
        self.unclear: dict[str, LinkId] = {}
        """Paths that two links may be meant by, and which of them has the clicks."""

    def __getitem__(self, name: LinkName) -> LinkId | None:
        """Return the link of a name that was learnt."""
        return self._known.get(name)

    def add(self, name: LinkName, link_id: LinkId) -> None:
        """Learn the link of a name."""
        self._known[name] = link_id

    def learn(self, connection: Connection, names: Iterable[LinkName]) -> None:
        """Find the links of these names."""
        if len(self._known) > MOST_REMEMBERED:
            self._known.clear()
        wanted = {name for name in names if self._known.get(name) is None}
        paths = {path for name in wanted for path in name.paths}
        keys = {link_key(path) for path in paths}
        if self._alone:
            found = find_names(connection, self._account_id, (self._of,), keys)
            ours = {path for name in wanted if name.is_ours for path in name.paths}
            links = dict(find_by_code(connection, self._codes, self._account_id, ours))
            links |= {path: by[self._of] for path in paths if (by := found.get(link_key(path)))}
            for name in wanted:
                links_of_paths = (links.get(path) for path in name.paths)
                self._known[name] = next(filter(None, links_of_paths), None)
            return
        keys.update(key for name in wanted for key in _exact_keys(name))
        named = find_names(connection, self._account_id, SOURCES, keys)
        codes = filter(CODE.fullmatch, paths)
        coded = find_by_code(connection, self._codes, self._account_id, codes)
        ids = {link_id for by_source in named.values() for link_id in by_source.values()}
        ids.update(coded.values())
        is_foreign = any(name.domain not in (None, self._own_domain) for name in wanted)
        is_led = any(name.destination for name in wanted)
        batch = _Batch(
            named,
            coded,
            names_of(connection, self._account_id, ids) if is_foreign else {},
            led_to(connection, ids) if is_led else {},
        )
        for name in wanted:
            links_of_paths = (self._link(name, path, batch) for path in name.paths)
            self._known[name] = next(filter(None, links_of_paths), None)

    def _link(self, name: LinkName, path: str, batch: "_Batch") -> LinkId | None:
        for key in _exact_keys(name, path):
            if by_source := batch.named.get(key):
                return min(by_source.values())
        coded = batch.coded.get(path)
        is_own = name.domain == self._own_domain
        if is_own and (coded is not None or is_reserved(path)):
            return coded
        if name.domain is None and is_reserved(path):
            return None  # a page of ours, in our own log
        by_source = batch.named.get(link_key(path), {})
        found = sorted(by_source.values())
        if self._of in by_source:
            found.insert(0, by_source[self._of])
        if coded is not None:
            found.append(coded)
        if name.domain is not None:
            found = [link for link in found if not has_domain(batch.old_names.get(link, ()))]
        if name.destination is not None:
            found = [link for link in found if name.destination in batch.led_to.get(link, ())]
        if len(set(found)) > 1 and name.domain is None and name.destination is None:
            self.unclear[path] = found[0]
        return found[0] if found else None


class _Batch(NamedTuple):
    """What the database knows of the names of one batch."""

    named: Mapping[str, Mapping[str, LinkId]]
    coded: Mapping[str, LinkId]
    old_names: Mapping[LinkId, set[str]]
    led_to: Mapping[LinkId, set[str]]


def _exact_keys(name: LinkName, path: str | None = None) -> Iterator[str]:
    """Yield what only the link itself is known by: its domain and path, or path and destination."""
    for written in name.paths if path is None else (path,):
        if name.domain is not None:
            yield link_key(Address(name.domain, written).key)
        if name.destination is not None:
            yield apart_key(written, name.destination)

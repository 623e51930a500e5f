"""Import another shortener's links into an account; keep codes that are free."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import Connection, insert, select

from linktrack.change_numbers import draw_number
from linktrack.chunks import chunked
from linktrack.db import Database, writing
from linktrack.errors import Invalid
from linktrack.ids import AccountId, LinkId
from linktrack.links.bulk import CHUNK, NewLink, OldLink, add_imported, remember
from linktrack.links.catalog import Shortener
from linktrack.links.destinations import parse_destination, parse_retired
from linktrack.links.hosts.names import bare_host
from linktrack.links.models import ImportedTotal, Link
from linktrack.links.own_addresses import own_sites, site_of
from linktrack.links.redirects.lookup import find_hosts
from linktrack.portability.clicks.importing import MOST_NAMED, BrokenLine
from linktrack.portability.files.addresses import Address, link_key
from linktrack.portability.links.fields import FoundLink
from linktrack.portability.links.known import Known, Wanted
from linktrack.portability.links.labelling import add_labels
from linktrack.portability.links.limiting import add_limits

BATCH: Final = 1_000  # links in one transaction
MOST_NOTICED: Final = 1_000  # links of which something is said
Progress: TypeAlias = Callable[[int], None]


class LinkRow(NamedTuple):
    """A row of a file: a link, or why it is broken."""

    number: int
    link: FoundLink | None = None
    broken: str | None = None


@dataclass(frozen=True, slots=True)
class LinkFormat:
    """A kind of file. `read` yields its rows; it raises `Invalid` if a file is of another."""

    name: str
    read: Callable[[Path, "Reading"], Iterator[LinkRow]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a file needs to know.

    That is how local times are read, when it is, the domain of short links where a file does not
    say it, and who watches.
    """

    parse_time: Callable[[str], datetime]
    now: datetime
    domain: str | None = None
    progress: Progress = lambda _: None


@dataclass(slots=True)
class ImportedLinks:
    """What an import did: every row is added, known or broken.

    `aliases` are further addresses of links, each a link beside them. `clicks_before` is the sum
    of the totals that new links bring. `disabled` of them do not redirect: they led elsewhere than
    to a web page, were off, or did what linktrack does not do. `codes_taken` counts those that
    could not keep their codes, `shortened` those whose address was longer than a code. `unread`
    rows came in without a date or a total that could not be read. `differing` ones say something
    else than what is stored, which stays. Only the first twenty of `broken_lines` and `taken` (old
    → new), and the first thousand `notices` (what else is to be said of single rows), are named.
    """

    rows: int = 0
    added: int = 0
    known: int = 0
    broken: int = 0
    broken_lines: list[BrokenLine] = field(default_factory=list)
    aliases: int = 0
    disabled: int = 0
    clicks_before: int = 0
    codes_taken: int = 0
    taken: list[tuple[str, str]] = field(default_factory=list)
    shortened: int = 0
    unread: int = 0
    differing: int = 0
    notices: list[BrokenLine] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether everything in the files was understood."""
        return not self.broken and not self.unread


class _Pending(NamedTuple):
    """A row that waits for its batch."""

    file: str
    row: int
    link: FoundLink
    wanted: Wanted
    disabled: bool


def import_links(
    database: Database,
    shortener: Shortener,
    account_id: AccountId,
    form: LinkFormat,
    paths: Sequence[Path],
    *,
    reading: Reading,
) -> ImportedLinks:
    """Import links, each into a post of its own; importing a file again adds only what is new.

    Their posts are unmeasured until their clicks are imported, too: a total does not say when, or
    by how many people, a link was clicked. Totals are those counted before `reading.now`. Runs in
    transactions of a thousand links. Raises `Invalid`, before anything is changed, where a file
    cannot be read or is of another kind.
    """
    for path in paths:
        next(form.read(path, Reading(reading.parse_time, reading.now)), None)
    importing = _Import(database, shortener, account_id, form.name, reading)
    for path in paths:
        for row in form.read(path, reading):
            importing.take(path.name, row)
    importing.write()
    return importing.done


class _Import:
    """One import under way."""

    def __init__(
        self,
        database: Database,
        shortener: Shortener,
        account_id: AccountId,
        source: str,
        reading: Reading,
    ) -> None:
        self.done = ImportedLinks()
        self._database = database
        self._shortener = shortener
        with database.engine.connect() as connection:
            self._own_sites = own_sites(connection, shortener.base_url)
        self._domains = find_hosts(database.engine, shortener.base_url)
        self._account_id = account_id
        self._source = source
        self._now = reading.now
        self._domain = reading.domain
        self._pending: dict[str, _Pending] = {}

    def take(self, file: str, row: LinkRow) -> None:
        """Take one row, writing whenever a batch is full."""
        self.done.rows += 1
        link = row.link
        if link is None:
            self._broken(file, row.number, row.broken or "it says of no link")
            return
        try:
            destination, disabled = self._destination(link)
        except Invalid as error:
            self._broken(file, row.number, error.sentence.rstrip("."))
            return
        wanted = Wanted(link.address, destination, link.older)
        if wanted.key in self._pending:  # what this one is depends on that one
            self.write()
        self._pending[wanted.key] = _Pending(file, row.number, link, wanted, disabled)
        if len(self._pending) >= BATCH:
            self.write()

    def write(self) -> None:
        """Store what waits in one transaction."""
        if not self._pending:
            return
        rows = list(self._pending.values())
        self._pending.clear()
        with writing(self._database.engine) as connection:
            known = Known(
                connection,
                self._account_id,
                self._source,
                [wanted for row in rows for wanted in (row.wanted, *_aliases(row))],
            )
            new: dict[str, _Pending] = {}
            wanted: list[OldLink] = []
            claimed = {row.wanted.key for row in rows}
            again: list[tuple[_Pending, LinkId]] = []
            for row in rows:
                found = known.find(row.wanted)
                if found.link_id is not None:
                    again.append((row, found.link_id))
                    continue
                new[found.key] = row
                wanted += self._old_links(row, found.key, known, claimed)
            made = add_imported(
                connection,
                self._shortener,
                self._account_id,
                self._source,
                wanted,
                measured_from=self._now,
            )
            of_made = [(each.link_id, new[each.old.beside or each.old.key].link) for each in made]
            add_labels(connection, of_made)
            add_limits(connection, [(link_id, link.limits) for link_id, link in of_made])
            self._add_totals(connection, made, new)
            if made:
                draw_number(connection)
            self._compare(connection, again, known)
        self.done.known += len(again)
        self.done.added += len(new)
        self.done.aliases += len(made) - len(new)
        for link in made:
            self._tell(link, new[link.old.beside or link.old.key])

    def _old_links(self, row: _Pending, key: str, known: Known, claimed: set[str]) -> list[OldLink]:
        """Return a new link as it is to be made, and its further addresses, if nobody has them."""
        at = self._now if row.disabled else None
        made = min(row.link.created_at or self._now, self._now)
        found = [
            OldLink(
                key=key,
                code=row.link.address.code,
                destination=row.wanted.destination,
                created_at=made,
                disabled_at=at,
                forward_query=row.link.forward_query,
                names=_bare(row.link.address),
                domain_id=self._domain_of(row.link.address),
            )
        ]
        for wanted in _aliases(row):
            if known.find(wanted).link_id is None and wanted.key not in claimed:
                claimed.add(wanted.key)
                found.append(
                    OldLink(
                        key=wanted.key,
                        code=wanted.address.code,
                        destination=wanted.destination,
                        created_at=made,
                        disabled_at=at,
                        forward_query=row.link.forward_query,
                        names=_bare(wanted.address),
                        beside=key,
                        domain_id=self._domain_of(wanted.address),
                    )
                )
        return found

    def _domain_of(self, address: Address) -> int | None:
        """Return the domain of a link: its own if it is one of ours, else the one that was said."""
        own = self._domains.get(bare_host(address.domain or ""))
        return own or self._domains.get(bare_host(self._domain or ""))

    def _add_totals(
        self, connection: Connection, made: Sequence[NewLink], new: Mapping[str, _Pending]
    ) -> None:
        totals = [
            (link.link_id, clicks)
            for link in made
            if link.old.beside is None and (clicks := new[link.old.key].link.clicks) is not None
        ]
        if totals:
            connection.execute(
                insert(ImportedTotal),
                [
                    {
                        "link_id": link_id,
                        "source": self._source,
                        "clicks": clicks,
                        "before": self._now,
                    }
                    for link_id, clicks in totals
                ],
            )
        self.done.clicks_before += sum(clicks for _, clicks in totals)

    def _compare(
        self, connection: Connection, rows: Sequence[tuple[_Pending, LinkId]], known: Known
    ) -> None:
        """Name what rows say of links that are here otherwise, and remember their names."""
        if not rows:
            return
        ids = sorted({link_id for _, link_id in rows})
        stored: dict[LinkId, tuple[str | None, str, bool]] = {}
        totals: dict[LinkId, set[int]] = {}
        for part in chunked(ids, CHUNK):
            query = select(Link.id, Link.code, Link.destination, Link.disabled_at)
            for link_id, code, destination, off in connection.execute(
                query.where(Link.id.in_(part))
            ):
                stored[link_id] = code, destination, off is not None
            counted = select(ImportedTotal.link_id, ImportedTotal.clicks)
            for link_id, clicks in connection.execute(
                counted.where(ImportedTotal.link_id.in_(part))
            ):
                totals.setdefault(link_id, set()).add(clicks)
        remember(
            connection,
            self._account_id,
            self._source,
            {row.wanted.key: link_id for row, link_id in rows if row.link.address.domain},
        )
        for row, link_id in rows:
            code, destination, is_off = stored[link_id]
            said = []
            if row.wanted.destination not in known.led_to[link_id]:
                said.append(f"leads to {row.wanted.destination} there, and to {destination} here")
            before = totals.get(link_id)
            if row.link.clicks is not None and before and row.link.clicks not in before:
                said.append(f"counts {row.link.clicks:,} clicks there, and {max(before):,} here")
            if row.disabled and not is_off:
                why = ", ".join(row.link.off) or "it leads to no web page"
                said.append(f"redirects here, though {why}")
            said += [
                f"has the address {alias.address.key} there, and not here"
                for alias in _aliases(row)
                if known.find(alias).link_id is None
            ]
            if said:
                self.done.differing += 1
                self._notice(row, f"{row.link.address.key} is {code} here, and {'; '.join(said)}")

    def _tell(self, made: NewLink, row: _Pending) -> None:
        """Count and name what has become of a new link."""
        old = made.old
        address = row.link.address
        if old.beside is not None:
            address = next(a.address for a in _aliases(row) if a.key == old.key)
        if made.code != old.code:
            self.done.codes_taken += 1
            if len(self.done.taken) < MOST_NAMED:
                self.done.taken.append((address.key, made.code))
        if address.path != old.code:
            self.done.shortened += 1
            self._notice(row, f"{address.key} is {made.code} now, since a code has no slashes")
        if old.beside is not None:
            return
        if old.key != row.wanted.key:
            self._notice(
                row,
                f"{address.path} leads elsewhere than the {address.path} that is here already: it "
                f"is a link of its own, {made.code}",
            )
        if old.disabled_at is not None:
            self.done.disabled += 1
            why = ", ".join(row.link.off) or "it led to no web page"
            self._notice(row, f"{made.code} is disabled: {why}")
        if row.link.unread:
            self.done.unread += 1
            self._notice(row, f"{made.code} came in without that: {', '.join(row.link.unread)}")

    def _destination(self, link: FoundLink) -> tuple[str, bool]:
        try:
            destination = parse_destination(link.url)
        except Invalid:
            return parse_retired(link.url), True
        if site_of(destination) in self._own_sites:
            raise Invalid("Its address leads to our own links.")
        return destination, bool(link.off)

    def _broken(self, file: str, row: int, why: str) -> None:
        self.done.broken += 1
        if len(self.done.broken_lines) < MOST_NAMED:
            self.done.broken_lines.append(BrokenLine(file, row, why))

    def _notice(self, row: _Pending, what: str) -> None:
        if len(self.done.notices) < MOST_NOTICED:
            self.done.notices.append(BrokenLine(row.file, row.row, what))


def _aliases(row: _Pending) -> Iterator[Wanted]:
    """Yield the further addresses of a row's link."""
    for alias in row.link.aliases:
        yield Wanted(alias, row.wanted.destination)


def _bare(address: Address) -> tuple[str, ...]:
    """Return the name by which logs without a domain know a link."""
    return (link_key(address.path),) if address.domain else ()

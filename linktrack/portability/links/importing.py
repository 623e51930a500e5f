"""Import another shortener's links into an account; keep codes that are free."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import Connection, insert

from linktrack.change_numbers import draw_number
from linktrack.clicks.records import clean
from linktrack.db import Database, writing
from linktrack.errors import Invalid
from linktrack.ids import AccountId
from linktrack.links.bulk import NewLink, OldLink, add_imported, find_imported
from linktrack.links.catalog import Shortener
from linktrack.links.destinations import parse_destination, parse_retired
from linktrack.links.models import ImportedTotal, LinkLabel
from linktrack.portability.clicks.importing import MOST_NAMED, BrokenLine
from linktrack.portability.links.fields import FoundLink

BATCH: Final = 1_000  # links in one transaction
MOST_KEY: Final = 64
MOST_TITLE: Final = 1_000
MOST_TAGS: Final = 50
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
    """What reading a file needs to know: how local times are read, and who watches."""

    parse_time: Callable[[str], datetime]
    progress: Progress = lambda _: None


@dataclass(slots=True)
class ImportedLinks:
    """What an import did: every row is added, known or broken.

    `clicks_before` is the sum of the totals that new links bring; `disabled` of them led
    elsewhere than to a web page, or were off. `codes_taken` counts those that could not keep their
    codes; only the first twenty of `taken` (old → new) and `broken_lines` are named.
    """

    rows: int = 0
    added: int = 0
    known: int = 0
    broken: int = 0
    broken_lines: list[BrokenLine] = field(default_factory=list)
    disabled: int = 0
    clicks_before: int = 0
    codes_taken: int = 0
    taken: list[tuple[str, str]] = field(default_factory=list)


def import_links(
    database: Database,
    shortener: Shortener,
    account_id: AccountId,
    form: LinkFormat,
    paths: Sequence[Path],
    *,
    reading: Reading,
    now: datetime,
) -> ImportedLinks:
    """Import links, each into a post of its own; importing a file again adds only what is new.

    Their posts are unmeasured until their clicks are imported, too: a total does not say when, or
    by how many people, a link was clicked. Totals are those counted before `now`. Runs in
    transactions of a thousand links. Raises `Invalid` if a file cannot be read or is of another
    kind.
    """
    importing = _Import(database, shortener, account_id, form.name, now)
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
        now: datetime,
    ) -> None:
        self.done = ImportedLinks()
        self._database = database
        self._shortener = shortener
        self._account_id = account_id
        self._source = source
        self._now = now
        self._pending: dict[str, tuple[FoundLink, OldLink]] = {}

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
        key = link_key(link.key)
        if key in self._pending:
            self.done.known += 1
            return
        made = link.created_at or self._now
        at = self._now if disabled else None
        self._pending[key] = link, OldLink(key, link.code, destination, min(made, self._now), at)
        if len(self._pending) >= BATCH:
            self.write()

    def write(self) -> None:
        """Store what waits in one transaction."""
        if not self._pending:
            return
        with writing(self._database.engine) as connection:
            known = find_imported(connection, self._account_id, self._source, self._pending.keys())
            wanted = [old for key, (_, old) in self._pending.items() if key not in known]
            made = add_imported(
                connection,
                self._shortener,
                self._account_id,
                self._source,
                wanted,
                measured_from=self._now,
            )
            self._add_labels(connection, made)
            self._add_totals(connection, made)
            if made:
                draw_number(connection)
        self.done.known += len(known)
        self.done.added += len(made)
        self.done.disabled += sum(new.old.disabled_at is not None for new in made)
        for new in made:
            if new.code != new.old.code:
                self.done.codes_taken += 1
                if len(self.done.taken) < MOST_NAMED:
                    self.done.taken.append((new.old.code, new.code))
        self._pending.clear()

    def _add_labels(self, connection: Connection, made: Sequence[NewLink]) -> None:
        found = ((new.link_id, self._pending[new.old.key][0]) for new in made)
        rows = [
            {
                "link_id": link_id,
                "title": clean(link.title, MOST_TITLE) if link.title else None,
                "tags": json.dumps([clean(tag, 100) for tag in link.tags[:MOST_TAGS]]),
            }
            for link_id, link in found
            if link.title or link.tags
        ]
        if rows:
            connection.execute(insert(LinkLabel), rows)

    def _add_totals(self, connection: Connection, made: Sequence[NewLink]) -> None:
        rows = [
            {"link_id": new.link_id, "source": self._source, "clicks": clicks, "before": self._now}
            for new in made
            if (clicks := self._pending[new.old.key][0].clicks) is not None
        ]
        if rows:
            connection.execute(insert(ImportedTotal), rows)
        self.done.clicks_before += sum(int(row["clicks"]) for row in rows)  # type: ignore[call-overload]

    def _destination(self, link: FoundLink) -> tuple[str, bool]:
        try:
            destination = parse_destination(link.url)
        except Invalid:
            return parse_retired(link.url), True
        if self._shortener.is_own(destination):
            raise Invalid("Its address leads to our own links.")
        return destination, link.disabled

    def _broken(self, file: str, row: int, why: str) -> None:
        self.done.broken += 1
        if len(self.done.broken_lines) < MOST_NAMED:
            self.done.broken_lines.append(BrokenLine(file, row, why))


def link_key(name: str) -> str:
    """Return what an old link is known by: its name there, or a digest where that is too long."""
    if len(name) <= MOST_KEY and name.isprintable():
        return name
    return blake2b(name.encode("utf-8", "replace"), digest_size=16).hexdigest()

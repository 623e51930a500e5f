"""Import clicks from old logs into an account, each exactly once, in batches."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import compress
from operator import not_
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from linktrack.change_numbers import draw_number
from linktrack.clicks.capture.visitors import pseudonym
from linktrack.clicks.loading.store import ClickStore
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import IMPORTED
from linktrack.db import Database, from_ms
from linktrack.errors import Invalid
from linktrack.ids import AccountId, LinkId
from linktrack.links.bulk import OldLink, add_imported
from linktrack.links.catalog import Shortener
from linktrack.links.destinations import parse_destination, parse_retired
from linktrack.links.models import Link
from linktrack.links.own_addresses import own_sites, site_of
from linktrack.portability.clicks.measured import mark_measured
from linktrack.portability.clicks.naming import LinkName, LinkNames
from linktrack.portability.clicks.old_clicks import ClickFormat, OldClick, Progress
from linktrack.portability.clicks.overlap import Overlap, counted_here

BATCH: Final = 5_000  # clicks in one transaction
MOST_NAMED: Final = 20  # broken lines and taken codes named one by one


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that could not be imported, and why."""

    file: str
    line: int
    why: str


@dataclass(slots=True)
class ImportedClicks:
    """What an import did: every line is added, known, counted, no click, blank or broken.

    `known` were imported before; `counted` were counted when they were clicked.
    `links` and `posts` are new ones, `disabled` of which led elsewhere than to a web page;
    `codes_taken` counts new links that could not keep their codes. Of links imported before,
    `measured` have all their clicks now, and are in reports; `lacking` have fewer than their
    shortener counted, and stay out. `unclear`
    are codes that two links have had, with the code of the one that got the clicks. Only the first
    twenty of `broken_lines`, `taken` and `unclear` are named.
    """

    lines: int = 0
    added: int = 0
    known: int = 0
    counted: int = 0
    not_clicks: int = 0
    blank: int = 0
    broken: int = 0
    broken_lines: list[BrokenLine] = field(default_factory=list)
    links: int = 0
    posts: int = 0
    disabled: int = 0
    codes_taken: int = 0
    taken: list[str] = field(default_factory=list)
    measured: int = 0
    lacking: int = 0
    unclear: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether everything in the files was understood."""
        return not self.broken


class _Pending(NamedTuple):
    """A click that waits for its batch, with the place it comes from."""

    click: OldClick
    identity: str
    file: str
    line: int


def import_clicks(
    database: Database,
    shortener: Shortener,
    account_id: AccountId,
    form: ClickFormat,
    paths: Sequence[Path],
    *,
    visitor_key: bytes,
    now: datetime,
    domain: str | None = None,
    progress: Progress = lambda _: None,
) -> ImportedClicks:
    """Import the clicks of files for an account; importing again adds only what is new.

    It runs in transactions of some thousand clicks: one that was cut off goes on when it is
    started again. `domain` is that of the short links, where a file does not say it. `progress` is
    called with how many bytes of the files were read. Raises
    `Invalid`, before anything is changed, where a file cannot be read or is of another kind.
    """
    store = ClickStore(
        database.engine, database.settings.timezone, database.settings.visitor_period
    )
    paths = list({path.resolve(): path for path in paths}.values())
    for path in paths:
        form.check(path)
    importing = _Import(
        store, shortener, account_id, form, visitor_key=visitor_key, now=now, domain=domain
    )
    for path in paths:
        importing.read(path, progress)
    importing.measure()
    importing.name_unclear()
    return importing.done


class _Import:
    """One import under way."""

    def __init__(
        self,
        store: ClickStore,
        shortener: Shortener,
        account_id: AccountId,
        form: ClickFormat,
        *,
        visitor_key: bytes,
        now: datetime,
        domain: str | None,
    ) -> None:
        self.done = ImportedClicks()
        self._store = store
        self._shortener = shortener
        with store.engine.connect() as connection:
            self._own_sites = own_sites(connection, shortener.base_url)
        self._account_id = account_id
        self._form = form
        self._visitor_key = visitor_key
        self._now = now
        self._domain = domain
        self._installation = shortener.codes.installation
        self._links = LinkNames(shortener, account_id, form.links_of, alone=form.makes_links)
        self._pending: list[_Pending] = []
        # How often each line has come: logs have true repeats, and all count.
        self._seen: Counter[bytes] = Counter()
        self._clicked: set[LinkId] = set()

    def read(self, path: Path, progress: Progress) -> None:
        """Read one file, writing whenever a batch is full."""
        if not self._form.pages:
            self._seen.clear()
        with self._store.engine.connect() as connection:
            self._overlap = Overlap(connection)
        for line in self._form.read(path, self._now.timestamp(), progress):
            self.done.lines += 1
            if line.broken is not None:
                self._broken(path.name, line.number, line.broken)
            elif line.blank:
                self.done.blank += 1
            elif line.click is None:
                self.done.not_clicks += 1
            else:
                click = line.click
                if click.domain is None and self._domain is not None:
                    click = click._replace(domain=self._domain)
                identity = self._identity(line.raw, click)
                self._pending.append(_Pending(click, identity, path.name, line.number))
                if len(self._pending) >= BATCH:
                    self._write()
        self._write()

    def _identity(self, raw: bytes, click: OldClick) -> str:
        """Return what tells this click apart from all others of the account: 32 hex digits."""
        person = self._form.name.encode()[:16]
        if click.origin is not None and click.origin.installation is not None:
            message = f"{click.origin.installation} {click.origin.seq} {click.clicked_at}"
            return blake2b(message.encode(), digest_size=16, person=person).hexdigest()
        digest = blake2b(raw, digest_size=16, person=person).digest()
        self._seen[digest] += 1
        return _identity(digest, self._seen[digest], person)

    def _write(self) -> None:
        """Store what waits, links and clicks in one transaction."""
        if not self._pending:
            return
        clicks = [waiting.click for waiting in self._pending]
        self._store.prepare(
            {click.agent for click in clicks},
            {click.agent: click.told for click in clicks if click.told is not None},
        )
        links_before = self.done.links
        with self._store.transaction() as connection:
            counted = self._leave_counted(connection)
            self._learn_links(connection)
            records = []
            for waiting in self._pending:
                link_id = self._link_of(waiting.click)
                if link_id is not None:
                    records.append(self._record(waiting, link_id))
                    self._clicked.add(link_id)
            again = self._already_here(connection, records)
            newly = self._store.remember(connection, list(compress(records, again)))
            added = self._store.append(connection, list(compress(records, map(not_, again))))
            if self.done.links > links_before:
                draw_number(connection)
        self.done.added += added
        self.done.known += len(records) - added - newly
        self.done.counted += counted + newly
        self._pending.clear()

    def _leave_counted(self, connection: Connection) -> int:
        """Take out of what waits the clicks that this installation has numbered; return how many.

        They make no links either.
        """
        told = [(waiting.click.origin, waiting.click.clicked_at) for waiting in self._pending]
        counted = counted_here(connection, self._shortener.codes.installation, told)
        self._pending = list(compress(self._pending, map(not_, counted)))
        return sum(counted)

    def _already_here(self, connection: Connection, records: list[ClickRecord]) -> list[bool]:
        if self._form.counted_as == "requests":
            return self._overlap.of_log(connection, records)
        if self._form.counted_as == "clicks":
            return self._overlap.of_export(connection, records)
        return [False] * len(records)

    def measure(self) -> None:
        """Mark the links as measured all of whose clicks are there now."""
        if self._clicked:
            with self._store.transaction() as connection:
                found = mark_measured(connection, self._account_id, self._clicked)
            self.done.measured, self.done.lacking = found

    def name_unclear(self) -> None:
        """Say of codes that two links have had which of them has the clicks."""
        found = dict(list(self._links.unclear.items())[:MOST_NAMED])
        if found:
            query = select(Link.id, Link.code).where(Link.id.in_(set(found.values())))
            with self._store.engine.connect() as connection:
                codes = {link_id: str(code) for link_id, code in connection.execute(query)}
            self.done.unclear = [f"{path} → {codes[link_id]}" for path, link_id in found.items()]

    def _link_of(self, click: OldClick) -> LinkId | None:
        return self._links[self._name(click)]

    def _learn_links(self, connection: Connection) -> None:
        """Find the links of the waiting clicks, and make those that are not there yet."""
        waiting_for = {self._name(waiting.click) for waiting in self._pending}
        self._links.learn(connection, waiting_for)
        new: dict[str, OldLink] = {}
        names: dict[str, set[LinkName]] = {}
        for waiting in self._pending:
            click = waiting.click
            if self._link_of(click) is not None:
                continue
            names.setdefault(click.keys[0], set()).add(self._name(click))
            if click.keys[0] in new:
                continue
            if click.url is None:
                self._without_link(waiting)
                continue
            try:
                new[click.keys[0]] = self._old_link(click, click.url)
            except Invalid as error:
                self._broken(waiting.file, waiting.line, error.sentence.rstrip("."))
        for link in add_imported(
            connection,
            self._shortener,
            self._account_id,
            self._form.links_of,
            list(new.values()),
        ):
            for name in names[link.old.key]:
                self._links.add(name, link.link_id)
            if link.code != link.old.code:
                self.done.codes_taken += 1
                if len(self.done.taken) < MOST_NAMED:
                    self.done.taken.append(link.old.code)
        self.done.links += len(new)
        self.done.posts += len(new)

    def _name(self, click: OldClick) -> LinkName:
        """Return what a click's link is looked for by; our own export may say one of our codes."""
        origin = click.origin
        is_ours = origin is not None and origin.installation == self._installation
        return LinkName(click.keys, click.domain, click.led_to, is_ours)

    def _without_link(self, waiting: _Pending) -> None:
        if self._form.others_too:
            self.done.not_clicks += 1
            return
        name = waiting.click.keys[0]
        why = f"there is no link {name[:64]!r} on this account: import the links first"
        self._broken(waiting.file, waiting.line, why)

    def _old_link(self, click: OldClick, url: str) -> OldLink:
        destination, disabled_at = self._destination(url)
        self.done.disabled += disabled_at is not None
        made = click.clicked_at if click.created_at is None else click.created_at
        return OldLink(click.keys[0], click.keys[0], destination, from_ms(made), disabled_at)

    def _destination(self, url: str) -> tuple[str, datetime | None]:
        """Return where a link led, and when it is disabled: browsers are sent to web pages only.

        What led to an FTP server, say, keeps its clicks.
        """
        try:
            destination = parse_destination(url)
        except Invalid:
            return parse_retired(url), self._now
        if site_of(destination) in self._own_sites:
            raise Invalid("Its address leads to our own links.")
        return destination, None

    def _record(self, waiting: _Pending, link_id: LinkId) -> ClickRecord:
        click = waiting.click
        visitor = click.visitor
        if click.traits:
            visitor = pseudonym(self._visitor_key, *click.traits)
        return ClickRecord(
            clicked_at=click.clicked_at,
            link_id=link_id,
            user_agent=click.agent,
            referrer=click.referrer,
            visitor=visitor,
            flags=click.flags | IMPORTED,
            country=click.country,
            language=click.language,
            identity=waiting.identity,
        )

    def _broken(self, file: str, line: int, why: str) -> None:
        self.done.broken += 1
        if len(self.done.broken_lines) < MOST_NAMED:
            self.done.broken_lines.append(BrokenLine(file, line, why))


def _identity(digest: bytes, occurrence: int, person: bytes) -> str:
    """Return what tells this click apart from all others of the account: 32 hex digits."""
    if occurrence == 1:
        return digest.hex()
    message = digest + occurrence.to_bytes(8, "big")
    return blake2b(message, digest_size=16, person=person).hexdigest()

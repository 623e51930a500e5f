"""Import clicks from old logs into an account, each exactly once, in batches."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import chain, compress
from operator import not_
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from sqlalchemy import Connection

from linktrack.change_numbers import draw_number
from linktrack.clicks.capture.visitors import pseudonym
from linktrack.clicks.classify.agents import Agent
from linktrack.clicks.loading.store import ClickStore
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import IMPORTED
from linktrack.db import Database, from_ms
from linktrack.errors import Invalid
from linktrack.ids import AccountId, LinkId
from linktrack.links.bulk import OldLink, add_imported, find_by_code, find_imported
from linktrack.links.catalog import Shortener
from linktrack.links.destinations import parse_destination, parse_retired
from linktrack.portability.clicks.measured import mark_measured
from linktrack.portability.clicks.overlap import Origin, Overlap, counted_here

BATCH: Final = 5_000  # clicks in one transaction
MOST_NAMED: Final = 20  # broken lines and taken codes named one by one
MOST_REMEMBERED: Final = 200_000  # links kept in memory
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC).timestamp()

Progress: TypeAlias = Callable[[int], None]


class OldClick(NamedTuple):
    """One click of an old log with checked types; times are in milliseconds since 1970 UTC.

    `keys` are the names its link may have, the likeliest first. With a `url` a link that is not
    there is made, at `created_at`; without one it must be there. `traits` are what tells visitors
    apart; with none the click has the visitor it brings, or none. `told` is what the log itself
    says of the agent, where it has no user agent. `origin` is who counted it, in our own exports.
    """

    keys: tuple[str, ...]
    clicked_at: int
    agent: str | None = None
    referrer: str | None = None
    url: str | None = None
    created_at: int | None = None
    country: str | None = None
    traits: tuple[str, ...] = ()
    visitor: int | None = None
    flags: int = 0
    told: Agent | None = None
    origin: Origin | None = None


class OldLine(NamedTuple):
    """A line of a log: a click, or why it is broken, or neither where it says of none.

    `raw` is what tells this line from others, the same whenever it is read.
    """

    number: int
    raw: bytes
    click: OldClick | None = None
    broken: str | None = None
    blank: bool = False


@dataclass(frozen=True, slots=True)
class ClickFormat:
    """A kind of old log: how it is read, and which importer of links knows its links' names.

    `read(path, latest, progress)` yields its lines; `latest` (seconds since 1970 UTC) is the last
    moment a click can have. `check` raises `Invalid` where a file is not of this kind. A log of
    more than clicks leaves out what is not about known links (`others_too`); one that says where
    its links led makes those that are missing (`makes_links`). What this very linktrack may have
    counted is compared with it (`counted_as`): the requests of a proxy in front of it, or clicks
    of an export. Where a file is a page of a list (`pages`), equal lines on two pages are two
    clicks.
    """

    name: str
    read: Callable[[Path, float, Progress], Iterator[OldLine]]
    links_of: str
    makes_links: bool = False
    others_too: bool = False
    counted_as: Literal["requests", "clicks"] | None = None
    pages: bool = False
    check: Callable[[Path], None] = lambda _: None


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
    shortener counted, and stay out. Only the first twenty of `broken_lines` and `taken` are named.
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
    progress: Progress = lambda _: None,
) -> ImportedClicks:
    """Import the clicks of files for an account; importing again adds only what is new.

    It runs in transactions of some thousand clicks: one that was cut off goes on when it is
    started again. `progress` is called with how many bytes of the files were read. Raises
    `Invalid`, before anything is changed, where a file cannot be read or is of another kind.
    """
    store = ClickStore(
        database.engine, database.settings.timezone, database.settings.visitor_period
    )
    paths = list({path.resolve(): path for path in paths}.values())
    for path in paths:
        form.check(path)
    importing = _Import(store, shortener, account_id, form, visitor_key=visitor_key, now=now)
    for path in paths:
        importing.read(path, progress)
    importing.measure()
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
    ) -> None:
        self.done = ImportedClicks()
        self._store = store
        self._shortener = shortener
        self._account_id = account_id
        self._form = form
        self._visitor_key = visitor_key
        self._now = now
        self._links: dict[str, LinkId] = {}
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
                identity = self._identity(line.raw, line.click)
                self._pending.append(_Pending(line.click, identity, path.name, line.number))
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

    def _link_of(self, click: OldClick) -> LinkId | None:
        return next((self._links[key] for key in click.keys if key in self._links), None)

    def _learn_links(self, connection: Connection) -> None:
        """Find the links of the waiting clicks, and make those that are not there yet."""
        if len(self._links) > MOST_REMEMBERED:
            self._links.clear()
        keys = {key for waiting in self._pending for key in waiting.click.keys} - self._links.keys()
        imported = find_imported(connection, self._account_id, self._form.links_of, keys)
        codes = self._shortener.codes
        ours = [waiting.click.keys for waiting in self._pending if self._is_ours(waiting)]
        here = keys.intersection(chain.from_iterable(ours))
        self._links.update(find_by_code(connection, codes, self._account_id, here))
        self._links.update(imported)
        new: dict[str, OldLink] = {}
        for waiting in self._pending:
            click = waiting.click
            if self._link_of(click) is not None or click.keys[0] in new:
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
            self._links[link.old.key] = link.link_id
            if link.code != link.old.code:
                self.done.codes_taken += 1
                if len(self.done.taken) < MOST_NAMED:
                    self.done.taken.append(link.old.code)
        self.done.links += len(new)
        self.done.posts += len(new)

    def _is_ours(self, waiting: _Pending) -> bool:
        """Whether the line names its link by a code of this installation."""
        origin = waiting.click.origin
        if origin is None:
            return not self._form.makes_links
        return origin.installation == self._shortener.codes.installation

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
        if self._shortener.is_own(destination):
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
            identity=waiting.identity,
        )

    def _broken(self, file: str, line: int, why: str) -> None:
        self.done.broken += 1
        if len(self.done.broken_lines) < MOST_NAMED:
            self.done.broken_lines.append(BrokenLine(file, line, why))


def checked_time(seconds: float, latest: float, name: str) -> int:
    """Return a time in milliseconds; raises `ValueError` with a clause where it cannot be one."""
    if not EARLIEST <= seconds <= latest:  # false for NaN too
        raise ValueError(f"its time ({name}) lies before 2000 or in the future")
    return int(seconds * 1000)


def _identity(digest: bytes, occurrence: int, person: bytes) -> str:
    """Return what tells this click apart from all others of the account: 32 hex digits."""
    if occurrence == 1:
        return digest.hex()
    message = digest + occurrence.to_bytes(8, "big")
    return blake2b(message, digest_size=16, person=person).hexdigest()

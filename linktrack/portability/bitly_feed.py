"""Clicks from Bitly's public click feed: JSON lines, as 1.usa.gov published them."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection

from linktrack.clicks.records import MOST_AGENT, ClickRecord, clean
from linktrack.clicks.referrers import referrer_key
from linktrack.clicks.store import ClickStore
from linktrack.clicks.visitors import pseudonym
from linktrack.db import Database, from_ms
from linktrack.errors import Invalid
from linktrack.links.bulk import OldLink, add_imported, find_imported
from linktrack.links.catalog import Shortener
from linktrack.links.destinations import parse_destination, parse_retired
from linktrack.portability.log_files import read_lines

SOURCE: Final = "bitly-feed"
BATCH: Final = 5_000  # clicks in one transaction
MOST_NAMED: Final = 20  # broken lines and taken codes named one by one
MOST_REMEMBERED: Final = 200_000  # links kept in memory
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that could not be imported, and why."""

    file: str
    line: int
    why: str


@dataclass(slots=True)
class ImportedFeed:
    """What an import did: every line is added, known, a heartbeat, blank or broken.

    `links` and `posts` are new ones, `disabled` of which led elsewhere than to a web page;
    `codes_taken` counts new links that could not keep their
    codes. Only the first twenty of `broken_lines` and `taken` are named.
    """

    lines: int = 0
    added: int = 0
    known: int = 0
    heartbeats: int = 0
    blank: int = 0
    broken: int = 0
    broken_lines: list[BrokenLine] = field(default_factory=list)
    links: int = 0
    posts: int = 0
    disabled: int = 0
    codes_taken: int = 0
    taken: list[str] = field(default_factory=list)


class FeedClick(NamedTuple):
    """One click of the feed with checked types; times are in milliseconds since 1970 UTC."""

    key: str
    url: str
    clicked_at: int
    created_at: int
    agent: str | None
    referrer: str | None
    country: str | None
    traits: tuple[str, ...]


class _Pending(NamedTuple):
    """A click that waits for its batch, with the place it comes from."""

    click: FeedClick
    identity: str
    file: str
    line: int


def import_bitly_feed(
    database: Database,
    shortener: Shortener,
    account_id: int,
    paths: Sequence[Path],
    *,
    visitor_key: bytes,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> ImportedFeed:
    """Import the clicks of feed files for an account; importing again adds only what is new.

    Each link of the feed (its `h`) becomes a link in a post published when it was made. It runs
    in transactions of some thousand clicks: one that was cut off goes on when it is started
    again. The feed has no addresses: a visitor is what it says of browser, language and place.
    `progress` is told bytes of the files read. Raises `Invalid`, before anything is changed,
    where a file cannot be read or is not such a feed.
    """
    for path in paths:
        _check_is_feed(path)
    store = ClickStore(
        database.engine, database.settings.timezone, database.settings.visitor_period
    )
    feed = _Import(store, shortener, account_id, visitor_key, now)
    for path in paths:
        feed.read(path, progress)
    feed.write()
    return feed.done


class _Import:
    """One import under way."""

    def __init__(
        self,
        store: ClickStore,
        shortener: Shortener,
        account_id: int,
        visitor_key: bytes,
        now: datetime,
    ) -> None:
        self.done = ImportedFeed()
        self._store = store
        self._shortener = shortener
        self._account_id = account_id
        self._visitor_key = visitor_key
        self._now = now
        self._latest = now.timestamp()
        self._links: dict[str, int] = {}
        self._pending: list[_Pending] = []

    def read(self, path: Path, progress: Callable[[int], None]) -> None:
        """Read one file, writing whenever a batch is full."""
        # How often each line has come in this file: the feed has true repeats, and all count.
        seen: Counter[bytes] = Counter()
        for number, line, why in read_lines(path, progress):
            self.done.lines += 1
            if why is not None:
                self._broken(path.name, number, why)
                continue
            if not line.strip():
                self.done.blank += 1
                continue
            try:
                click = parse_line(line, self._latest)
            except ValueError as error:
                self._broken(path.name, number, str(error))
                continue
            if click is None:
                self.done.heartbeats += 1
                continue
            digest = blake2b(line, digest_size=16, person=b"bitly-feed").digest()
            seen[digest] += 1
            identity = _identity(digest, seen[digest])
            self._pending.append(_Pending(click, identity, path.name, number))
            if len(self._pending) >= BATCH:
                self.write()

    def write(self) -> None:
        """Store what waits, links and clicks in one transaction."""
        if not self._pending:
            return
        self._store.prepare({waiting.click.agent for waiting in self._pending})
        with self._store.transaction() as connection:
            self._learn_links(connection)
            records = [
                self._record(waiting)
                for waiting in self._pending
                if waiting.click.key in self._links
            ]
            added = self._store.append(connection, records)
        self.done.added += added
        self.done.known += len(records) - added
        self._pending.clear()

    def _learn_links(self, connection: Connection) -> None:
        """Find the links of the waiting clicks, and make those that are not there yet."""
        if len(self._links) > MOST_REMEMBERED:
            self._links.clear()
        keys = {waiting.click.key for waiting in self._pending} - self._links.keys()
        self._links.update(find_imported(connection, self._account_id, SOURCE, keys))
        new: dict[str, OldLink] = {}
        for waiting in self._pending:
            key, url, _, created_at, *_ = waiting.click
            if key in self._links or key in new:
                continue
            try:
                destination, disabled_at = self._destination(url)
            except Invalid as error:
                self._broken(waiting.file, waiting.line, error.sentence.rstrip("."))
                continue
            self.done.disabled += disabled_at is not None
            new[key] = OldLink(key, key, destination, from_ms(created_at), disabled_at)
        for link in add_imported(
            connection, self._shortener, self._account_id, SOURCE, list(new.values())
        ):
            self._links[link.old.key] = link.link_id
            if link.code != link.old.code:
                self.done.codes_taken += 1
                if len(self.done.taken) < MOST_NAMED:
                    self.done.taken.append(link.old.code)
        self.done.links += len(new)
        self.done.posts += len(new)

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

    def _record(self, waiting: _Pending) -> ClickRecord:
        click = waiting.click
        return ClickRecord(
            clicked_at=click.clicked_at,
            link_id=self._links[click.key],
            user_agent=click.agent,
            referrer=click.referrer,
            visitor=pseudonym(self._visitor_key, *click.traits),
            country=click.country,
            identity=waiting.identity,
        )

    def _broken(self, file: str, line: int, why: str) -> None:
        self.done.broken += 1
        if len(self.done.broken_lines) < MOST_NAMED:
            self.done.broken_lines.append(BrokenLine(file, line, why))


def parse_line(line: bytes, latest: float) -> FeedClick | None:
    """Return the click of a line, or None for a heartbeat. Pure.

    `latest` (seconds since 1970 UTC) is the last moment a click can have. Raises `ValueError`
    with a clause that says what is wrong.
    """
    fields = _object(line)
    if fields is None:
        raise ValueError("it is not a JSON object")
    if "_heartbeat_" in fields:
        return None
    key, url = fields.get("h"), fields.get("u")
    if not isinstance(key, str) or not (0 < len(key) <= 64 and key.isascii() and key.isprintable()):
        raise ValueError("it has no hash of a link (h)")
    if not isinstance(url, str):
        raise ValueError("it has no destination (u)")
    agent, referrer = _text(fields, "a"), _text(fields, "r")
    country = _text(fields, "c")
    return FeedClick(
        key=key,
        url=url,
        clicked_at=_time(fields, "t", latest),
        created_at=_time(fields, "hc", latest),
        agent=clean(agent, MOST_AGENT) if agent else None,
        referrer=None if referrer in (None, "direct") else referrer_key(referrer),
        country=country,
        traits=(
            agent or "",
            _text(fields, "al") or "",
            country or "",
            _text(fields, "gr") or "",
            _text(fields, "cy") or "",
            str(fields.get("ll") or ""),
        ),
    )


def _object(line: bytes) -> dict[str, object] | None:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _time(fields: dict[str, object], name: str, latest: float) -> int:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"it has no time ({name})")
    if not EARLIEST <= value <= latest:  # false for NaN too
        raise ValueError(f"its time ({name}) lies before 2000 or in the future")
    return int(value * 1000)


def _text(fields: dict[str, object], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None


def _identity(digest: bytes, occurrence: int) -> str:
    """Return what tells this click apart from all others of the account: 32 hex digits."""
    if occurrence == 1:
        return digest.hex()
    message = digest + occurrence.to_bytes(8, "big")
    return blake2b(message, digest_size=16, person=b"bitly-feed").hexdigest()


def _check_is_feed(path: Path) -> None:
    if not any(_is_shaped(line) for _, line, _ in read_lines(path)):
        raise Invalid(
            f"{path.name} is not a click feed of Bitly: no line of it is a JSON object with the "
            "fields h, u and t."
        )


def _is_shaped(line: bytes) -> bool:
    fields = _object(line)
    return fields is not None and ("_heartbeat_" in fields or {"h", "u", "t"} <= fields.keys())

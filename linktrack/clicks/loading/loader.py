"""Load journal files into the clicks table, each click once, whatever is killed when."""

import gc
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import DataError, SQLAlchemyError

from linktrack.calendar.days import Days
from linktrack.clicks.capture.journal import SUFFIX, is_written
from linktrack.clicks.keeping.interface import Origin
from linktrack.clicks.keeping.opening import check_place, settle_clicks
from linktrack.clicks.loading.backfill import count_added
from linktrack.clicks.models import journals
from linktrack.db import now as this_moment
from linktrack.errors import Unavailable

log = logging.getLogger(__name__)

BATCH_BYTES: Final = 1024 * 1024  # of a file that is begun in a batch: some 4,000 clicks
MOST_BYTES: Final = 4 * BATCH_BYTES  # in one transaction: others wait half a second at most
PAUSE_SECONDS: Final = 0.4
"""Between two passes: a batch of ten clicks is nearly the work of a thousand."""

MANY: Final = 1_000
LONG_PAUSE_SECONDS: Final = 1.0
"""After a pass that loaded many clicks: the more are loaded at once, the less each one costs."""

RETRY_SECONDS: Final = 0.2
"""Doubled with each failure in a row, up to five seconds."""

DELETE_SECONDS: Final = 3600.0
GONE: Final = ".gone"  # end of a file's name while it is being deleted
SET_ASIDE: Final = "set-aside.jsonl"


class Recorded(Protocol):
    """What a line of a journal says."""

    @property
    def user_agent(self) -> str | None:
        """Who asked, as the browser or program names itself."""


Record = TypeVar("Record", bound=Recorded)


class Store(Protocol[Record]):
    """Where the lines of a kind of journal go."""

    engine: Engine
    days: Days

    def decode(self, line: bytes) -> Record:
        """Return what a line says; raises `ValueError` for one that is damaged."""

    def decode_lines(self, lines: bytes) -> list[Record]:
        """Return what many lines say, or raise like `decode`; blank ones are nothing."""

    def prepare(self, user_agents: set[str | None]) -> None:
        """Do what takes long ahead of `append`, outside its transaction."""

    def transaction(self) -> AbstractContextManager[Connection]:
        """Begin one batch: all of it is stored, or nothing."""

    def append(
        self, connection: Connection, records: Sequence[Record], origin: Origin | None = None
    ) -> int:
        """Store records, which are a part of a journal, within a `transaction`.

        Returns how many were new.
        """

    def keeps_origins(self, connection: Connection) -> bool:
        """Whether it matters from which journal records are: each batch is then of one."""


@dataclass(slots=True)
class Progress:
    """What a pass over the journals did; `behind`: so much that more is probably waiting."""

    clicks: int = 0
    bad_lines: int = 0
    behind: bool = False


@dataclass(frozen=True, slots=True)
class _Part(Generic[Record]):
    """Part of a journal file, read and decoded: [start, end) in bytes.

    It goes `to_end` where nothing was left to read, and is the file's last one if `finished`.
    """

    name: str
    start: int
    end: int
    to_end: bool
    finished: bool
    records: list[Record]
    bad: list[bytes]


@dataclass(slots=True)
class Loader(Generic[Record]):
    """Reads journals in batches; rows, counts and the positions in the files move together.

    Several loaders may run at once: each batch asks the database how far its files are loaded.
    Those `beside` it load their own journals at each of its passes; what they do isn't in its
    progress.
    """

    store: Store[Record]
    folder: Path
    keep: timedelta = timedelta(days=7)
    delete_seconds: float = DELETE_SECONDS
    most_bytes: int = MOST_BYTES
    beside: "Sequence[Loader[Any]]" = ()
    clock: Callable[[], datetime] = this_moment
    _positions: dict[str, int] = field(default_factory=dict)
    _finished: set[str] = field(default_factory=set)
    _failing: set[str] = field(default_factory=set)
    _delete_at: float = 0.0
    _counted: bool = False
    _one_by_one: bool = False

    def load(self) -> Progress:
        """Load all there is at this moment, and delete files that were finished long ago.

        Before the first batch the counts are made that an upgrade has added.

        A file that cannot be loaded is named in the log and tried again later; the others are
        loaded. Raises `OperationalError` while the database is away, and `Unavailable` while what
        keeps the clicks is.
        """
        if not self._counted:
            check_place(self.store.engine)
            count_added(self.store.engine, self.store.days)
            with self.store.engine.connect() as connection:
                self._one_by_one = self.store.keeps_origins(connection)
            self._counted = True
        if not self._positions:
            self._remember_positions()
        progress = Progress()
        found = sorted(self.folder.glob(f"[!.]*{SUFFIX}"))
        waiting = [path for path in found if path.name not in self._finished]
        while waiting:
            with _no_search_for_cycles():
                waiting = self._load_next(waiting, progress)
            progress.behind |= bool(waiting)
        self._delete_finished()
        settle_clicks(self.store.engine)
        for other in self.beside:
            other.load()
        return progress

    def follow(self, stop: Callable[[], bool]) -> None:
        """Load what comes until `stop` says so, then once more to the end."""
        failures = 0
        stopping = False
        while not stopping:
            stopping = stop()
            try:
                progress = self.load()
                if not progress.behind and not stopping:
                    time.sleep(PAUSE_SECONDS if progress.clicks < MANY else LONG_PAUSE_SECONDS)
                failures = 0
            except (SQLAlchemyError, Unavailable, OSError) as error:  # clicks wait in the journals
                failures += 1
                if failures == 1:
                    log.error("Loading waits, the journals grow: %s", error)
                if not stopping:
                    time.sleep(min(5.0, RETRY_SECONDS * 2**failures))

    def _remember_positions(self) -> None:
        """Ask once how far all files are: most of those that are kept were finished long ago."""
        with self.store.engine.connect() as connection:
            for row in connection.execute(select(journals)):
                self._positions[row.name] = row.position
                if row.finished_at is not None:
                    self._finished.add(row.name)

    def _load_next(self, waiting: Sequence[Path], progress: Progress) -> list[Path]:
        """Load the next parts of files, in one transaction; return those files that have more.

        The journals of all workers together: rows and pages that several touch are written once.
        """
        most = self._room(waiting)
        parts: dict[Path, _Part[Record] | None] = {}
        for path in waiting:
            if most > 0 and not (parts and self._one_by_one):
                part = parts[path] = self._read(path, max(self._least, most))
                most -= 0 if part is None else part.end - part.start
        failed = self._store_or_wait([part for part in parts.values() if part], progress)

        def has_more(path: Path) -> bool:
            part = parts.get(path)
            if part is None or path.name in failed:
                return path not in parts
            # Another loader may have been here, and have come less far, or further.
            return not part.to_end or self._positions[path.name] != part.end

        return [path for path in waiting if has_more(path)]

    def _room(self, waiting: Iterable[Path]) -> int:
        """Return how many bytes to load at once: all there are, within bounds."""
        there = 0
        for path in waiting:
            with suppress(FileNotFoundError):
                there += max(0, path.stat().st_size - self._positions.get(path.name, 0))
        return max(self._least, min(self.most_bytes, there))

    @property
    def _least(self) -> int:
        return min(BATCH_BYTES, self.most_bytes)

    def _store_or_wait(self, parts: Sequence[_Part[Record]], progress: Progress) -> set[str]:
        """Store parts together, or else each by itself; return which files cannot be loaded."""
        if not parts:
            return set()
        try:
            self._store(parts, progress)
        except (DataError, ValueError, ArithmeticError):
            if len(parts) > 1:
                return set().union(*(self._store_or_wait([part], progress) for part in parts))
            (part,) = parts
            if part.name not in self._failing:
                path = self.folder / part.name
                log.exception("%s cannot be loaded; its clicks wait there.", path)
            self._failing.add(part.name)
            return {part.name}
        return set()

    def _store(self, parts: Sequence[_Part[Record]], progress: Progress) -> None:
        """Store parts of files in one transaction, but for those that were stored meanwhile."""
        # Before the transaction: it must not hold up other writers for long.
        self.store.prepare({record.user_agent for part in parts for record in part.records})
        with self.store.transaction() as connection:
            places = {part.name: self._place(connection, part.name) for part in parts}
            new = [part for part in parts if places[part.name] == part.start]
            self._store_batch(connection, new)
        self._positions.update(places)
        for part in new:
            self._positions[part.name] = part.end
            progress.clicks += len(part.records)
            progress.bad_lines += len(part.bad)
            if part.finished:
                self._finished.add(part.name)

    def _read(self, path: Path, most: int) -> _Part[Record] | None:
        """Read and decode a part of a file; None where there is nothing new."""
        start = self._positions.get(path.name, 0)
        try:
            # Asked before the size: what a worker wrote before it ended is then seen.
            written = is_written(path)
            if written and path.stat().st_size == start:
                return None
            with path.open("rb") as file:
                file.seek(start)
                data = file.read(most)
                to_end = not file.read(1)
        except FileNotFoundError:
            return None
        finished = to_end and not written
        # A last line without its end is still being written, or torn where nobody writes it any
        # more. One that fills a whole batch was never a click's.
        hopeless = finished or (len(data) == most and b"\n" not in data)
        used = len(data) if hopeless else data.rfind(b"\n") + 1
        if not (used or finished):
            return None
        lines = self._decode_lines(data[:used])
        return _Part(path.name, start, start + used, to_end, finished, *lines)

    def _decode_lines(self, data: bytes) -> tuple[list[Record], list[bytes]]:
        """Return what the lines say, and the damaged ones; blank lines are nothing."""
        with suppress(ValueError, RecursionError):
            records = self.store.decode_lines(data)
            if len(records) == data.count(b"\n"):  # else several in a line, or blank ones
                return records, []
        records = []
        bad: list[bytes] = []
        for line in filter(None, data.split(b"\n")):
            try:
                records.append(self.store.decode(line))
            except (ValueError, RecursionError):
                bad.append(line)
        return records, bad

    def _place(self, connection: Connection, name: str) -> int:
        """Return how many bytes of a file are loaded; a file that is new gets its row."""
        position = connection.scalar(select(journals.c.position).where(journals.c.name == name))
        if position is None:
            connection.execute(insert(journals).values(name=name, position=0))
        return position or 0

    def _store_batch(self, connection: Connection, parts: Sequence[_Part[Record]]) -> None:
        records = [record for part in parts for record in part.records]
        origin = Origin(parts[0].name, parts[0].start) if parts and self._one_by_one else None
        self.store.append(connection, records, origin)
        for part in parts:
            connection.execute(
                update(journals)
                .where(journals.c.name == part.name)
                .values(
                    position=part.end,
                    bad_lines=journals.c.bad_lines + len(part.bad),
                    finished_at=self.clock() if part.finished else None,
                )
            )
            if part.bad:
                self._set_aside(part.name, part.bad)

    def _set_aside(self, name: str, lines: list[bytes]) -> None:
        log.error("%d damaged lines of %s are set aside in %s.", len(lines), name, SET_ASIDE)
        path = self.folder / SET_ASIDE
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "ab") as file:
                file.writelines(line + b"\n" for line in lines)
        except OSError as error:  # a full disk tears lines: the whole ones are not to wait for them
            log.error("They could not be set aside and stay in the journal: %s", error)

    def _delete_finished(self) -> None:
        """Delete files of this folder that were finished long ago, once an hour.

        Other nodes' files lie in folders of their own: their rows are left to their loaders.
        """
        if time.monotonic() < self._delete_at:
            return
        self._delete_at = time.monotonic() + self.delete_seconds
        with self.store.engine.connect() as connection:
            names = connection.scalars(
                select(journals.c.name).where(journals.c.finished_at < self.clock() - self.keep)
            ).all()
        for name in names:
            if (self.folder / name).exists():
                # Out of every loader's sight first: without its row it would be loaded again.
                (self.folder / name).rename(self.folder / f"{name}{GONE}")
        gone = {path.name.removesuffix(GONE): path for path in self.folder.glob(f"*{GONE}")}
        if gone:
            with self.store.transaction() as connection:
                connection.execute(delete(journals).where(journals.c.name.in_(list(gone))))
        for name, path in gone.items():
            path.unlink(missing_ok=True)
            self._finished.discard(name)
            self._positions.pop(name, None)


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Batches are tuples by the hundred thousand: looking for cycles took a fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

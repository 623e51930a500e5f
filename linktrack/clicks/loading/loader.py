"""Load journal files into the clicks table, each click once, whatever is killed when."""

import gc
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
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

BATCH_BYTES: Final = 1024 * 1024  # about 4,000 clicks: a transaction of some 150 ms
MOST_BYTES: Final = 4 * BATCH_BYTES  # a batch when behind: others wait half a second at most
PAUSE_SECONDS: Final = 0.4
"""Between two passes: a batch of ten clicks is nearly the work of a thousand."""

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


@dataclass(slots=True)
class Progress:
    """What a pass over the journals did; `behind`: so much that more is probably waiting."""

    clicks: int = 0
    bad_lines: int = 0
    behind: bool = False


@dataclass(frozen=True, slots=True)
class _Batch(Generic[Record]):
    """Part of a journal file, read and decoded: [start, end) in bytes."""

    start: int
    end: int
    finished: bool
    records: list[Record]
    bad: list[bytes]


@dataclass(slots=True)
class Loader(Generic[Record]):
    """Reads journals in batches; rows, counts and the position in the file move together.

    Several loaders may run at once: each batch asks the database how far the file is loaded.
    Those `beside` it load their own journals at each of its passes; what they do isn't in its
    progress.
    """

    store: Store[Record]
    folder: Path
    keep: timedelta = timedelta(days=7)
    delete_seconds: float = DELETE_SECONDS
    beside: "Sequence[Loader[Any]]" = ()
    clock: Callable[[], datetime] = this_moment
    _positions: dict[str, int] = field(default_factory=dict)
    _finished: set[str] = field(default_factory=set)
    _failing: set[str] = field(default_factory=set)
    _delete_at: float = 0.0
    _bytes: int = BATCH_BYTES
    _counted: bool = False

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
            self._counted = True
        if not self._positions:
            self._remember_positions()
        progress = Progress()
        for path in sorted(self.folder.glob(f"[!.]*{SUFFIX}")):
            if path.name in self._finished:
                continue
            try:
                with _no_search_for_cycles():
                    self._load_file(path, progress)
            except (DataError, ValueError, ArithmeticError):
                if path.name not in self._failing:
                    log.exception("%s cannot be loaded; its clicks wait there.", path)
                self._failing.add(path.name)
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
                if not self.load().behind and not stopping:
                    time.sleep(PAUSE_SECONDS)
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

    def _load_file(self, path: Path, progress: Progress) -> None:
        while True:
            start = self._positions.get(path.name, 0)
            try:
                # Asked before the size: what a worker wrote before it ended is then seen.
                written = is_written(path)
                if written and path.stat().st_size == start:
                    return
                batch = self._read(path, start, written)
            except FileNotFoundError:
                return
            # Before the transaction: it must not hold up other writers for long.
            self.store.prepare({record.user_agent for record in batch.records})
            with self.store.transaction() as connection:
                stored = self._place(connection, path.name)
                if stored == start:
                    self._store_batch(connection, path.name, batch)
            if stored != start:  # another loader was here: read on from where it stopped
                self._positions[path.name] = stored
                continue
            self._positions[path.name] = batch.end
            behind = bool(batch.records) and batch.end - start > self._bytes // 2
            self._bytes = min(MOST_BYTES, self._bytes * 2) if behind else BATCH_BYTES
            progress.behind |= behind
            progress.clicks += len(batch.records)
            progress.bad_lines += len(batch.bad)
            if batch.finished:
                self._finished.add(path.name)
            if batch.finished or batch.end == start:
                return

    def _read(self, path: Path, start: int, written: bool) -> _Batch[Record]:
        """Read and decode a batch. Raises `FileNotFoundError`."""
        most = self._bytes
        with path.open("rb") as file:
            file.seek(start)
            data = file.read(most)
            at_end = not file.read(1)
        finished = at_end and not written
        # A last line without its end is still being written, or torn where nobody writes it any
        # more. One that fills a whole batch was never a click's.
        hopeless = finished or (len(data) == most and b"\n" not in data)
        used = len(data) if hopeless else data.rfind(b"\n") + 1
        return _Batch(start, start + used, finished, *self._decode_lines(data[:used]))

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

    def _store_batch(self, connection: Connection, name: str, batch: _Batch[Record]) -> None:
        self.store.append(connection, batch.records, Origin(name, batch.start))
        if batch.end > batch.start or batch.finished:
            connection.execute(
                update(journals)
                .where(journals.c.name == name)
                .values(
                    position=batch.end,
                    bad_lines=journals.c.bad_lines + len(batch.bad),
                    finished_at=self.clock() if batch.finished else None,
                )
            )
        if batch.bad:
            self._set_aside(name, batch.bad)

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

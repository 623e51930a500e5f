"""Load journal files into the clicks table, each click once, whatever is killed when."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from linktrack.clicks.journal import SUFFIX, is_written
from linktrack.clicks.models import journals
from linktrack.clicks.records import ClickRecord, decode
from linktrack.clicks.store import ClickStore
from linktrack.db import now

log = logging.getLogger(__name__)

BATCH_BYTES: Final = 1024 * 1024  # about 4,000 clicks: a transaction of some 200 ms
IDLE_SECONDS: Final = 0.2
SET_ASIDE: Final = "set-aside.jsonl"


@dataclass(slots=True)
class Progress:
    """What a pass over the journals did."""

    clicks: int = 0
    bad_lines: int = 0


@dataclass(slots=True)
class Loader:
    """Reads journals in batches; rows, counts and the position in the file move together.

    Several loaders may run beside each other: each batch asks the database where the file stands.
    """

    store: ClickStore
    folder: Path
    keep: timedelta = timedelta(days=7)
    _positions: dict[str, int] = field(default_factory=dict)
    _finished: set[str] = field(default_factory=set)

    def load(self) -> Progress:
        """Load all there is at this moment, and delete files that were finished long ago."""
        progress = Progress()
        for path in sorted(self.folder.glob(f"[!.]*{SUFFIX}")):
            if path.name not in self._finished:
                self._load_file(path, progress)
        self._delete_finished()
        return progress

    def follow(self, stop: Callable[[], bool]) -> None:
        """Load what comes until `stop` says so, then once more to the end."""
        failures = 0
        stopping = False
        while not stopping:
            stopping = stop()
            try:
                if self.load().clicks == 0 and not stopping:
                    time.sleep(IDLE_SECONDS)
                failures = 0
            except (SQLAlchemyError, OSError) as error:  # clicks wait in the journals
                failures += 1
                if failures == 1:
                    log.error("Loading waits, the journals grow: %s", error)
                if not stopping:
                    time.sleep(min(5.0, IDLE_SECONDS * 2**failures))

    def _load_file(self, path: Path, progress: Progress) -> None:
        while True:
            known = self._positions.get(path.name)
            try:
                # Asked before the size: what a worker wrote before it ended is then seen.
                written = is_written(path)
                size = path.stat().st_size
            except FileNotFoundError:
                return
            if written and known == size:
                return
            with self.store.transaction() as connection:
                position, finished = self._load_batch(connection, path, written, progress)
            self._positions[path.name] = position
            if finished:
                self._finished.add(path.name)
            if finished or position == known:
                return

    def _load_batch(
        self, connection: Connection, path: Path, written: bool, progress: Progress
    ) -> tuple[int, bool]:
        """Load one batch; return the new position, and whether the file is done for good."""
        row = connection.execute(
            select(journals.c.position, journals.c.finished_at).where(journals.c.name == path.name)
        ).one_or_none()
        if row is None:
            connection.execute(insert(journals).values(name=path.name, position=0))
        start = 0 if row is None else row.position
        with path.open("rb") as file:
            file.seek(start)
            data = file.read(BATCH_BYTES)
            at_end = not file.read(1)
        finished = at_end and not written
        # A last line without its end is still being written, or torn where nobody writes it any
        # more. One that fills a whole batch was never a click's.
        hopeless = finished or (len(data) == BATCH_BYTES and b"\n" not in data)
        used = len(data) if hopeless else data.rfind(b"\n") + 1
        records, bad = _decode_lines(data[:used])
        self.store.append(connection, records)
        if used or finished:
            connection.execute(
                update(journals)
                .where(journals.c.name == path.name)
                .values(
                    position=start + used,
                    bad_lines=journals.c.bad_lines + len(bad),
                    finished_at=(row.finished_at if row else None) or now() if finished else None,
                )
            )
        if bad:
            self._set_aside(path.name, bad)
        progress.clicks += len(records)
        progress.bad_lines += len(bad)
        return start + used, finished

    def _set_aside(self, name: str, lines: list[bytes]) -> None:
        log.error("%d damaged lines of %s are set aside in %s.", len(lines), name, SET_ASIDE)
        with (self.folder / SET_ASIDE).open("ab") as file:
            file.writelines(line + b"\n" for line in lines)

    def _delete_finished(self) -> None:
        if not self._finished:
            return
        due = now() - self.keep
        with self.store.engine.connect() as connection:
            names = connection.scalars(
                select(journals.c.name).where(journals.c.finished_at < due)
            ).all()
        for name in names:
            (self.folder / name).unlink(missing_ok=True)
            self._finished.discard(name)
            self._positions.pop(name, None)
        if names:
            with self.store.transaction() as connection:
                connection.execute(delete(journals).where(journals.c.name.in_(names)))


def _decode_lines(data: bytes) -> tuple[list[ClickRecord], list[bytes]]:
    """Return the clicks and the damaged lines; blank lines are nothing."""
    records: list[ClickRecord] = []
    bad: list[bytes] = []
    for line in filter(None, data.split(b"\n")):
        try:
            records.append(decode(line))
        except (ValueError, RecursionError):
            bad.append(line)
    return records, bad

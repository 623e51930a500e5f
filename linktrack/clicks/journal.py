"""The journal: every click on disk before its answer, one append-only file per worker process.

The writer holds a lock (flock) on its open file, so that the loader can tell a file that is
still written from one whose worker has rotated it, ended or died.
"""

import fcntl
import logging
import os
import threading
import time
import uuid
from pathlib import Path
from typing import Final

from linktrack.settings import JournalSync

log = logging.getLogger(__name__)

SUFFIX: Final = ".journal"
ROTATE_BYTES: Final = 64 * 1024 * 1024
ROTATE_SECONDS: Final = 3600.0
SYNC_SECONDS: Final = 0.05  # what a power cut can take
RETRY_SECONDS: Final = 1.0  # after a journal could not be opened


class Journal:
    """This process's journal. `append` may be called from many threads.

    `lost` counts the clicks that could not be written since the process began.
    """

    def __init__(
        self,
        folder: Path,
        sync: JournalSync = "background",
        rotate_bytes: int = ROTATE_BYTES,
        rotate_seconds: float = ROTATE_SECONDS,
    ) -> None:
        self._folder = folder
        self._always = sync == "always"
        self._rotate_bytes = rotate_bytes
        self._rotate_seconds = rotate_seconds
        self._lock = threading.Lock()
        self._file: int | None = None
        self._opened = 0.0
        self._size = 0
        self._torn = False
        self._retry_at = 0.0
        self._unsynced = threading.Event()
        self._stop = threading.Event()
        self._syncer: threading.Thread | None = None
        self.lost = 0

    def append(self, line: bytes) -> bool:
        """Write one line, which ends in a newline; return whether it is safely written.

        Never raises: a reader is to be redirected whatever the disk does.
        """
        with self._lock:
            if self._file is None and not self._open():
                self.lost += 1
                return False
            assert self._file is not None
            # A line cut short by a full disk is ended first, so that it spoils no other.
            data = b"\n" + line if self._torn else line
            try:
                written = os.write(self._file, data)
                if self._always:
                    _sync(self._file)
            except OSError as error:
                self._lose(error)
                return False
            self._size += written
            if written < len(data):
                self._torn = True
                self._lose(OSError(28, "disk full"))
                return False
            self._torn = False
            if self._size >= self._rotate_bytes or self._age() >= self._rotate_seconds:
                self._shut()
        self._unsynced.set()
        return True

    def _age(self) -> float:
        return time.monotonic() - self._opened

    def _lose(self, error: OSError) -> None:
        if self.lost == 0:
            log.error("Clicks are being lost, redirects go on: %s", error)
        self.lost += 1

    def _open(self) -> bool:
        if time.monotonic() < self._retry_at:
            return False
        name = f"{uuid.uuid4().hex}{SUFFIX}"
        temporary = self._folder / f".{name}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            # Locked before it gets its name: a file the loader sees is never mistaken for done.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            temporary.rename(self._folder / name)
        except OSError as error:
            if self.lost == 0:
                log.error("The journal cannot be opened, clicks are lost: %s", error)
            self._retry_at = time.monotonic() + RETRY_SECONDS
            return False
        self._file, self._opened, self._size, self._torn = file, time.monotonic(), 0, False
        if self._syncer is None and not self._always:
            self._syncer = threading.Thread(target=self._sync_often, name="journal", daemon=True)
            self._syncer.start()
        return True

    def _shut(self) -> None:
        if self._file is not None:
            try:
                _sync(self._file)
            except OSError as error:
                log.error("The journal could not be synced: %s", error)
            os.close(self._file)
            self._file = None

    def _sync_often(self) -> None:
        while not self._stop.is_set():
            self._unsynced.wait()
            self._unsynced.clear()
            with self._lock:
                # A duplicate: the file may be rotated while we wait for the disk.
                file = None if self._file is None else os.dup(self._file)
            if file is not None:
                try:
                    _sync(file)
                except OSError as error:
                    log.error("The journal could not be synced: %s", error)
                finally:
                    os.close(file)
            self._stop.wait(SYNC_SECONDS)

    def close(self) -> None:
        """End the file; the loader then takes it as done."""
        self._stop.set()
        self._unsynced.set()
        with self._lock:
            self._shut()
        if self._syncer is not None:
            self._syncer.join(timeout=5)
            self._syncer = None


# macOS has no fdatasync.
_sync = getattr(os, "fdatasync", os.fsync)


def is_written(path: Path) -> bool:
    """Whether a living worker still writes this journal."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False

"""The journal: every click on disk before its answer, one append-only file per worker process.

The writer holds a lock (flock) on its open file, so that the loader can tell a file that is
still written from one whose worker has rotated it, ended or died.
"""

import errno
import fcntl
import logging
import os
import threading
import time
import uuid
from pathlib import Path
from typing import Final

from linktrack.clicks.capture.losses import Losses
from linktrack.settings import JournalSync

log = logging.getLogger(__name__)

SUFFIX: Final = ".journal"
ROTATE_BYTES: Final = 64 * 1024 * 1024
ROTATE_SECONDS: Final = 3600.0
SYNC_SECONDS: Final = 0.05  # what a power cut can take
CHECK_SECONDS: Final = 1.0  # between two looks whether the file is still there
RETRY_SECONDS: Final = 1.0  # after a journal could not be opened


class Journal:
    """This process's journal. `append` may be called from many threads.

    Clicks that cannot be written are counted (losses.py).
    """

    def __init__(
        self,
        folder: Path,
        sync: JournalSync = "background",
        rotate_bytes: int = ROTATE_BYTES,
        rotate_seconds: float = ROTATE_SECONDS,
        sync_seconds: float = SYNC_SECONDS,
    ) -> None:
        self._folder = folder
        self._name = ""
        self._losses = Losses(folder)
        self._always = sync == "always"
        self._rotate_bytes = rotate_bytes
        self._rotate_seconds = rotate_seconds
        self._sync_seconds = sync_seconds
        self._lock = threading.Lock()
        self._file: int | None = None
        self._opened = 0.0
        self._size = 0
        self._torn = False
        self._retry_at = 0.0
        self._unsynced = threading.Event()
        self._stop = threading.Event()
        self._syncer: threading.Thread | None = None
        self._check_at = 0.0

    @property
    def waits(self) -> bool:
        """Whether `append` waits for the disk."""
        return self._always

    @property
    def lost(self) -> int:
        """How many clicks could not be written since the process began."""
        return self._losses.count

    def append(self, line: bytes) -> bool:
        """Write one line, which ends in a newline; return whether it is safely written.

        Never raises: the reader is redirected whatever the disk does.
        """
        with self._lock:
            if self._file is None and not self._open():
                self._losses.add()
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
                self._lose(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
                return False
            self._torn = False
            now = time.monotonic()
            if self._size >= self._rotate_bytes or now - self._opened >= self._rotate_seconds:
                self._shut()
            elif now >= self._check_at:
                self._check_at = now + CHECK_SECONDS
                self._restore()
        if not self._unsynced.is_set():  # setting it takes 3 µs
            self._unsynced.set()
        return True

    def _lose(self, error: OSError) -> None:
        if self.lost == 0:
            log.error("Clicks are being lost, links keep working: %s", error)
        self._losses.add()

    def _open(self) -> bool:
        if time.monotonic() < self._retry_at:
            return False
        self._name = f"{uuid.uuid4().hex}{SUFFIX}"
        try:
            self._file = self._create(b"")
        except OSError as error:
            if self.lost == 0:
                log.error("The journal cannot be opened, clicks are lost: %s", error)
            self._retry_at = time.monotonic() + RETRY_SECONDS
            return False
        self._losses.prepare()
        self._opened, self._size, self._torn = time.monotonic(), 0, False
        if self._syncer is None and not self._always:
            self._syncer = threading.Thread(target=self._sync_often, name="journal", daemon=True)
            self._syncer.start()
        return True

    def _create(self, content: bytes) -> int:
        temporary = self._folder / f".{self._name}"
        self._folder.mkdir(parents=True, exist_ok=True)
        file = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            # Locked before it gets its name: a file the loader sees is never mistaken for done.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write_whole(file, content)
            temporary.rename(self._folder / self._name)
        except OSError:
            os.close(file)
            temporary.unlink(missing_ok=True)
            raise
        return file

    def _restore(self) -> None:
        """Write a file that was deleted under us anew, whole, under its name.

        The loader knows it by its name and how far it has come: each click still counts once.
        """
        assert self._file is not None
        if os.fstat(self._file).st_nlink:
            return
        try:
            content = os.pread(self._file, self._size, 0)
            restored = self._create(content)
        except OSError as error:
            log.error("The journal was deleted and cannot be recreated: %s", error)
            return
        log.warning("The journal %s was deleted; it is recreated.", self._name)
        os.close(self._file)
        self._file = restored

    def _shut(self) -> None:
        if self._file is not None:
            try:
                self._restore()
                _sync(self._file)
            except OSError as error:
                log.error("The journal could not be synced: %s", error)
            os.close(self._file)
            self._file = None

    def _sync_often(self) -> None:
        while not self._stop.is_set():
            self._unsynced.wait()
            self._unsynced.clear()
            try:
                self._sync_now()
            except OSError as error:
                self._unsynced.set()  # tried again, also if no click comes
                log.error("The journal could not be synced: %s", error)
                self._stop.wait(RETRY_SECONDS)
            self._losses.settle()
            self._stop.wait(self._sync_seconds)

    def _sync_now(self) -> None:
        with self._lock:
            # A duplicate: the file may be rotated while we wait for the disk.
            file = None if self._file is None else os.dup(self._file)
        if file is not None:
            try:
                _sync(file)
            finally:
                os.close(file)

    def close(self) -> None:
        """End the file; the loader then takes it as done."""
        self._stop.set()
        self._unsynced.set()
        with self._lock:
            self._shut()
        if self._syncer is not None:
            self._syncer.join(timeout=5)
            self._syncer = None


def _write_whole(file: int, content: bytes) -> None:
    if os.write(file, content) < len(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


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

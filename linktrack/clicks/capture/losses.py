"""Losses: count the clicks that this node could not write down, across processes and restarts.

A few bytes in the journals' folder, made while there is room: they are written over in place, so
that a full disk can still count. What cannot be written even so waits in memory.
"""

import fcntl
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NAME: Final = "lost-clicks"
_FORM: Final = "{:020d} {:014d}\n"  # how many, and when the last one was (ms since 1970 UTC)
_SIZE: Final = len(_FORM.format(0, 0))


@dataclass(frozen=True, slots=True)
class Lost:
    """Clicks that were answered and could not be written; `last_at` in ms since 1970 UTC."""

    count: int = 0
    last_at: int = 0


class Losses:
    """Counts lost clicks for one process, into the file that all processes of the node share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._waiting = 0
        self.count = 0

    def prepare(self) -> None:
        """Make the file while there is room. Never raises: it is tried again."""
        with suppress(OSError):
            file = os.open(self._folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(file, _FORM.format(0, 0).encode())
            finally:
                os.close(file)
        self.settle()

    def add(self) -> None:
        """Count one more lost click. Never raises."""
        with self._lock:
            self.count += 1
            self._waiting += 1
        self.settle()

    def settle(self) -> None:
        """Bring what waits in memory into the file, if that is possible now. Never raises."""
        if not self._waiting:
            return
        with self._lock, suppress(OSError):
            _add(self._folder / NAME, self._waiting)
            self._waiting = 0


def _add(path: Path, more: int) -> None:
    file = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        lost = _parse(os.pread(file, _SIZE, 0))
        line = _FORM.format(lost.count + more, int(time.time() * 1000)).encode()
        if os.pwrite(file, line, 0) < len(line):
            raise OSError("disk full")
    finally:
        os.close(file)


def read_lost(folder: Path) -> Lost:
    """Return how many clicks this node has ever lost, and when the last."""
    try:
        return _parse((folder / NAME).read_bytes())
    except FileNotFoundError:
        return Lost()


def _parse(line: bytes) -> Lost:
    try:
        count, last_at = map(int, line.split())
    except ValueError:  # made on a disk that was full already
        return Lost()
    return Lost(count, last_at)

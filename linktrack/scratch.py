"""Scratch folders: where a large file is made, whole before it gets its name.

A killed process leaves its folder, perhaps with a copy of the database in it. Its lock is gone with
it, so the next one that works beside it clears it away.
"""

import fcntl
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO, Final

from linktrack.errors import Unavailable

FRESH: Final = 60.0  # seconds in which a folder may not be locked yet


@contextmanager
def scratch(parent: Path, name: str) -> Iterator[Path]:
    """Make a folder in `parent` that only its owner reads, and delete it with all it holds.

    Those of that name that a killed process has left are deleted first. Raises `OSError`.
    """
    clear(parent, name)
    folder = parent / f".{name}.{token_hex(4)}"
    folder.mkdir(mode=0o700)
    try:
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(lock)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file (mode 0600) that gets the name `path` once it is written to its end.

    A file of that name is kept until then. Raises `OSError`.
    """
    with scratch(path.parent, path.name) as work:
        whole = work / "whole"
        descriptor = os.open(whole, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        whole.replace(path)


def clear(parent: Path, name: str) -> None:
    """Delete the scratch folders of that name that nobody works in; what fails is left."""
    for folder in left_over(parent, name):
        shutil.rmtree(folder, ignore_errors=True)


def left_over(parent: Path, name: str) -> list[Path]:
    """Return the scratch folders of that name that a killed process has left in `parent`."""
    form = re.compile(rf"\.{re.escape(name)}\.[0-9a-f]{{8}}")
    found = []
    with suppress(OSError):
        for entry in os.scandir(parent):
            if form.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                path = Path(entry.path)
                if not _is_in_use(path):
                    found.append(path)
    return sorted(found)


def _is_in_use(folder: Path) -> bool:
    try:
        if time.time() - folder.stat().st_mtime < FRESH:
            return True
        lock = os.open(folder, os.O_RDONLY)
    except OSError:  # gone, or another user's
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def require_file(path: Path) -> None:
    """Raise `Unavailable` if there is something under this name that is no file: a device, say."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.stat().st_mode):
            raise Unavailable(f"{path} is there already and is no file: choose another name.")

"""Write export files: complete or not at all, with one clear error for a full disk."""

import errno
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from linktrack.errors import Unavailable
from linktrack.scratch import whole_file


def save(path: Path, blocks: Iterable[str]) -> None:
    """Write text as UTF-8 to a file beside `path` (mode 0600), then give it that name.

    A file of that name is kept until the new one is whole; into a device or a pipe, such as
    /dev/stdout, it is written as it comes. Raises `Unavailable` if it cannot be written.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as file:
                _write(file, blocks)
            return
        with whole_file(path) as file:
            _write(file, blocks)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}.") from error


def _write(file: IO[bytes], blocks: Iterable[str]) -> None:
    for block in blocks:
        file.write(block.encode())
    file.flush()


def print_blocks(file: IO[bytes], blocks: Iterable[str]) -> None:
    """Write text as UTF-8 to standard output.

    Raises `Unavailable` if it cannot be written; a reader that has gone is left to the caller
    (`BrokenPipeError`).
    """
    try:
        _write(file, blocks)
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        raise Unavailable(f"Standard output cannot be written: {error.strerror}.") from error

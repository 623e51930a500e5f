"""Write export files: complete or not at all, with one clear error for a full disk."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from secrets import token_hex
from typing import IO

from linktrack.errors import Unavailable


def save(path: Path, blocks: Iterable[str]) -> None:
    """Write text as UTF-8 to a file beside `path`, then give it that name.

    A file of that name is kept until the new one is whole. Raises `Unavailable` if it cannot
    be written.
    """
    temporary = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        try:
            with temporary.open("xb") as file:
                for block in blocks:
                    file.write(block.encode())
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}.") from error


def print_blocks(file: IO[bytes], blocks: Iterable[str]) -> None:
    """Write text as UTF-8 to standard output.

    Raises `Unavailable` if it cannot be written; a reader that has gone is left to the caller
    (`BrokenPipeError`).
    """
    try:
        for block in blocks:
            file.write(block.encode())
        file.flush()
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        raise Unavailable(f"Standard output cannot be written: {error.strerror}.") from error

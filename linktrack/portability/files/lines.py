"""Old logs as numbered lines: several files, plain or gzip, whole or cut short. Pure."""

import gzip
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from linktrack.errors import Invalid

MOST_LINE: Final = 1_000_000
"""Bytes of a line at most: a log's longest have some thousand."""

_BLOCK: Final = 1 << 18
_GZIP: Final = b"\x1f\x8b"

TOO_LONG: Final = f"it is longer than {MOST_LINE:,} bytes"
CUT_SHORT: Final = "the compressed file is cut short or damaged here"

Line = tuple[int, bytes, str | None]
"""Line number from 1, its bytes without the line's end, and why it cannot be read, or None."""


def read_lines(path: Path, progress: Callable[[int], None] = lambda _: None) -> Iterator[Line]:
    """Yield the lines of a file; its content shows whether it is compressed.

    What a cut-off or damaged compressed file still gives is given, and then one line that says
    so. `progress` is called with how many bytes of the file were read since its last call.
    Raises `Invalid` if the file cannot be opened.
    """
    try:
        file = path.open("rb")
        compressed = file.read(2) == _GZIP
        file.seek(0)
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        number = 0
        for number, (line, why) in enumerate(_lines(_blocks(file, compressed, progress)), 1):
            yield number, line, why


def _blocks(
    file: IO[bytes], compressed: bool, progress: Callable[[int], None]
) -> Iterator[bytes | None]:
    """Yield the content in blocks, and None behind the last where it is damaged."""
    # read1 gives what is there before a damage; read would lose it.
    read = gzip.GzipFile(fileobj=file).read1 if compressed else file.read
    reported = 0
    try:
        while block := read(_BLOCK):
            yield block
            position = os.lseek(file.fileno(), 0, os.SEEK_CUR)
            progress(position - reported)
            reported = position
    except (EOFError, zlib.error, gzip.BadGzipFile):
        yield None


def _lines(blocks: Iterator[bytes | None]) -> Iterator[tuple[bytes, str | None]]:
    rest = b""
    too_long = False
    for block in blocks:
        if block is None:
            # What precedes the damage is not a whole line.
            yield rest, CUT_SHORT
            return
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            if too_long or len(line) > MOST_LINE:
                yield b"", TOO_LONG
            else:
                yield line.rstrip(b"\r"), None
            too_long = False
        if len(rest) > MOST_LINE:
            rest, too_long = b"", True
    if rest or too_long:
        yield (b"", TOO_LONG) if too_long else (rest.rstrip(b"\r"), None)

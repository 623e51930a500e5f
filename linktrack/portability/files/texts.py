"""Files of text as they come: compressed or not, in UTF-8 or UTF-16. Pure."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, TypeAlias, cast

from linktrack.errors import Invalid

Progress: TypeAlias = Callable[[int], None]

_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_UTF16: Final = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_SAMPLE: Final = 1_000


@contextmanager
def open_text(path: Path, progress: Progress = lambda _: None) -> Iterator["Text"]:
    """Open a file as text, whose lines keep their ends; its content shows how it is encoded.

    What is not UTF-8 becomes U+FFFD. `progress` is called with how many bytes of the file were
    read since its last call. Raises `Invalid` if it cannot be opened, or is a spreadsheet.
    """
    try:
        file = path.open("rb")
        head = file.read(len(_ZIP))
        file.seek(0)
    except OSError as error:
        why = error.strerror or "it isn't a file, but a pipe"
        raise Invalid(f"{path} cannot be read: {why}.") from error
    with file:
        if head == _ZIP:
            raise Invalid(f"{path.name} is a spreadsheet or a ZIP file: save its table as CSV.")
        watched = _Watched(file, progress)
        raw: io.RawIOBase = _Unzipped(watched) if head.startswith(_GZIP) else watched
        buffered = io.BufferedReader(raw, 1 << 18)
        encoding = _encoding(buffered.peek(_SAMPLE)[:_SAMPLE])
        text = Text(buffered, encoding, "replace", newline="")
        text.source = raw
        yield text


class Text(io.TextIOWrapper):
    """An opened text."""

    source: io.RawIOBase

    @property
    def is_damaged(self) -> bool:
        """Whether it ends where its compression is cut short or damaged."""
        return isinstance(self.source, _Unzipped) and self.source.is_damaged


class _Watched(io.RawIOBase):
    """A file that says how much of it was read."""

    def __init__(self, file: IO[bytes], progress: Progress) -> None:
        self._file = file
        self._progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        read: int = self._file.readinto(buffer)  # type: ignore[attr-defined]
        self._progress(read)
        return read


class _Unzipped(io.RawIOBase):
    """What a gzip file holds, up to its end or to where it is damaged."""

    def __init__(self, file: io.RawIOBase) -> None:
        self.is_damaged = False
        self._file = gzip.GzipFile(fileobj=cast("IO[bytes]", file))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if self.is_damaged:
            return 0
        try:
            block = self._file.read1(len(buffer))  # read would lose what stands before a damage
        except (EOFError, zlib.error, gzip.BadGzipFile):
            self.is_damaged = True
            return 0
        buffer[: len(block)] = block
        return len(block)


def _encoding(sample: bytes) -> str:
    """Return how text that begins so is encoded; UTF-16 without its mark shows by its zeros."""
    if sample[:2] in _UTF16:
        return _UTF16[sample[:2]]
    if len(sample) > 3 and 0 in sample:
        even, odd = sample[::2].count(0), sample[1::2].count(0)
        if min(even, odd) * 10 < max(even, odd) > len(sample) // 4:
            return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8-sig"

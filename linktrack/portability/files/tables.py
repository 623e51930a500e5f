"""Tables as CSV, as programs and people save them, row by row. Pure."""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from linktrack.errors import Invalid
from linktrack.portability.files.lines import CUT_SHORT, MOST_LINE, TOO_LONG
from linktrack.portability.files.texts import Progress, open_text

MOST_CELL: Final = 100_000
MOST_ROW: Final = 4 * MOST_LINE
"""Characters of a row whose quoted cells go over several lines."""

_SEPARATOR: Final = re.compile(r"\"?sep=(.)\"?", re.IGNORECASE)
_QUOTED: Final = re.compile(r'"[^"]*"')


class Row(NamedTuple):
    """A row of a table with the number of its first line, or why it cannot be read."""

    number: int
    cells: tuple[str, ...] = ()
    broken: str | None = None


def table_rows(path: Path, progress: Progress = lambda _: None) -> Iterator[Row]:
    """Yield the rows of a CSV file, the header first; blank ones are nothing.

    Cells are parted by commas, semicolons or tabs, whichever the header has most of, or by what a
    first line `sep=;` says. Text is UTF-8 or UTF-16, compressed by gzip or not; lines end as on any
    system. A row that is not CSV, or that has more cells than the header, is broken, and those
    behind it are read. Raises `Invalid` if the file cannot be opened, or its header not be read.
    """
    with open_text(path, progress) as text:
        number = 0
        for place, row in enumerate(rows_of(text)):
            if place == 0 and row.broken is not None:
                raise Invalid(f"{path.name}, line {row.number}: {row.broken}.")
            number = row.number
            yield row
        if text.is_damaged:
            yield Row(number + 1, broken=CUT_SHORT)


def rows_of(text: TextIO) -> Iterator[Row]:
    """Yield the rows of a table in a text whose lines keep their ends, as `table_rows` does.

    The header, too, may be broken; then nothing comes behind it.
    """
    lines = _Lines(text.readline)
    said = _SEPARATOR.fullmatch(lines.peek().strip())
    if said:
        lines.take()
    while (header := lines.peek()) and not header.strip():
        lines.take()
    delimiter = said[1] if said else max(",;\t", key=_QUOTED.sub("", header).count)
    records = _records(lines, delimiter)
    first = next(records, None)
    if first is None:
        return
    yield first
    if first.broken is not None:
        return
    for row in records:
        if row.broken is not None or any(cell.strip() for cell in row.cells):
            yield _judged(row, len(first.cells), lines)


def _judged(row: Row, names: int, lines: "_Lines") -> Row:
    if row.broken is not None:
        return row
    cells = row.cells
    if any(cell.strip() for cell in cells[names:]):
        return Row(
            row.number,
            cells,
            f"it has {len(cells)} cells, and the first line names {names}: put cells with commas "
            "in quotation marks",
        )
    if len(cells) < names and lines.is_torn:
        return Row(row.number, cells, "the file is cut short here")
    return row._replace(cells=cells[:names])


class _Lines:
    """The lines of a file, each with its end, which can be put back."""

    def __init__(self, readline: Callable[[int], str]) -> None:
        self._readline = readline
        self._waiting: deque[str] = deque()
        self.number = 0
        self.is_torn = False
        """Whether the last line that was read has no end."""
        self.problem: str | None = None
        """Why there are no more lines, where that is not the file's end."""

    def peek(self) -> str:
        """Return the next line, "" at the end."""
        if not self._waiting:
            line = self._read()
            if not line:
                return ""
            self._waiting.append(line)
        return self._waiting[0]

    def take(self) -> str:
        """Return the next line and go on, "" at the end."""
        line = self.peek()
        if line:
            self._waiting.popleft()
            self.number += 1
        return line

    def put_back(self, lines: list[str]) -> None:
        """Give these lines once more."""
        self._waiting.extendleft(reversed(lines))
        self.number -= len(lines)

    def _read(self) -> str:
        line = self._readline(MOST_LINE)
        self.is_torn = not line.endswith(("\n", "\r"))
        if self.is_torn and len(line) >= MOST_LINE:
            self.problem = TOO_LONG
            return ""
        return line


def _records(lines: _Lines, delimiter: str) -> Iterator[Row]:
    """Yield records; where one is broken, go on with the line behind its first."""
    csv.field_size_limit(MOST_CELL)
    taken: list[str] = []

    held = 0

    def feed() -> Iterator[str]:
        nonlocal held
        while line := lines.take():
            taken.append(line)
            held += len(line)
            if held > MOST_ROW:
                raise csv.Error("its cells have too many lines")
            yield line.replace("\0", "\ufffd")

    while lines.peek():
        first = lines.number + 1
        # One reader for many records: a new one begins only behind a broken record.
        reader = csv.reader(feed(), delimiter=delimiter, strict=True)
        while True:
            taken.clear()
            held = 0
            try:
                cells = next(reader, None)
            except csv.Error as error:
                lines.put_back(taken[1:])
                yield Row(first, broken=_why(error, len(taken)))
                break
            if cells is None:
                break
            if cells:
                yield Row(first, tuple(cells))
            first = lines.number + 1
    if lines.problem is not None:
        yield Row(lines.number + 1, broken=lines.problem)


def _why(error: csv.Error, lines: int) -> str:
    if lines > 1 or "end of data" in str(error):
        return "a quotation mark opens here and is not closed"
    return f"it isn't CSV ({error})"

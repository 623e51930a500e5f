"""Read logs with one click a line; skip blank lines and count broken ones."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from linktrack.portability.clicks.old_clicks import OldClick, OldLine, Progress
from linktrack.portability.files.lines import read_lines


def line_by_line(
    parse: Callable[[bytes, float], OldClick | None],
) -> Callable[[Path, float, Progress], Iterator[OldLine]]:
    """Return what reads a file whose lines `parse` understands.

    `parse(line, latest)` returns a line's click, None where it says of none, and raises
    `ValueError` with a clause that says what is wrong.
    """

    def read(path: Path, latest: float, progress: Progress) -> Iterator[OldLine]:
        for number, line, why in read_lines(path, progress):
            if why is not None:
                yield OldLine(number, line, broken=why)
            elif not line.strip():
                yield OldLine(number, line, blank=True)
            else:
                try:
                    yield OldLine(number, line, parse(line, latest))
                except ValueError as error:
                    yield OldLine(number, line, broken=str(error))

    return read


def json_object(line: bytes) -> dict[str, object] | None:
    """Return the JSON object of a line, None where it is none."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None

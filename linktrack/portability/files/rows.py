"""Rows of CSV files and objects of JSON files, as rivals export them, one after another."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from linktrack.errors import Invalid
from linktrack.portability.files.lines import read_lines

MOST_JSON: Final = 256 * 1024 * 1024  # bytes of one JSON document, which is read whole
MOST_CELL: Final = 100_000

Progress = Callable[[int], None]


def csv_rows(path: Path, progress: Progress) -> Iterator[tuple[int, list[str]]]:
    """Yield the records of a CSV file with the number of their last line, the header first.

    Comma, semicolon or tab, whichever the header has most of. Raises `Invalid` if the file
    cannot be read or has a cell too long to be one.
    """
    lines = _texts(path, progress)
    first = next(lines, None)
    if first is None:
        return
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(MOST_CELL)
    reader = csv.reader(_again(first, lines), delimiter=delimiter)
    try:
        for record in reader:
            yield reader.line_num, record
    except csv.Error as error:
        raise Invalid(f"{path.name}, line {reader.line_num}: it is no CSV ({error}).") from error


def _texts(path: Path, progress: Progress) -> Iterator[str]:
    for number, line, why in read_lines(path, progress):
        if why is not None:
            raise Invalid(f"{path.name}, line {number}: {why}.")
        text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace")
        yield text.replace("\0", "\ufffd") + "\n"


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def json_objects(
    path: Path, containers: Sequence[str], progress: Progress
) -> Iterator[tuple[int, object]]:
    """Yield the objects of a JSON file with their numbers from 1.

    The file is one document, or one on each line: lists of objects, or pages that hold such a
    list below one of `containers` (`shortUrls.data`). Raises `Invalid`.
    """
    number = 0
    for page in _documents(path, progress):
        for item in _items(page, containers):
            number += 1
            yield number, item


def _documents(path: Path, progress: Progress) -> Iterator[object]:
    try:
        if path.stat().st_size > MOST_JSON:
            raise Invalid(f"{path.name} is larger than 256 MB: split it into its pages.")
        content = path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from error
    progress(len(content))
    try:
        yield json.loads(content)
    except (ValueError, RecursionError):
        lines = [line for line in content.splitlines() if line.strip()]
        for number, line in enumerate(lines, 1):
            try:
                yield json.loads(line)
            except (ValueError, RecursionError) as error:
                raise Invalid(f"{path.name}, line {number}: it is no JSON.") from error


def _items(page: object, containers: Sequence[str]) -> Iterator[object]:
    if isinstance(page, list):
        for item in page:
            yield from _items(item, containers) if _is_page(item, containers) else (item,)
    elif isinstance(page, Mapping) and _is_page(page, containers):
        yield from _below(page, containers) or ()
    else:
        yield page


def _is_page(page: object, containers: Sequence[str]) -> bool:
    return isinstance(page, Mapping) and _below(page, containers) is not None


def _below(page: Mapping[str, object], containers: Sequence[str]) -> list[object] | None:
    for container in containers:
        found: object = page
        for name in container.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        if isinstance(found, Mapping):  # YOURLS numbers its links: link_1, link_2
            found = list(found.values())
        if isinstance(found, list):
            return found
    return None


def is_json(path: Path) -> bool:
    """Whether a file begins as JSON does; raises `Invalid` if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(1000).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from error

"""Objects of JSON files, as rivals export them, one after another. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from linktrack.errors import Invalid
from linktrack.portability.files.lines import CUT_SHORT
from linktrack.portability.files.texts import Progress, open_text

MOST_JSON: Final = 256 * 1024 * 1024  # characters of one JSON document, which is read whole


class Item(NamedTuple):
    """What stands at a place of a JSON file, or why it cannot be read; it is a number from 1."""

    number: int
    value: object = None
    broken: str | None = None


def json_items(
    path: Path, containers: Sequence[str], progress: Progress = lambda _: None
) -> Iterator[Item]:
    """Yield what a JSON file lists, with its number: that of its line where each line is one.

    The file is one document, or one on each line: lists of objects, or pages that hold such a
    list below one of `containers` (`shortUrls.data`). Of lines one that is no JSON is broken.
    Raises `Invalid` if the file cannot be read, or is one document that is none.
    """
    content = _content(path, progress)
    try:
        page = json.loads(content)
    except (ValueError, RecursionError) as error:
        yield from _of_lines(path, content, containers, getattr(error, "lineno", 1))
        return
    for number, value in enumerate(_items(page, containers), 1):
        yield Item(number, value)


def _content(path: Path, progress: Progress) -> str:
    with open_text(path, progress) as text:
        content = text.read(MOST_JSON + 1)
        if text.is_damaged:
            raise Invalid(f"{path.name}: {CUT_SHORT}.")
    if len(content) > MOST_JSON:
        raise Invalid(f"{path.name} is larger than 256 MB: split it into its pages.")
    return content


def _of_lines(path: Path, content: str, containers: Sequence[str], where: int) -> Iterator[Item]:
    """Yield what each line lists, which is a document of its own."""
    lines = [(number, line) for number, line in enumerate(content.split("\n"), 1) if line.strip()]
    first = _page(lines[0][1]) if lines else None
    if not isinstance(first, Mapping | list):
        raise Invalid(f"{path.name} isn't JSON: it is cut short or damaged at line {where}.")
    for number, line in lines:
        page = _page(line)
        if not isinstance(page, Mapping | list):
            yield Item(number, broken="it isn't JSON")
            continue
        for value in _items(page, containers):
            yield Item(number, value)


def _page(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


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
    with open_text(path) as text:
        return text.read(1_000).lstrip()[:1] in ("{", "[")

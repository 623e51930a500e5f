"""The files in which other shorteners hand out links, each read as rows."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from linktrack.errors import Invalid
from linktrack.portability.files.rows import csv_rows, is_json, json_objects
from linktrack.portability.files.sql_dump import dump_rows
from linktrack.portability.links.fields import has_destination, normal, read_link
from linktrack.portability.links.importing import LinkFormat, LinkRow, Reading

CONTAINERS: Final = ("shortUrls.data", "links", "data", "result", "list")
"""Where pages of APIs keep their links: Shlink; Bitly and YOURLS; Kutt; the YOURLS plugins."""

YOURLS_COLUMNS: Final = ("keyword", "url", "title", "timestamp", "ip", "clicks")


def read_table(path: Path, reading: Reading) -> Iterator[LinkRow]:
    """Yield the links of pages of an API, or of a CSV file; which it is its content tells."""
    if is_json(path):
        yield from _read_json(path, reading)
        return
    rows = csv_rows(path, reading.progress)
    _, header = next(rows, (0, []))
    if not has_destination(header):
        raise Invalid(
            f"{path.name} has no column of long addresses: name it Long URL in its first line."
        )
    names = [normal(name) for name in header]
    for number, cells in rows:
        if any(cell.strip() for cell in cells):
            yield _row(number, dict(zip(names, cells, strict=False)), reading)


def read_yourls(path: Path, reading: Reading) -> Iterator[LinkRow]:
    """Yield the links of a YOURLS database dump, or of what its plugins list as JSON."""
    if is_json(path):
        yield from _read_json(path, reading)
        return
    number = 0
    rows = dump_rows(path, "_url", YOURLS_COLUMNS, reading.progress)
    for number, fields in enumerate(rows, 1):
        yield _row(number, {**fields}, reading)
    if not number:
        raise Invalid(f"{path.name} is no dump of YOURLS: it fills no table yourls_url.")


def _read_json(path: Path, reading: Reading) -> Iterator[LinkRow]:
    for number, item in json_objects(path, CONTAINERS, reading.progress):
        if isinstance(item, Mapping):
            yield _row(number, {normal(name): value for name, value in item.items()}, reading)
        else:
            yield LinkRow(number, broken="it is not a JSON object")


def _row(number: int, fields: Mapping[str, object], reading: Reading) -> LinkRow:
    try:
        return LinkRow(number, read_link(fields, reading.parse_time))
    except ValueError as error:
        return LinkRow(number, broken=str(error))


LINK_FORMATS: Final = {
    form.name: form
    for form in (
        LinkFormat("yourls", read_yourls),
        LinkFormat("bitly", read_table),
        LinkFormat("shlink", read_table),
        LinkFormat("kutt", read_table),
        LinkFormat("dub", read_table),
        LinkFormat("csv", read_table),
    )
}

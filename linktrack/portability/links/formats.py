"""The files in which other shorteners hand out links, each read as rows."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from linktrack.errors import Invalid
from linktrack.portability.files.rows import is_json, json_items
from linktrack.portability.files.sql_dump import dump_rows
from linktrack.portability.files.tables import table_rows
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
    rows = table_rows(path, reading.progress)
    header = next(rows, None)
    if header is None or not has_destination(list(header.cells)):
        raise Invalid(
            f"{path.name} has no column of long addresses: name it Long URL in its first line."
        )
    names = [normal(name) for name in header.cells]
    for number, cells, broken in rows:
        if broken is not None:
            yield LinkRow(number, broken=broken)
        else:
            yield _row(number, dict(zip(names, cells, strict=False)), reading)


def read_yourls(path: Path, reading: Reading) -> Iterator[LinkRow]:
    """Yield the links of a YOURLS database dump, or of what its plugins list as JSON."""
    if is_json(path):
        yield from _read_json(path, reading)
        return
    is_dump = False
    for row in dump_rows(path, "_url", YOURLS_COLUMNS, reading.progress):
        if row.broken is not None:
            yield LinkRow(row.line, broken=row.broken)
        elif "keyword" in row.values:
            yield _row(row.line, row.values, reading)
        else:
            continue  # another program's table, whose name ends alike
        is_dump = True
    if not is_dump:
        raise Invalid(f"{path.name} isn't a dump of YOURLS: it fills no table yourls_url.")


def _read_json(path: Path, reading: Reading) -> Iterator[LinkRow]:
    for number, item, broken in json_items(path, CONTAINERS, reading.progress):
        if isinstance(item, Mapping):
            yield _row(number, {normal(name): value for name, value in item.items()}, reading)
        else:
            yield LinkRow(number, broken=broken or "it is not a JSON object")


def _row(number: int, fields: Mapping[str, object], reading: Reading) -> LinkRow:
    try:
        link = read_link(fields, reading.parse_time, reading.now, reading.domain)
    except ValueError as error:
        return LinkRow(number, broken=str(error))
    return LinkRow(number, link)


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

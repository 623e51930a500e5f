"""A table of a report as CSV that spreadsheets show and never run. Pure."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from linktrack.portability.files.spreadsheets import joint, protect


def report_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """Return the objects of a list in a report's JSON as CSV with a header, CRLF at line ends.

    Members of inner objects have the outer name before theirs (`account_handle`), lists of texts
    are in one cell with spaces between, other lists are left out; null is an empty cell.
    """
    lines = [dict(_cells("", row)) for row in rows]
    header = list(dict.fromkeys(name for line in lines for name in line))
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="")
    if header:
        writer.writeheader()
        writer.writerows(lines)
    return out.getvalue()


def _cells(name: str, value: object) -> Iterator[tuple[str, str | int | float]]:
    if isinstance(value, dict):
        for inner, part in value.items():
            yield from _cells(f"{name}_{inner}" if name else inner, part)
    elif isinstance(value, list):
        if _are_texts(value):
            yield name, protect(joint(name).join(map(str, value)))
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif isinstance(value, str):
        yield name, protect(value)
    elif isinstance(value, int | float):
        yield name, value
    else:
        yield name, ""


def _are_texts(values: Sequence[object]) -> bool:
    return all(isinstance(value, str) for value in values)

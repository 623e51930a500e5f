"""People on a list, from a CSV file: ids of their network, or handles."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from linktrack.audience.segments import entry_key
from linktrack.errors import Invalid
from linktrack.portability.files.spreadsheets import restore
from linktrack.portability.files.tables import rows_of
from linktrack.portability.followers.counts_csv import read_text_file

MOST: Final = 1_000_000  # people on one list

_COLUMNS: Final = (
    "id",
    "accountid",
    "userid",
    "networkid",
    "did",
    "handle",
    "accountaddress",
    "acct",
    "username",
    "screenname",
    "account",
    "user",
)
"""Names of the column that says who somebody is, best first; spaces and signs do not count."""


def read_list(path: Path, network: str) -> set[str]:
    """Return the people of a CSV file as keys of `segments.entry_key`.

    They are in the column named like an id, else like a handle, else in the only one; a file
    of one column needs no header. Raises `Invalid` naming the line, or `TooLarge`.
    """
    text = read_text_file(path, "a list of people")
    rows = []
    for number, cells, broken in rows_of(io.StringIO(text.lstrip("\ufeff"), newline="")):
        if broken is not None:
            raise Invalid(f"Line {number} of {path.name}: {broken}.")
        rows.append((number, cells))
    column, begin = _column(rows[0][1], path.name)
    keys = set()
    for line, row in rows[begin:]:
        written = restore(row[column]).strip() if column < len(row) else ""
        if not written:
            continue
        try:
            keys.add(entry_key(network, written))
        except Invalid as error:
            raise Invalid(f"Line {line} of {path.name}: {error.sentence}") from error
        if len(keys) > MOST:
            raise Invalid(f"{path.name} has more than {MOST:,} people.")
    if not keys:
        raise Invalid(f"{path.name} names nobody.")
    return keys


def _column(header: Sequence[str], name: str) -> tuple[int, int]:
    """Return which column says who somebody is, and in which row the people begin."""
    plain = [re.sub(r"[^a-z]", "", title.casefold()) for title in header]
    for wanted in _COLUMNS:
        if wanted in plain:
            return plain.index(wanted), 1
    if len(header) == 1:
        return 0, 0
    raise Invalid(
        f"{name} has no column named id or handle: name the one that says who somebody is so."
    )

"""A table of addresses that are to become links, as people paste or save it. Pure."""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from linktrack.errors import Invalid, TooLarge
from linktrack.links.many.rows import MOST_MADE, TOO_MANY, NewRow
from linktrack.portability.files.spreadsheets import restore
from linktrack.portability.files.tables import Row, rows_of
from linktrack.portability.files.texts import open_text
from linktrack.portability.links.fields import normal

MOST_CHARACTERS: Final = 1_000_000
COLUMNS: Final = ("address", "slug", "title", "tags", "note", "account", "domain", "expires")

_NAMES: Final = {
    "address": (
        "address", "destination", "url", "longurl", "longlink", "target", "targeturl",
        "destinationurl", "originalurl", "link",
    ),
    "slug": ("slug", "code", "shortcode", "customslug", "keyword", "backhalf", "alias"),
    "title": ("title", "name"),
    "tags": ("tags", "tag", "labels"),
    "note": ("note", "notes", "comment", "comments"),
    "account": ("account", "handle"),
    "domain": ("domain", "host", "shortdomain", "domainname", "domainfullname"),
    "expires": ("expires", "expiresat", "expiry", "expirydate", "validuntil", "expirationdate"),
}  # fmt: skip
_COLUMN: Final = {name: column for column, names in _NAMES.items() for name in names}
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*:|[^\s,;\t]+\.[^\s,;\t]+", re.IGNORECASE)
_MANGLED: Final = "\ufffd"
_NOT_TEXT: Final = "Its text is not in UTF-8: save the table as “CSV UTF-8”."


@dataclass(frozen=True, slots=True)
class LinkTable:
    """The rows of a table, and the names of its columns that mean nothing here."""

    rows: Sequence[NewRow]
    unread: tuple[str, ...] = ()


def table_text(path: Path) -> str:
    """Return the text of a file: UTF-8 or UTF-16, compressed or not.

    Raises `Invalid` if it can't be read or is a spreadsheet's own file, `TooLarge`.
    """
    with open_text(path) as text:
        read = text.read(MOST_CHARACTERS + 1)
    if len(read) > MOST_CHARACTERS:
        raise TooLarge(f"{path.name} has more than {MOST_CHARACTERS:,} characters: split it.")
    return read


def read_table(text: str) -> LinkTable:
    """Return the rows of a text: an address on each line, or a table with a line of names.

    Raises `Invalid` for one without rows, with more than MOST_MADE, or whose columns are unknown.
    """
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    # A last line has no end where it was pasted; cells that it lacks are empty, not cut off.
    rows = rows_of(io.StringIO(f"{text}\n", newline=""))
    header = next(rows, None)
    if header is None:
        raise Invalid("There are no rows here: write one address on each line.")
    named = [_COLUMN.get(normal(name)) for name in header.cells]
    if "address" in named and len(named) > 1:
        table = LinkTable(_up_to(_of_table(named, rows)), _unread(header, named))
    elif "address" in named or _ADDRESS.match(_plain(_first(text))):
        first = 0 if "address" not in named else header.number
        table = LinkTable(_up_to(_of_lines(text, first)))
    else:
        raise Invalid(
            f"The first line is neither an address nor names a column “address”: {_shown(header)}."
            f" The columns may be {', '.join(COLUMNS)}."
        )
    if not table.rows:
        raise Invalid("There are no rows here, only names of columns.")
    return table


def _first(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")


def _shown(header: Row) -> str:
    return ", ".join(header.cells)[:80] or header.broken or "nothing"


def _unread(header: Row, named: Sequence[str | None]) -> tuple[str, ...]:
    repeated = [name in named[:place] for place, name in enumerate(named)]
    return tuple(
        cell.strip()
        for cell, name, again in zip(header.cells, named, repeated, strict=True)
        if cell.strip() and (name is None or again)
    )


def _up_to(rows: Iterator[NewRow]) -> list[NewRow]:
    found: list[NewRow] = []
    for row in rows:
        if len(found) >= MOST_MADE:
            raise Invalid(TOO_MANY)
        found.append(row)
    return found


def _of_table(named: Sequence[str | None], rows: Iterator[Row]) -> Iterator[NewRow]:
    place = {name: named.index(name) for name in COLUMNS if name in named}
    for row in rows:
        if row.broken is not None:
            yield NewRow(row.number, "", unreadable=_sentence(row.broken))
            continue
        cells = {
            name: restore(row.cells[at].strip()) if at < len(row.cells) else ""
            for name, at in place.items()
        }
        yield NewRow(
            row.number,
            cells["address"],
            slug=cells.get("slug") or None,
            title=cells.get("title") or None,
            note=cells.get("note") or None,
            tags=tuple(filter(None, map(str.strip, re.split("[,;|]", cells.get("tags", ""))))),
            account=cells.get("account") or None,
            domain=cells.get("domain") or None,
            expires_at=cells.get("expires") or None,
            unreadable=_NOT_TEXT if any(_MANGLED in cell for cell in cells.values()) else None,
        )


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:]}."


def _of_lines(text: str, header: int) -> Iterator[NewRow]:
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        written = _plain(line)
        if number <= header or not written:
            continue
        problem = _NOT_TEXT if _MANGLED in written else None
        if "\t" in written:
            problem = "This line has several cells: name the columns in a first line."
        yield NewRow(number, written, unreadable=problem)


def _plain(line: str) -> str:
    """Return what is on a line, without the quotation marks that spreadsheets put around it."""
    line = line.strip()
    if len(line) > 1 and line[0] == line[-1] == '"':
        line = line[1:-1].replace('""', '"').strip()
    return restore(line)

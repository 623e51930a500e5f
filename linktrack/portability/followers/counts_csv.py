"""Follower counts from a CSV file, in the forms in which services and people keep them."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from linktrack.audience.counts import DatedCount, check_count, record_counts
from linktrack.audience.models import Account
from linktrack.calendar.times import parse_moment
from linktrack.errors import Invalid, TooLarge
from linktrack.portability.files.spreadsheets import restore

MOST_BYTES: Final = 20_000_000
SOURCE: Final = "import"

_DATE_COLUMN = re.compile(
    r"(timestamp|datetime|date|day|time|counted[_ ]at)(?![a-z])", re.IGNORECASE
)
_COUNT_COLUMNS: Final = (
    "followers",
    "followers_count",
    "follower_count",
    "followers_total",
    "total_followers",
    "subscribers",
    "count",
)
_PLAIN = re.compile(r"[0-9]+(\.0|\.00)?")  # some programs write whole numbers as 15.0
# Groups of three are unambiguous with a comma, a space or an apostrophe; with a point only
# where there are two, since 1.234 may be a fraction.
_GROUPED = re.compile(r"[0-9]{1,3}(?:(?:[, \u00a0\u202f'’][0-9]{3})+|(?:\.[0-9]{3}){2,})")


@dataclass(frozen=True, slots=True)
class ReadCounts:
    """The counts of a file, and how many of its rows had none."""

    counts: Sequence[DatedCount]
    empty: int


@dataclass(frozen=True, slots=True)
class ImportedCounts:
    """What an import did; `empty` rows have a date and no count."""

    added: int
    unchanged: int
    replaced: int
    empty: int


def import_counts(
    session: Session,
    account: Account,
    path: Path,
    *,
    column: str | None = None,
    replace: bool = False,
    timezone: ZoneInfo,
    now: datetime,
) -> ImportedCounts:
    """Record the counts of a CSV file for an account, all or none of them.

    The counts are in the column named `column`, else after the account, else "followers" or
    the like, else the only one with numbers. Times without an offset are in `timezone`. Raises
    `Invalid` or `TooLarge` for the file, `Conflict` where other figures are recorded already.
    """
    text = read_text_file(path, "a CSV file of follower counts")
    found = read_counts(text, handle=account.handle, column=column, timezone=timezone, now=now)
    done = record_counts(session, account, found.counts, SOURCE, replace=replace, now=now)
    return ImportedCounts(done.added, done.unchanged, done.replaced, found.empty)


def read_text_file(path: Path, wanted: str) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 with its mark as Excel writes it.

    Raises `Invalid` saying what the file is instead of what is `wanted`, or `TooLarge`.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > MOST_BYTES:
        raise TooLarge(f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB.")
    if content.startswith(b"PK\x03\x04"):
        raise Invalid(f"{path.name} is a spreadsheet or a ZIP file: save its table as CSV.")
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Invalid(f"{path.name} is not {wanted}: it is not text in UTF-8.") from error
    if not text.strip():
        raise Invalid(f"{path.name} is empty: {wanted} was expected.")
    if "\0" in text:
        raise Invalid(f"{path.name} is not {wanted}: it is not text.")
    if text.lstrip().startswith(("{", "[", "<")):
        raise Invalid(f"{path.name} is not {wanted}: it begins like JSON or a web page.")
    return text


def read_counts(
    text: str,
    *,
    handle: str,
    column: str | None = None,
    timezone: ZoneInfo,
    now: datetime,
) -> ReadCounts:
    """Return the counts of a CSV text with a header line.

    Commas, semicolons and tabs part the cells; blank lines are nothing. Raises `Invalid` naming
    the line and what is wrong with it.
    """
    header, rows = _table(text.removeprefix("\ufeff"))
    dates = next((index for index, name in enumerate(header) if _DATE_COLUMN.match(name)), None)
    if dates is None:
        raise Invalid(_no_date_column(header, timezone))
    _refuse_several_accounts(header, rows)
    column_index = _count_column(header, rows, dates, handle, column)
    counts: list[DatedCount] = []
    empty = 0
    for line, row in rows:
        if len(row) > len(header):
            raise Invalid(
                f"Line {line} has {len(row)} cells and the first line names {len(header)}: put "
                "numbers with commas in quotation marks."
            )
        written = _cell(row, column_index)
        if not written:
            empty += 1
            continue
        try:
            dated = DatedCount(parse_moment(_cell(row, dates), timezone), parse_count(written))
            check_count(dated, now)
        except Invalid as error:
            raise Invalid(f"Line {line}: {error.sentence}") from error
        counts.append(dated)
    if not counts:
        raise Invalid(f"The column {header[column_index]!r} has no counts.")
    return ReadCounts(counts, empty)


def parse_count(written: str) -> int:
    """Return a whole number as people and programs write it: 1234, 1,234, 1 234, 1234.0.

    Raises `Invalid`.
    """
    if _PLAIN.fullmatch(written) and len(written) <= 20:
        return int(written.partition(".")[0])
    if _GROUPED.fullmatch(written) and len(written) <= 30:
        return int(re.sub("[^0-9]", "", written))
    raise Invalid(f"{written[:40]!r} is no number of followers: write it like 1234.")


def _table(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header and the rows with the numbers of the lines they end on."""
    first = next(line for line in text.splitlines() if line.strip())
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise Invalid(f"Line {reader.line_num} is not CSV: {error}.") from error
    header = [restore(name.strip()).strip() for name in rows[0][1]]
    if len(header) < 2:
        raise Invalid(
            "The first line has one column only: a CSV file of follower counts needs a column "
            "of dates and a column of counts, such as date,followers."
        )
    return header, rows[1:]


def _no_date_column(header: list[str], timezone: ZoneInfo) -> str:
    try:
        parse_moment(header[0], timezone)
    except Invalid:
        return (
            f"No column of dates was found among {_listed(header)}: name one of them date, "
            "day, time or timestamp."
        )
    return "The first line must name the columns, such as date,followers."


def _refuse_several_accounts(header: list[str], rows: list[tuple[int, list[str]]]) -> None:
    """Our own export may hold several accounts: their counts must not mix."""
    if "network" in header and "account" in header and "counted_at" in header:
        network, account = header.index("network"), header.index("account")
        names = sorted({f"{_cell(row, network)}:{_cell(row, account)}" for _, row in rows})
        if len(names) > 1:
            raise Invalid(
                f"The file has counts of several accounts, {_listed(names)}: export them one by "
                "one, with --account."
            )


def _count_column(
    header: list[str],
    rows: list[tuple[int, list[str]]],
    dates: int,
    handle: str,
    column: str | None,
) -> int:
    names = [name.casefold() for name in header]
    if column is not None:
        if column.strip().casefold() not in names:
            raise Invalid(f"There is no column {column[:60]!r}: the file has {_listed(header)}.")
        return names.index(column.strip().casefold())
    bare = [name.removeprefix("@") for name in names]
    account = handle.removeprefix("@").casefold()
    if account in bare:
        return bare.index(account)
    plain = [re.sub(r"[\s-]+", "_", name) for name in names]
    for name in _COUNT_COLUMNS:
        if name in plain:
            return plain.index(name)
    numeric = [place for place in range(len(header)) if place != dates and _is_numeric(rows, place)]
    if len(numeric) != 1:
        raise Invalid(
            f"Which column has the followers of {handle}? Name it with --column: the file has "
            f"{_listed(header)}."
        )
    return numeric[0]


def _is_numeric(rows: list[tuple[int, list[str]]], place: int) -> bool:
    cells = [cell for _, row in rows if (cell := _cell(row, place))]
    return bool(cells) and all(_PLAIN.fullmatch(cell) or _GROUPED.fullmatch(cell) for cell in cells)


def _cell(row: list[str], place: int) -> str:
    return restore(row[place].strip()).strip() if place < len(row) else ""


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name[:60] or "(no name)" for name in names[:30])
    return shown if len(names) <= 30 else f"{shown} and {len(names) - 30} more"

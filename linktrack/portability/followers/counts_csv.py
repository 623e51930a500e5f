"""Follower counts from a CSV file, in the forms in which services and people keep them."""

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
from linktrack.portability.files.numbers import whole_number
from linktrack.portability.files.spreadsheets import restore
from linktrack.portability.files.tables import rows_of

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
_ACCOUNT_COLUMNS: Final = frozenset(
    (
        "account", "accounts", "handle", "username", "user", "screenname", "profile", "page",
        "member", "memberid", "accountid", "userid", "profileid", "pageid", "channel", "channelid",
        "accountname", "profilename", "pagename", "displayname", "name",
    )
)  # fmt: skip
"""Names of a column that says whose count a row has; signs and spaces do not count."""


@dataclass(frozen=True, slots=True)
class ReadCounts:
    """The counts of a file, and how many rows had none, or were another account's (`others`)."""

    counts: Sequence[DatedCount]
    empty: int
    others: int = 0


@dataclass(frozen=True, slots=True)
class ImportedCounts:
    """What an import did; `empty` rows have a date and no count, `others` are another account's."""

    added: int
    unchanged: int
    replaced: int
    empty: int
    others: int = 0


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
    return ImportedCounts(done.added, done.unchanged, done.replaced, found.empty, found.others)


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
    before = len(rows)
    rows = _of_account(header, rows, {dates, column_index}, handle)
    counts: list[DatedCount] = []
    empty = 0
    for line, row in rows:
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
    return ReadCounts(counts, empty, before - len(rows))


def parse_count(written: str) -> int:
    """Return a whole number as people and programs write it: 1234, 1,234, 1 234, 1234.0, 1.2K.

    Raises `Invalid`.
    """
    count = whole_number(written)
    if count is None:
        raise Invalid(f"{written[:40]!r} isn't a number of followers: write it like 1234.")
    return count


def _table(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header and the rows with the numbers of the lines they begin on."""
    rows = []
    for number, cells, broken in rows_of(io.StringIO(text, newline="")):
        if broken is not None:
            raise Invalid(f"Line {number}: {broken}.")
        rows.append((number, list(cells)))
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


def _of_account(
    header: list[str], rows: list[tuple[int, list[str]]], taken: set[int], handle: str
) -> list[tuple[int, list[str]]]:
    """Return the rows of an account, where a column says whose each is: all of them else.

    Raises `Invalid` where it names several accounts, and not this one.
    """
    wanted = handle.removeprefix("@").casefold()
    for place, title in enumerate(header):
        if place in taken:
            continue
        said = [_cell(row, place).removeprefix("@").casefold() for _, row in rows]
        names = sorted({name for name in said if name})
        if len(names) < 2:
            continue
        if wanted in names:
            return [row for row, name in zip(rows, said, strict=True) if name == wanted]
        if re.sub("[^a-z]", "", title.casefold()) in _ACCOUNT_COLUMNS:
            raise Invalid(
                f"The column {title!r} has several accounts, {_listed(names)}, and none of them is "
                f"{handle}: keep only the rows of that account."
            )
    return rows


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
    return bool(cells) and all(whole_number(cell) is not None for cell in cells)


def _cell(row: list[str], place: int) -> str:
    return restore(row[place].strip()).strip() if place < len(row) else ""


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name[:60] or "(no name)" for name in names[:30])
    return shown if len(names) <= 30 else f"{shown} and {len(names) - 30} more"

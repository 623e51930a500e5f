"""Exports of all kinds of rows as NDJSON or CSV, in constant memory."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

import msgspec
from sqlalchemy import Engine, select

from linktrack.audience.models import Account
from linktrack.calendar.ranges import check_range
from linktrack.clicks.keeping.which import EVERY
from linktrack.errors import Invalid
from linktrack.links.catalog import Shortener
from linktrack.portability.export.click_filters import FILTERS
from linktrack.portability.export.click_rows import CLICK_FIELDS, click_rows
from linktrack.portability.export.engagement_rows import ENGAGEMENT_FIELDS, engagement_rows
from linktrack.portability.export.follower_rows import FOLLOWER_FIELDS, follower_rows
from linktrack.portability.export.goal_rows import GOAL_FIELDS, GOAL_START, goal_rows
from linktrack.portability.export.steps import Position, Row, Selection, Step, Value, in_steps
from linktrack.portability.export.table_rows import (
    COUNT_FIELDS,
    LINK_FIELDS,
    NOT_WRAPPED_FIELDS,
    POST_FIELDS,
    SEGMENT_FIELDS,
    count_rows,
    link_rows,
    not_wrapped_rows,
    post_rows,
    segment_rows,
)
from linktrack.portability.files.spreadsheets import joint, protect

__all__ = ["KINDS", "MEDIA_TYPES", "Selection", "as_csv", "export_rows", "ndjson", "stream"]

MEDIA_TYPES: Final = {"ndjson": "application/x-ndjson", "csv": "text/csv"}
BLOCK: Final = 500  # lines handed on together
SIMULATED: Final = "simulated"
"""The field that rows of the demonstration have, and no others."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Something to be exported: its fields in order, how it is read, and where that begins.

    `numbered` says whether `Selection.after` can name a row of it.
    """

    fields: tuple[str, ...]
    step: Step
    start: Position = (0,)
    numbered: bool = True


KINDS: Final = {
    "clicks": Kind(CLICK_FIELDS, click_rows),
    "links": Kind(LINK_FIELDS, link_rows),
    "posts": Kind(POST_FIELDS, post_rows),
    "not-wrapped": Kind(NOT_WRAPPED_FIELDS, not_wrapped_rows),
    "counts": Kind(COUNT_FIELDS, count_rows, (0, 0), numbered=False),
    "followers": Kind(FOLLOWER_FIELDS, follower_rows, (0, 0), numbered=False),
    "engagement": Kind(ENGAGEMENT_FIELDS, engagement_rows),
    "goals": Kind(GOAL_FIELDS, goal_rows, GOAL_START, numbered=False),
    "segments": Kind(SEGMENT_FIELDS, segment_rows, (0, 0), numbered=False),
}
"""All that can be exported."""


def export_rows(
    engine: Engine, shortener: Shortener, what: str, selection: Selection
) -> Iterator[Row]:
    """Return the rows of one kind, in order of their numbers: `seq` for clicks, else `id`.

    A range chooses clicks by `clicked_at`, links and segments by when they were made, posts, what
    was not wrapped and engagement by `posted_at`, counts by `counted_at`, followers by the first
    list with them (`began_by`), goals by the day of the click.
    Raises `Invalid` at once.
    """
    if what not in KINDS:
        raise Invalid(f"There is no export of {what[:40]!r}: choose one of {', '.join(KINDS)}.")
    check_range(selection.since, selection.until)
    kind = KINDS[what]
    if selection.wanted != EVERY and what != "clicks":
        raise Invalid(f"Only clicks are narrowed by {', '.join(FILTERS)}: leave it out for {what}.")
    start = kind.start
    if selection.after:
        if not kind.numbered or not 0 < selection.after < 2**63:
            raise Invalid(f"An export of {what} cannot begin behind number {selection.after}.")
        start = (selection.after,)
    return in_steps(engine, shortener, selection, start, kind.step)


def stream(
    engine: Engine, shortener: Shortener, what: str, form: str, selection: Selection
) -> Iterator[str]:
    """Return an export as text in blocks of lines; `form` is ndjson or csv.

    Raises `Invalid` at once, and `Unavailable` where the first rows can't be read.
    """
    if form not in MEDIA_TYPES:
        raise Invalid(f"There is no format {form[:40]!r}: choose ndjson or csv.")
    rows = export_rows(engine, shortener, what, selection)
    simulated = _simulated(engine)
    if simulated:
        rows = _marked(rows, simulated)
    marked = bool(simulated)
    blocks = _blocks(as_csv(rows, what, is_marked=marked) if form == "csv" else ndjson(rows))
    return chain([*islice(blocks, 1)], blocks)  # before an answer begins that has no way to say so


def _simulated(engine: Engine) -> frozenset[str]:
    """Return the handles of the demonstration's accounts."""
    with engine.connect() as connection:
        return frozenset(connection.scalars(select(Account.handle).where(Account.simulated)))


def _marked(rows: Iterable[Row], simulated: frozenset[str]) -> Iterator[Row]:
    """Yield rows with a field more where they are of the demonstration; others stay as they are."""
    for row in rows:
        yield {**row, SIMULATED: True} if row["account"] in simulated else row


def ndjson(rows: Iterable[Row]) -> Iterator[str]:
    """Yield one JSON object a line; all ASCII, so that no reader sees a line's end inside one."""
    escaped = json.JSONEncoder(separators=(",", ":")).encode
    for row in rows:
        line = msgspec.json.encode(row)  # the same, in a tenth of the time
        yield (line.decode() if line.isascii() else escaped(row)) + "\n"


def as_csv(rows: Iterable[Row], what: str, *, is_marked: bool = False) -> Iterator[str]:
    """Yield a header and one record a row (RFC 4180), safe to open in a spreadsheet.

    Nothing is an empty cell; several codes are parted by spaces, tags by commas. With `is_marked` a
    last column says which rows are simulated.
    """
    fields = (*KINDS[what].fields, SIMULATED) if is_marked else KINDS[what].fields
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(fields)
    yield buffer.getvalue()
    for row in rows:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([_cell(name, row.get(name)) for name in fields])
        yield buffer.getvalue()


def _cell(name: str, value: Value) -> str | int:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return value
    return protect(value if isinstance(value, str) else joint(name).join(value))


def _blocks(lines: Iterator[str]) -> Iterator[str]:
    while block := "".join(islice(lines, BLOCK)):
        yield block

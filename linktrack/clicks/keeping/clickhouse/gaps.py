"""Tidy gaps: numbers of batches that don't count, each of which every question has to leave out.

Mostly nothing is there under such a number: what was loaded again has replaced its rows, or
none ever came. Rows that are left, as of an import that was given up, are deleted. A gap is
forgotten when two looks, a day apart, have found nothing: an insert that broke off may be stored
late, but not by so much. Whatever is killed in between, the next look begins anew.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from sqlalchemy import Connection, Engine, delete, select

from linktrack.chunks import chunked
from linktrack.clicks.facts import read_fact, write_fact
from linktrack.clicks.keeping.clickhouse.models import (
    LOOKED_AT,
    LOOKED_UPTO,
    click_batch_gaps,
)
from linktrack.clicks.keeping.clickhouse.table import ClickTable
from linktrack.db import to_ms, writing

BETWEEN: Final = timedelta(days=1)


PART: Final = 500  # gaps looked at in one query

Gap: TypeAlias = tuple[int, int]
"""Its first number and its last."""


def tidy_gaps(engine: Engine, ready: Callable[[Connection], ClickTable], now: datetime) -> None:
    """Forget gaps in which nothing is, and delete what is in others; at most once a day."""
    with engine.connect() as connection:
        query = select(click_batch_gaps.c.first, click_batch_gaps.c.last)
        gaps: list[Gap] = sorted((row[0], row[1]) for row in connection.execute(query))
        looked_at = read_fact(connection, LOOKED_AT)
        upto = read_fact(connection, LOOKED_UPTO) or 0
        if not gaps or (looked_at is not None and to_ms(now - BETWEEN) < looked_at):
            return
        table = ready(connection)
    filled = [gap for part in chunked(gaps, PART) for gap in _filled(table, part)]
    empty = [gap for gap in gaps if not filled or gap < filled[0]]
    with writing(engine) as connection:
        over = [first for first, last in gaps if last <= upto and (first, last) not in filled]
        for part in chunked(over, PART):
            gone = click_batch_gaps.c.first.in_(part)
            connection.execute(delete(click_batch_gaps).where(gone))
        write_fact(connection, LOOKED_UPTO, empty[-1][1] if empty else 0)
        write_fact(connection, LOOKED_AT, to_ms(now))
    if filled and not table.is_changing():
        some = filled[:PART]
        table.change("DELETE", f"{_among('batch', some)} OR {_among('version', some)}")


def _filled(table: ClickTable, gaps: Sequence[Gap]) -> list[Gap]:
    """Return gaps under whose numbers there are rows, as clicks or as changes."""
    numbers = sorted(
        number
        for (number,) in table.rows(
            f"SELECT DISTINCT batch FROM {table.name} WHERE {_among('batch', gaps)}"  # noqa: S608
            f" UNION ALL SELECT DISTINCT version FROM {table.changed}"
            f" WHERE {_among('version', gaps)}"
        )
    )
    return [
        (first, last)
        for first, last in gaps
        if bisect_left(numbers, first) < bisect_right(numbers, last)
    ]


def _among(column: str, gaps: Sequence[Gap]) -> str:
    return f"({' OR '.join([f'{column} BETWEEN {first:d} AND {last:d}' for first, last in gaps])})"

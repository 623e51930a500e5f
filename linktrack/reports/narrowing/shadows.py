"""Lay narrowed counts over the stored ones, so that every report of them is narrowed.

A temporary table is found before a stored one of the same name. So the counts of the clicks that
are wanted are put into temporary tables with the names of those that reports read: the reports
themselves don't know of it. The tables are this transaction's own, and go with it.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from typing import Final

from sqlalchemy import Column, Connection, MetaData, Table, event, func, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from linktrack.calendar.days import QUARTER, Days, month_of_day
from linktrack.clicks.bulk import insert_rows, upsert_rows
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Which
from linktrack.clicks.models import account_days
from linktrack.db import is_sqlite, to_ms
from linktrack.errors import Unavailable
from linktrack.reports.narrowing.counts import (
    CONDENSED,
    COUNTS,
    FIGURES,
    QUARTERS,
    condensed_for,
)
from linktrack.reports.narrowing.wanted import Wanted
from linktrack.reports.sources.left_out import deleted_before

_NAMED: Final = re.compile(rf"\b(?:{'|'.join([table.name for table in COUNTS])})\b")


@contextmanager
def narrowed(
    session: Session,
    account_ids: Sequence[int],
    wanted: Wanted,
    days: Days,
    *,
    since: date | None = None,
) -> Iterator[None]:
    """Let reports of these accounts count the wanted clicks only, as long as this goes on.

    Of clicks from the day `since` on: figures of earlier ones are not there. Reports of followers,
    visitors and cities are not narrowed, nor is what is counted as filtered: that is 0. Raises
    `Unavailable` where the SQL database would have to read too many clicks.
    """
    if wanted.is_whole:
        yield
        return
    connection = session.connection()
    first = 0 if since is None else since.toordinal()
    start = days.start_of(first) if first else None
    if (kept := deleted_before(session)) is not None:  # marks may outlive their clicks
        start = max(start or 0, to_ms(kept))
    which = replace(wanted.which(session), accounts=account_ids, since=start)
    _check(connection, account_ids, first)
    with _unprepared(connection):
        try:
            _lay(connection)
            with _filled_when_named(connection, which, days):
                yield
        except BaseException:
            # PostgreSQL does nothing more after a statement that failed: the tables go with it.
            with suppress(DatabaseError):
                _drop(session, connection)
            raise
        _drop(session, connection)


def _check(connection: Connection, account_ids: Sequence[int], first: int) -> None:
    most = clicks_of(connection).most_condensed
    if most is None:
        return
    counted = account_days.c
    query = select(func.coalesce(func.sum(counted.clicks), 0)).where(
        counted.account_id.in_(account_ids), counted.day >= first
    )
    if int(connection.scalar(query) or 0) > most:
        raise Unavailable(
            f"These days have more than {most:,} clicks, each of which would have to be read to "
            "narrow them so: choose fewer days or one filter only, or keep clicks in ClickHouse "
            "(LINKTRACK_CLICKS)."
        )


@contextmanager
def _unprepared(connection: Connection) -> Iterator[None]:
    """Let no prepared statement be used: it knows its table, and would go past a temporary one."""
    driver = connection.connection.driver_connection
    if is_sqlite(connection) or driver is None:
        yield
        return
    threshold = driver.prepare_threshold
    driver.prepare_threshold = None
    try:
        yield
    finally:
        driver.prepare_threshold = threshold


def _lay(connection: Connection) -> None:
    """Make the shadows, and what they are filled from: all are empty."""
    for table in (*CONDENSED, QUARTERS):
        table.create(connection)
    for table in COUNTS:
        columns = [Column(each.name, each.type, primary_key=each.primary_key) for each in table.c]
        shadow = Table(table.name, MetaData(), *columns, prefixes=["TEMPORARY"])
        shadow.create(connection, checkfirst=False)


@contextmanager
def _filled_when_named(connection: Connection, which: Which, days: Days) -> Iterator[None]:
    """Fill each shadow before the first statement that names it: a page reads a few of them."""
    schema = _schema(connection)
    waiting = {table.name: table for table, queries in COUNTS.items() if queries}
    unread = set(CONDENSED)

    def fill(_: object, _cursor: object, statement: str, *_more: object) -> None:
        for name in sorted(waiting.keys() & set(_NAMED.findall(statement))):
            table = waiting.pop(name)
            source = condensed_for(table)
            if source in unread:
                unread.remove(source)
                _read(connection, which, source, days)
            for query in COUNTS[table]:
                connection.execute(text(f"INSERT INTO {schema}.{name} {query}"))

    event.listen(connection, "before_cursor_execute", fill)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", fill)


def _read(connection: Connection, which: Which, table: Table, days: Days) -> None:
    """Fill what shadows are filled from, and tell when it was."""
    by = CONDENSED[table]
    place = by.index("quarter")
    quarters: set[int] = set()
    for rows in clicks_of(connection).condense(which, by):
        quarters.update(row[place] for row in rows)
        insert_rows(connection, table, [*by, *FIGURES], rows)
    upsert_rows(connection, QUARTERS, [_calendar(quarter, days) for quarter in sorted(quarters)])


def _schema(connection: Connection) -> str:
    return "temp" if is_sqlite(connection) else "pg_temp"


def _calendar(quarter: int, days: Days) -> tuple[int, ...]:
    day, hour = days.hour(quarter * QUARTER)
    month = month_of_day(day)
    return quarter, day, hour, month, month // 12


def _drop(session: Session, connection: Connection) -> None:
    if not (connection.in_transaction() and session.is_active):
        return  # an error has ended the transaction, and the tables went with it
    schema = _schema(connection)
    for table in (*COUNTS, *CONDENSED, QUARTERS):
        connection.execute(text(f"DROP TABLE IF EXISTS {schema}.{table.name}"))

"""Sum up in temporary tables how stored counts differ from the right ones.

Beside each table of counts lies one of differences. It begins with the stored counts, each with a
minus; the right ones are added part by part. A row that is not 0 in the end is a correction of the
stored counts, and makes them right.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import Column, Connection, MetaData, Table, insert, or_, select

from linktrack.clicks.bulk import upsert_rows
from linktrack.clicks.counts.retention import Frozen
from linktrack.clicks.counts.rollups import COUNTS
from linktrack.clicks.counts.sums import Deltas

CORRECTED: Final = 2_000  # counts corrected in one transaction: some 50 ms


def _beside(table: Table) -> Table:
    columns = [
        Column(column.name, column.type, primary_key=column.primary_key, autoincrement=False)
        for column in table.columns
    ]
    name = f"wrong_{table.name}"
    return Table(name, MetaData(), *columns, prefixes=["TEMPORARY"], sqlite_with_rowid=False)


_DIFFERENCES: Final = {table: _beside(table) for table, _ in COUNTS}


def begin_differences(connection: Connection) -> None:
    """Make the temporary tables, of the counts as this transaction sees them."""
    for table, differences in _DIFFERENCES.items():
        differences.create(connection)
        columns = [column if column.primary_key else -column for column in table.columns]
        connection.execute(insert(differences).from_select(list(differences.c), select(*columns)))


def add_right(connection: Connection, counts: Mapping[Table, Deltas]) -> None:
    """Add right counts of some clicks, which are handed in once."""
    for table, deltas in counts.items():
        rows = [(*key, *values) for key, values in sorted(deltas.items())]
        upsert_rows(connection, _DIFFERENCES[table], rows, add=True)


def wrong_counts(connection: Connection, kept: Frozen) -> Iterator[tuple[Table, Deltas]]:
    """Yield the corrections of each table, some at a time; never what is `kept`."""
    for table, differences in _DIFFERENCES.items():
        width = len(differences.primary_key)
        counts = [column for column in differences.columns if not column.primary_key]
        query = (
            select(differences)
            .where(or_(*(count != 0 for count in counts)))
            .order_by(*differences.primary_key)
            .execution_options(yield_per=CORRECTED)
        )
        for part in connection.execute(query).partitions():
            deltas = {tuple(row[:width]): list(row[width:]) for row in part}
            if deltas := kept.leave_out(table, deltas):
                yield table, deltas


def end_differences(connection: Connection) -> None:
    """Drop the temporary tables."""
    for differences in _DIFFERENCES.values():
        differences.drop(connection)

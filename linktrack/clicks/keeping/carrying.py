"""Clicks and marks as rows of their tables, for an export of everything, wherever they are kept."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, select

from linktrack.clicks.keeping.interface import Walk
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.places import all_places
from linktrack.clicks.keeping.which import Which

PART: Final = 20_000


def kept_elsewhere(connection: Connection, table: Table) -> Iterator[Sequence[Any]] | None:
    """Return the rows of a table in order of its key, or None where the database has them."""
    carried = {"clicks": _clicks, "first_clicks": _marks}.get(table.name)
    if carried is None or clicks_of(connection).keeps_marks:
        return None
    return carried(connection, [column.name for column in table.columns])


def _clicks(connection: Connection, names: Sequence[str]) -> Iterator[Sequence[Any]]:
    after, walk = 0, Walk()
    while True:
        found = clicks_of(connection).table(Which(after=after), limit=PART, walk=walk).c
        query = select(*(found[name] for name in names)).order_by(found.seq)
        rows = connection.execute(query).all()
        if not rows:
            return
        yield rows
        after = rows[-1].seq


def _marks(connection: Connection, _names: Sequence[str]) -> Iterator[Sequence[Any]]:
    for part in all_places(connection):
        marks = clicks_of(connection).marks_of(part)
        if rows := sorted(key + mark for key, mark in marks):
            yield rows

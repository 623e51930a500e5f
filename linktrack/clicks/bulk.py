"""Find, insert and update many rows at once, by the fastest way each database has.

SQLAlchemy's own way spends more time on naming parameters than the database on the rows; and
SQLite reads the whole table for `(a, b) IN (VALUES …)`, though both columns are its key.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from operator import itemgetter
from typing import TypeAlias, TypeVar

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Table,
    Text,
    any_,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import InstrumentedAttribute

from linktrack.db import is_sqlite

Row: TypeAlias = tuple[int | None, ...]
Filter: TypeAlias = ColumnElement[bool]
Value = TypeVar("Value", int, str)
Compared: TypeAlias = ColumnElement[Value] | InstrumentedAttribute[Value]

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def find_rows(
    connection: Connection, table: Table, keys: Sequence[tuple[int, ...]]
) -> Iterator[tuple[int, ...]]:
    """Yield the rows whose primary keys begin with these, all columns, in any order.

    Keys are of two columns, or of three whose first two hold no negative numbers.
    """
    if not keys:
        return
    width = len(keys[0])
    if is_sqlite(connection):
        # Not by `json`: that takes half as long as the database.
        given = msgspec.json.encode(_grouped(keys)).decode()
        found = connection.exec_driver_sql(_find_in_sqlite(table, width), (given,))
    else:
        found = connection.exec_driver_sql(_find_in_postgresql(table, width), _columns_of(keys))
    yield from map(tuple, found.all())


def among(connection: Connection, column: Compared[Value], values: Sequence[Value]) -> Filter:
    """Return the condition that a column is one of many values, handed over as one.

    With a parameter for each, naming them takes longer than finding their rows.
    """
    if is_sqlite(connection):
        given = func.json_each(msgspec.json.encode(values).decode()).table_valued("value")
        return column.in_(select(given.c.value))
    return column == any_(literal(list(values), postgresql.ARRAY(column.type)))


def given(
    connection: Connection, rows: Sequence[tuple[int, ...]], names: Sequence[str]
) -> FromClause:
    """Return rows of numbers as a table with these columns, handed over as one value a column.

    There is at least one row.
    """
    if is_sqlite(connection):
        row = func.json_each(msgspec.json.encode(rows).decode()).table_valued("value")
        columns = [row.c.value.op("->>")(index).cast(BigInteger) for index in range(len(names))]
        named = [column.label(name) for column, name in zip(columns, names, strict=True)]
        return select(*named).subquery("given")
    kind = postgresql.ARRAY(BigInteger)
    arrays = [cast(literal(column, Text), kind) for column in _columns_of(rows)]
    return func.unnest(*arrays).table_valued(*names).render_derived(name="given")


def insert_rows(
    connection: Connection, table: Table, names: Sequence[str], rows: Sequence[Row]
) -> None:
    """Insert rows of these columns; numbers the database gives are in the order of the rows."""
    if is_sqlite(connection):
        names, rows = _without_empty(table, names, rows)
    _write(connection, table, tuple(names), "", rows)


def _without_empty(
    table: Table, names: Sequence[str], rows: Sequence[Row]
) -> tuple[Sequence[str], Sequence[Row]]:
    """Leave out columns that are null in all rows: Python's driver takes 0.4 µs for each null.

    (It asks whether there is an adapter for it, and there is none.)
    """
    kept = [
        place
        for place, name in enumerate(names)
        if not (table.c[name].nullable and set(map(itemgetter(place), rows)) == {None})
    ]
    if not 1 < len(kept) < len(names):
        return names, rows
    return [names[place] for place in kept], list(map(itemgetter(*kept), rows))


def upsert_rows(
    connection: Connection, table: Table, rows: Sequence[Row], *, add: bool = False
) -> None:
    """Write whole rows under their primary key; with `add` onto the counts that are there."""
    names = tuple(column.name for column in table.columns)
    _write(connection, table, names, _on_conflict(table, add), rows)


def delete_rows(
    connection: Connection, table: Table, keys: Sequence[tuple[int, ...]], *, empty: bool = False
) -> None:
    """Delete the rows with these primary keys; with `empty` only those whose counts are all 0."""
    if not keys:
        return
    if is_sqlite(connection):
        connection.exec_driver_sql(_delete_in_sqlite(table, empty), list(keys))
    else:
        connection.exec_driver_sql(_delete_in_postgresql(table, empty), _columns_of(keys))


def _write(
    connection: Connection, table: Table, names: tuple[str, ...], end: str, rows: Sequence[Row]
) -> None:
    if not rows:
        return
    if is_sqlite(connection):
        connection.exec_driver_sql(_write_in_sqlite(table, names, end), list(rows))
    else:
        connection.exec_driver_sql(_write_in_postgresql(table, names, end), _columns_of(rows))


def _columns_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return each column as PostgreSQL writes an array.

    The driver takes ten times as long, number by number.
    """
    return tuple(
        f"{{{str(column)[1:-1].replace('None', 'NULL')}}}"
        for column in map(list, zip(*rows, strict=True))
    )


def _grouped(keys: Sequence[tuple[int, ...]]) -> dict[int, list[int]]:
    """Return the last numbers of keys under what is before them, as one number.

    SQLite takes a third less time for these than for keys that are lists of their own.
    """
    grouped: dict[int, list[int]] = {}
    for key in keys:
        begin = key[0] if len(key) == 2 else key[0] << 32 | key[1]
        if begin in grouped:
            grouped[begin].append(key[-1])
        else:
            grouped[begin] = [key[-1]]
    return grouped


@cache
def _find_in_sqlite(table: Table, width: int) -> str:
    names = [f"t.{_quoted(column.name)}" for column in table.primary_key]
    begin = (
        f"{names[0]} = k.key"
        if width == 2
        else f"{names[0]} = k.key >> 32 AND {names[1]} = k.key & {2**32 - 1}"
    )
    # CROSS JOIN: SQLite then goes from the keys to the table, never the other way.
    return (
        f"SELECT t.* FROM json_each(?) AS k CROSS JOIN json_each(k.value) AS l"  # noqa: S608 - names of our own tables
        f" CROSS JOIN {table.name} AS t ON {begin} AND {names[width - 1]} = l.value"
    )


@cache
def _find_in_postgresql(table: Table, width: int) -> str:
    keys = list(table.primary_key)[:width]
    names = ", ".join(_quoted(column.name) for column in keys)
    return (
        f"SELECT t.* FROM {_unnested(table, [column.name for column in keys])} AS k ({names})"  # noqa: S608
        f" JOIN {table.name} AS t USING ({names})"
    )


@cache
def _write_in_sqlite(table: Table, names: tuple[str, ...], end: str) -> str:
    columns = ", ".join(map(_quoted, names))
    return f"INSERT INTO {table.name} ({columns}) VALUES ({', '.join('?' * len(names))}){end}"  # noqa: S608


@cache
def _write_in_postgresql(table: Table, names: tuple[str, ...], end: str) -> str:
    columns = ", ".join(map(_quoted, names))
    return (
        f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {_unnested(table, names)}"  # noqa: S608
        f" WITH ORDINALITY AS rows ({columns}, place) ORDER BY place{end}"
    )


@cache
def _delete_in_sqlite(table: Table, empty: bool) -> str:
    names = [_quoted(column.name) for column in table.primary_key]
    match = " AND ".join(f"{name} = ?" for name in names)
    return f"DELETE FROM {table.name} WHERE {match}{_all_zero(table) if empty else ''}"  # noqa: S608


@cache
def _delete_in_postgresql(table: Table, empty: bool) -> str:
    keys = [column.name for column in table.primary_key]
    names = ", ".join(map(_quoted, keys))
    match = " AND ".join(f"{table.name}.{_quoted(name)} = k.{_quoted(name)}" for name in keys)
    return (
        f"DELETE FROM {table.name} USING {_unnested(table, keys)} AS k ({names})"  # noqa: S608
        f" WHERE {match}{_all_zero(table) if empty else ''}"
    )


def _all_zero(table: Table) -> str:
    counts = [column.name for column in table.columns if not column.primary_key]
    return "".join(f" AND {table.name}.{_quoted(name)} = 0" for name in counts)


@cache
def _on_conflict(table: Table, add: bool) -> str:
    key = ", ".join(_quoted(column.name) for column in table.primary_key)
    others = [_quoted(column.name) for column in table.columns if not column.primary_key]
    changes = ", ".join(
        f"{name} = {table.name}.{name} + excluded.{name}" if add else f"{name} = excluded.{name}"
        for name in others
    )
    return f" ON CONFLICT ({key}) DO UPDATE SET {changes}"


def _unnested(table: Table, names: Iterable[str]) -> str:
    types = [table.c[name].type.compile(_DIALECT) for name in names]
    return f"unnest({', '.join(f'%s::{kind}[]' for kind in types)})"


def _quoted(name: str) -> str:
    return f'"{name}"'

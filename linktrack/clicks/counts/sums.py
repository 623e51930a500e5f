"""Add up what clicks add to counts and take from them, and write it to their tables."""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy import Connection, Table

from linktrack.clicks.bulk import delete_rows, upsert_rows
from linktrack.clicks.counts.first_clicks import Moves
from linktrack.clicks.keeping.click import Click

Deltas: TypeAlias = dict[tuple[int, ...], list[int]]
"""What is to be added to the counts under each key."""


def deltas_of(columns: int) -> "defaultdict[tuple[int, ...], list[int]]":
    """Return no counts yet, in so many columns."""
    return defaultdict(lambda: [0] * columns)


def sums(key_of: Callable[[Click], tuple[int, ...]], *columns: Moves) -> Deltas:
    """Return clicks added less clicks removed, in each column by key."""
    deltas = deltas_of(len(columns))
    for column, moves in enumerate(columns):
        for key, number in Counter(map(key_of, moves.added)).items():
            deltas[key][column] += number
        for key, number in Counter(map(key_of, moves.removed)).items():
            deltas[key][column] -= number
    return deltas


def by_longer_period(deltas: Deltas, period_of: Callable[[int], int]) -> Deltas:
    """Sum up counts by longer periods; the period is the second number of their keys."""
    longest: Deltas = {}
    for (first, period, *rest), values in deltas.items():
        key = (first, period_of(period), *rest)
        row = longest.get(key)
        longest[key] = [*values] if row is None else [*map(int.__add__, row, values)]
    return longest


def add(connection: Connection, table: Table, deltas: Deltas) -> None:
    """Add to the counts under each key, making the rows that are not there yet."""
    changed = [(*key, *values) for key, values in sorted(deltas.items()) if any(values)]
    upsert_rows(connection, table, changed, add=True)


def correct(connection: Connection, table: Table, deltas: Deltas) -> None:
    """Add to the counts under each key, and delete those that have come down to nothing."""
    add(connection, table, deltas)
    lowered = [key for key, values in deltas.items() if min(values) < 0]
    delete_rows(connection, table, lowered, empty=True)

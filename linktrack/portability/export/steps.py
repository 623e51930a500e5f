"""What an export takes, and one short read after another along a key."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import Connection, Engine

from linktrack.links.catalog import Shortener
from linktrack.portability.export.click_filters import EVERY_CLICK, Wanted

STEP: Final = 2_000  # rows read at a time

Value: TypeAlias = str | int | bool | list[str] | None
Row: TypeAlias = dict[str, Value]
Place: TypeAlias = tuple[int, ...]
"""The key of the last row given: the next read goes on behind it."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows are exported: those in [since, until), behind number `after`, of an account.

    `wanted` narrows clicks, and nothing else.
    """

    since: datetime | None = None
    until: datetime | None = None
    after: int = 0
    account_id: int | None = None
    wanted: Wanted = EVERY_CLICK


Step: TypeAlias = Callable[
    [Connection, Shortener, Selection, Place], tuple[Sequence[Row], Place | None]
]
"""Reads the rows behind a place; says where it stopped, or None where there are no more."""


def in_steps(
    engine: Engine, shortener: Shortener, selection: Selection, start: Place, step: Step
) -> Iterator[Row]:
    """Yield all rows; between two reads no transaction is open, whoever takes the rows."""
    place: Place | None = start
    while place is not None:
        with engine.connect() as connection:
            rows, place = step(connection, shortener, selection, place)
        yield from rows

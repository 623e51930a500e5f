"""Read an export's rows in short steps along a key, with no transaction open between them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import Connection, Engine

from linktrack.clicks.keeping.interface import Walk
from linktrack.clicks.keeping.which import EVERY, Which
from linktrack.links.catalog import Shortener

STEP: Final = 2_000  # rows read at a time

Value: TypeAlias = str | int | bool | list[str] | None
Row: TypeAlias = dict[str, Value]
Position: TypeAlias = tuple[int, ...]
"""The key of the last row given: the next read goes on behind it."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows are exported: those in [since, until), behind number `after`, of an account.

    `wanted` narrows clicks, and nothing else; `walk` is what is remembered of them between steps.
    """

    since: datetime | None = None
    until: datetime | None = None
    after: int = 0
    account_id: int | None = None
    wanted: Which = EVERY
    walk: Walk = field(default_factory=Walk, compare=False)


Step: TypeAlias = Callable[
    [Connection, Shortener, Selection, Position], tuple[Sequence[Row], Position | None]
]
"""Reads the rows after a position; says where it stopped, or None where there are no more."""


def in_steps(
    engine: Engine, shortener: Shortener, selection: Selection, start: Position, step: Step
) -> Iterator[Row]:
    """Yield all rows; between two reads no transaction is open, whoever takes the rows."""
    position: Position | None = start
    while position is not None:
        with engine.connect() as connection:
            rows, position = step(connection, shortener, selection, position)
        yield from rows

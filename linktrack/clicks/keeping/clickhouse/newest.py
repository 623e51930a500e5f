"""Clicks as they are last, read without FINAL: the unchanged ones, and the newest rows of others.

A click is stored once in `clicks`, under a number that no other attempt to store it has. Each
change of it is a row in `clicks_changed`, maybe more than once, under the number of that change.
Only changes with numbers up to that of the view are looked at, all of which are there: so a click
is read once, whatever is changed meanwhile. Pure.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from linktrack.clicks.keeping.clickhouse.conditions import Visible, lasting, properties
from linktrack.clicks.keeping.clickhouse.matching import Kept
from linktrack.clicks.keeping.clickhouse.table import CHANGED
from linktrack.clicks.keeping.which import Which

ALL: Final = ", ".join(Kept._fields)
SHORT: Final = 10_000
"""Up to so many characters a condition is repeated where it only saves reading."""

Aggregate = tuple[str, str]
"""A function of ClickHouse, and what is in its brackets."""


class Newest(NamedTuple):
    """What stands behind FROM: for clicks that nothing has changed, and for all others."""

    unchanged: str
    changed: str

    @classmethod
    def of(
        cls, name: str, visible: Visible, conditions: Iterable[str], changing: Iterable[str] = ()
    ) -> "Newest":
        """Return what reads the clicks that fit conditions.

        Those of what never changes of a click, with those of the view, and then others.
        """
        where = list(conditions)
        changes = [*where, *visible.changes()]
        all_of = _all([each for each in changes if len(each) <= SHORT])
        its = f"FROM {name}{CHANGED} WHERE"
        newest = (
            f"(SELECT {ALL} {its} {_all(changes)} AND (seq, version) GLOBAL IN"
            f" (SELECT seq, max(version) {its} {all_of} GROUP BY seq) LIMIT 1 BY seq)"
        )
        more = list(changing)
        unchanged = f"seq GLOBAL NOT IN (SELECT seq {its} {all_of})"
        return cls(
            f"{name} WHERE {_all([*where, *more, unchanged])}",
            f"{newest} WHERE {_all([*more, '1 = 1'])}",
        )

    @classmethod
    def meant(cls, name: str, visible: Visible, which: Which, *more: str) -> "Newest":
        """Return what reads the clicks that are meant, and fit more of what never changes."""
        conditions = [*visible.clicks(), *lasting(which), *more]
        return cls.of(name, visible, conditions, properties(which))

    def each(self, columns: str, more: str = "") -> str:
        """Return the query for columns of each click; what stands behind is said of both parts."""
        return " UNION ALL ".join([f"SELECT {columns} FROM {part}{more}" for part in self])  # noqa: S608

    def figures(self, groups: Sequence[str], figures: Sequence[Aggregate]) -> str:
        """Return the query for figures by groups, which are called `by_0` and so on.

        Each shard sums up its own clicks.
        """
        by = [f"by_{place}" for place in range(len(groups))]
        grouped = f" GROUP BY {', '.join(by)}" if by else ""
        columns = [f"{group} AS {name}" for group, name in zip(groups, by, strict=True)]
        states = [
            f"{function}State({of}) AS figure_{place}"
            for place, (function, of) in enumerate(figures)
        ]
        sums = [f"{function}Merge(figure_{place})" for place, (function, _) in enumerate(figures)]
        parts = self.each(", ".join([*columns, *states]), grouped)
        return f"SELECT {', '.join([*by, *sums])} FROM ({parts}){grouped}"  # noqa: S608


def _all(conditions: Sequence[str]) -> str:
    return " AND ".join(conditions)

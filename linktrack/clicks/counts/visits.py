"""Count the links of an account that each visitor clicked, and visitors by that number.

Every figure is a sum, so the order of loading never matters; rows that come to nothing go, so
that they equal those of a rebuild.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, TypeAlias

from sqlalchemy import Connection, Table, select

from linktrack.clicks.bulk import delete_rows, find_rows, upsert_rows
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.models import account_visits, visitor_accounts
from linktrack.ids import AccountId

Key: TypeAlias = tuple[int, ...]

_VISITS: Final = itemgetter(0, 1, 3, 4)
"""The key of a visitor's row in `account_visits`: all but who it is."""


def move_visitors(
    connection: Connection, deltas: Mapping[Key, Sequence[int]]
) -> dict[Key, list[int]]:
    """Add to visitors' counts of links by (account, period, visitor).

    Returns how many visitors come to, and leave, each row of `account_visits`.
    """
    keys = sorted(key for key, change in deltas.items() if any(change))
    before = list(find_rows(connection, visitor_accounts, keys))
    known = {row[:3]: row for row in before}
    rows: list[Key] = []
    gone: list[Key] = []
    for key in keys:
        first, second = deltas[key]
        if key in known:
            row = known[key]
            first, second = first + row[3], second + row[4]
        if first or second:
            rows.append((*key, first, second))
        else:
            gone.append(key)
    upsert_rows(connection, visitor_accounts, rows)
    delete_rows(connection, visitor_accounts, gone)
    moves = Counter(map(_VISITS, rows))
    moves.subtract(Counter(map(_VISITS, before)))
    return {key: [visitors] for key, visitors in moves.items()}


@dataclass(frozen=True, slots=True)
class Period:
    """A visitor period of an account: the day it begins (an ordinal), and three moments.

    It begins at `begins`, its second half at `half_at`, and it is over at `ends`: milliseconds
    since 1970 UTC. Where these are equal it is no longer one, and has no visits.
    """

    account_id: AccountId
    first_day: int
    begins: int
    half_at: int
    ends: int


Wrong: TypeAlias = list[tuple[Table, list[Key], list[Key]]]
"""Of each table: rows to be written, and keys of those to be deleted."""


def measure_visits(connection: Connection, period: Period) -> Wrong:
    """Return what is wrong with both tables in a period, by the marks on the account's links."""
    key = (period.account_id, period.first_day)
    right: defaultdict[Key, list[int]] = defaultdict(lambda: [0, 0])
    firsts = clicks_of(connection).firsts_of_account(period.account_id, period.begins, period.ends)
    for visitor, first_at in firsts:
        right[*key, visitor][first_at >= period.half_at] += 1
    visits: defaultdict[Key, list[int]] = defaultdict(lambda: [0])
    for first, second in right.values():
        visits[*key, first, second][0] += 1
    compared = (
        _compare(connection, table, key, rows)
        for table, rows in ((visitor_accounts, right), (account_visits, visits))
    )
    return [wrong for wrong in compared if wrong[1] or wrong[2]]


def recount_visits(connection: Connection, period: Period) -> None:
    """Make both tables right in a period; the caller holds the write lock."""
    for table, rows, extra in measure_visits(connection, period):
        upsert_rows(connection, table, rows)
        delete_rows(connection, table, extra)


def _compare(
    connection: Connection, table: Table, key: Key, right: Mapping[Key, Sequence[int]]
) -> tuple[Table, list[Key], list[Key]]:
    width = len(table.primary_key)
    query = select(table).where(table.c.account_id == key[0], table.c.period == key[1])
    stored = {tuple(row[:width]): list(row[width:]) for row in connection.execute(query)}
    wrong = [(*key, *row) for key, row in right.items() if stored.get(key) != list(row)]
    return table, sorted(wrong), sorted(stored.keys() - right.keys())

"""How many of an account's links each visitor clicked, and how many visitors clicked how many.

Every figure is a sum, so the order of loading never matters; rows that come to nothing go, so
that they equal those of a rebuild.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, Table, select

from linktrack.clicks.bulk import delete_rows, find_rows, upsert_rows
from linktrack.clicks.models import account_visits, visitor_accounts, visitor_links
from linktrack.links.models import Link

Key: TypeAlias = tuple[int, ...]


def move_visitors(
    connection: Connection, deltas: Mapping[Key, Sequence[int]]
) -> dict[Key, list[int]]:
    """Add to visitors' counts of links by (account, period, visitor).

    Returns how many visitors come to, and leave, each row of `account_visits`.
    """
    changes = {key: change for key, change in sorted(deltas.items()) if any(change)}
    known = {row[:3]: row[3:] for row in find_rows(connection, visitor_accounts, list(changes))}
    moves: defaultdict[Key, list[int]] = defaultdict(lambda: [0])
    gone = []
    for key, change in changes.items():
        before = known.get(key)
        after = [old + more for old, more in zip(before or (0, 0), change, strict=True)]
        if before is not None:
            moves[*key[:2], *before][0] -= 1
        if any(after):
            moves[*key[:2], *after][0] += 1
        else:
            gone.append(key)
    rows = [(*key, *change) for key, change in changes.items()]
    upsert_rows(connection, visitor_accounts, rows, add=True)
    delete_rows(connection, visitor_accounts, gone)
    return moves


def recount_visits(
    connection: Connection, account_id: int, first_day: int, bounds: tuple[int, int], half_at: int
) -> None:
    """Make both tables right for one account and visitor period, by the marks on its links.

    `bounds` and `half_at` are moments in milliseconds since 1970 UTC: where the period begins and
    ends, and where its second half begins. The caller holds the writers' turn.
    """
    right: defaultdict[Key, list[int]] = defaultdict(lambda: [0, 0])
    marks = visitor_links.c
    query = (
        select(marks.visitor, marks.first_at)
        .join(Link, Link.id == marks.link_id)
        .where(Link.account_id == account_id, marks.first_at.between(bounds[0], bounds[1] - 1))
    )
    for visitor, first_at in connection.execute(query):
        right[account_id, first_day, visitor][first_at >= half_at] += 1
    _replace(connection, visitor_accounts, account_id, first_day, right)
    visits: defaultdict[Key, list[int]] = defaultdict(lambda: [0])
    for first, second in right.values():
        visits[account_id, first_day, first, second][0] += 1
    _replace(connection, account_visits, account_id, first_day, visits)


def forget_visits(connection: Connection, account_id: int, first_day: int) -> None:
    """Delete what is counted of one account and visitor period."""
    _replace(connection, visitor_accounts, account_id, first_day, {})
    _replace(connection, account_visits, account_id, first_day, {})


def _replace(
    connection: Connection,
    table: Table,
    account_id: int,
    first_day: int,
    right: Mapping[Key, Sequence[int]],
) -> None:
    width = len(table.primary_key)
    there = table.c.account_id == account_id, table.c.period == first_day
    stored = {
        tuple(row[:width]): list(row[width:])
        for row in connection.execute(select(table).where(*there))
    }
    wrong = [(*key, *row) for key, row in right.items() if stored.get(key) != list(row)]
    upsert_rows(connection, table, sorted(wrong))
    delete_rows(connection, table, sorted(stored.keys() - right.keys()))

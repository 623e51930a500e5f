"""How many of an account's links each visitor clicked, and how many visitors clicked how many.

Every figure is a sum, so the order of loading never matters; rows that come to nothing go, so
that they equal those of a rebuild.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, delete, tuple_

from linktrack.clicks.marks import CHUNK, find_rows, upsert
from linktrack.clicks.models import account_visits, visitor_accounts

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
    upsert(
        connection,
        visitor_accounts,
        [(*key, *change) for key, change in changes.items()],
        add=True,
    )
    for start in range(0, len(gone), CHUNK):
        part = gone[start : start + CHUNK]
        key_columns = tuple_(*visitor_accounts.primary_key)
        connection.execute(delete(visitor_accounts).where(key_columns.in_(part)))
    return moves


def forget_empty(connection: Connection, moves: Mapping[Key, Sequence[int]]) -> None:
    """Delete the rows of `account_visits` that these moves have left without a visitor."""
    left = sorted({key[:2] for key, (change,) in moves.items() if change < 0})
    for start in range(0, len(left), CHUNK):
        visits = account_visits.c
        connection.execute(
            delete(account_visits).where(
                tuple_(visits.account_id, visits.period).in_(left[start : start + CHUNK]),
                visits.visitors == 0,
            )
        )

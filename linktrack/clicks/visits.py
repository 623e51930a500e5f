"""How many of an account's links each visitor clicked, and how many visitors clicked how many."""

from collections import defaultdict

from sqlalchemy import Connection, delete, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from linktrack.clicks.marks import CHUNK, Deltas, add
from linktrack.clicks.models import account_visits, visitor_accounts
from linktrack.db import is_sqlite


def add_visits(connection: Connection, deltas: Deltas) -> None:
    """Add to visitors' counts of links, and move each visitor to the pair it has now.

    Every figure is a sum, so the order of loading never matters; rows that come to nothing go,
    so that they equal those of a rebuild.
    """
    changed = {key: change for key, change in sorted(deltas.items()) if any(change)}
    if not changed:
        return
    table = visitor_accounts
    insert = (sqlite.insert if is_sqlite(connection) else postgresql.insert)(table)
    names = [column.name for column in table.columns]
    rows = connection.execute(
        insert.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={name: table.c[name] + insert.excluded[name] for name in names[3:]},
        ).returning(table),
        [dict(zip(names, (*key, *change), strict=True)) for key, change in changed.items()],
    ).all()
    moves: defaultdict[tuple[int, ...], list[int]] = defaultdict(lambda: [0])
    gone = []
    for account_id, period, visitor, *now in rows:
        change = changed[account_id, period, visitor]
        before = [part - more for part, more in zip(now, change, strict=True)]
        if any(before):
            moves[account_id, period, *before][0] -= 1
        if any(now):
            moves[account_id, period, *now][0] += 1
        else:
            gone.append((account_id, period, visitor))
    for start in range(0, len(gone), CHUNK):
        part = gone[start : start + CHUNK]
        connection.execute(delete(table).where(tuple_(*table.primary_key).in_(part)))
    add(connection, account_visits, moves)
    visits = account_visits.c
    emptied = {key[:2] for key, (change,) in moves.items() if change < 0}
    if emptied:
        connection.execute(
            delete(account_visits).where(
                tuple_(visits.account_id, visits.period).in_(sorted(emptied)),
                visits.visitors == 0,
            )
        )

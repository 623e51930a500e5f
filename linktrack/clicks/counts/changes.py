"""Change why stored clicks are left out, or whose they are, and keep the counts in step."""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, bindparam, update

from linktrack.calendar.days import Days
from linktrack.chunks import chunked
from linktrack.clicks.counts.rollups import move_batch
from linktrack.clicks.counts.stored import STORED, as_click
from linktrack.clicks.models import clicks
from linktrack.clicks.vocabulary import UNATTRIBUTED

STEP: Final = 500  # clicks in one IN list
MOVED: Final = 5_000  # clicks recounted at a time


def change_reasons(connection: Connection, wanted: Mapping[int, int], days: Days) -> int:
    """Give stored clicks (by `seq`) these reasons; return how many had another one.

    First-click marks and every count move with them: where a visitor's first click is no longer
    a person's, the next one becomes the first. The caller holds the write lock.
    """
    changed = 0
    change = (
        update(clicks).where(clicks.c.seq == bindparam("of")).values(reason=bindparam("reason_now"))
    )
    for part in chunked(sorted(wanted), STEP):
        query = STORED.where(clicks.c.seq.in_(part))
        rows = [row for row in connection.execute(query) if row.reason != wanted[row.seq]]
        if not rows:
            continue
        connection.execute(change, [{"of": row.seq, "reason_now": wanted[row.seq]} for row in rows])
        before = [as_click(row, days.day) for row in rows]
        after = [
            replace(click, reason=wanted[row.seq]) for click, row in zip(before, rows, strict=True)
        ]
        move_batch(connection, before, after, days)
        changed += len(rows)
    return changed


def make_unattributed(connection: Connection, condition: ColumnElement[bool], days: Days) -> None:
    """Make the stored clicks that fulfil a condition unattributed; for few clicks.

    First-click marks and every count move with them. The caller holds the write lock.
    """
    before = [as_click(row, days.day) for row in connection.execute(STORED.where(condition))]
    connection.execute(
        update(clicks)
        .where(condition)
        .values(follower_id=None, segment_id=UNATTRIBUTED, attribution=0)
    )
    after = [replace(click, segment_id=UNATTRIBUTED, attribution=0) for click in before]
    move_batch(connection, before, after, days)


def recount_told_otherwise(
    connection: Connection,
    column: ColumnElement[int],
    told: str,
    before: Mapping[int, int],
    days: Days,
) -> int:
    """Recount clicks whose agent or referrer says something else now; return how many.

    `before` are the rows named by the clicks' `column`, with what the field `told` of `Click` was;
    those rows have the new value already. The caller holds the write lock.
    """
    moved, after = 0, 0
    stored = STORED.add_columns(column.label("by")).order_by(clicks.c.seq).limit(MOVED)
    while before:
        step = connection.execute(stored.where(clicks.c.seq > after)).all()
        if not step:
            break
        after = step[-1].seq
        changed = [row for row in step if row.by in before]
        now = [as_click(row, days.day) for row in changed]
        then = [
            replace(click, **{told: before[row.by]})
            for click, row in zip(now, changed, strict=True)
        ]
        move_batch(connection, then, now, days)
        moved += len(changed)
    return moved

"""Change why stored clicks are left out, or whose they are, and keep the counts in step."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec.structs import replace
from sqlalchemy import Connection

from linktrack.calendar.days import Days
from linktrack.chunks import chunked
from linktrack.clicks.counts.rollups import move_batch
from linktrack.clicks.keeping.dressing import dressed, stored_of
from linktrack.clicks.keeping.interface import Walk
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Which
from linktrack.clicks.vocabulary import UNATTRIBUTED

STEP: Final = 500  # clicks in one IN list
MOVED: Final = 5_000  # clicks recounted at a time


def change_reasons(connection: Connection, wanted: Mapping[int, int], days: Days) -> int:
    """Give stored clicks (by `seq`) these reasons; return how many had another one.

    First-click marks and every count move with them: where a visitor's first click is no longer
    a person's, the next one becomes the first. The caller holds the write lock.
    """
    clicks = clicks_of(connection)
    changed = 0
    for part in chunked(sorted(wanted), STEP):
        found = [
            stored
            for some in clicks.stored(Which(seqs=part), days.day)
            for stored in some
            if stored.click.reason != wanted[stored.seq]
        ]
        if not found:
            continue
        clicks.set_reasons({stored.seq: wanted[stored.seq] for stored in found})
        before = [stored.click for stored in found]
        after = [replace(stored.click, reason=wanted[stored.seq]) for stored in found]
        move_batch(connection, before, after, days)
        changed += len(found)
    return changed


def make_unattributed(connection: Connection, which: Which, days: Days) -> None:
    """Make stored clicks unattributed; for few clicks.

    First-click marks and every count move with them. The caller holds the write lock.
    """
    clicks = clicks_of(connection)
    before = [stored.click for some in clicks.stored(which, days.day) for stored in some]
    clicks.take_names_off(which)
    after = [replace(click, segment_id=UNATTRIBUTED, attribution=0) for click in before]
    move_batch(connection, before, after, days)


def recount_told_otherwise(
    connection: Connection,
    column: Literal["agent_id", "referrer_id"],
    told: str,
    before: Mapping[int, int],
    days: Days,
) -> int:
    """Recount clicks whose agent or referrer says something else now; return how many.

    `before` are the rows named by the clicks' `column`, with what the field `told` of `Click` was;
    those rows have the new value already. The caller holds the write lock.
    """
    clicks = clicks_of(connection)
    moved, after, walk = 0, 0, Walk()
    while before:
        table = clicks.table(Which(after=after), limit=MOVED, walk=walk)
        query = dressed(table).add_columns(table.c[column].label("by")).order_by(table.c.seq)
        step = connection.execute(query).all()
        if not step:
            break
        after = step[-1].seq
        changed = [row for row in step if row.by in before]
        now = [stored_of(row, days.day).click for row in changed]
        then = [
            replace(click, **{told: before[row.by]})
            for click, row in zip(now, changed, strict=True)
        ]
        move_batch(connection, then, now, days)
        moved += len(changed)
    return moved

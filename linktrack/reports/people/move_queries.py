"""What is read of who came and who left: one page of people, by indexes alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    cast,
    exists,
    literal,
    null,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from linktrack.audience.forgetting import handle_key
from linktrack.audience.models import Follower, FollowPeriod
from linktrack.db import Utc, is_sqlite
from linktrack.ids import AccountId, FollowerId

Way: TypeAlias = Literal["came", "returned", "left"]
WAYS: Final[tuple[Way, ...]] = ("came", "returned", "left")
"""Came for the first time, came back, left."""

MOST_FOUND: Final = 200
"""People whom a search by handle takes, of those whose handles begin so."""

MOST_SCANNED: Final = 2_000
"""People who came that one page looks at, where it wants only those who came back."""

_HIGHEST: Final = "\U0010ffff"  # behind every handle that begins as the one searched for


class Place(NamedTuple):
    """A row of the list, newest first: the next page begins behind it."""

    by: datetime
    follower_id: FollowerId


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which moves: of one way or all, by the lists taken in [since, until), or by one list alone.

    `handle` is how the handles begin.
    """

    way: Way | None = None
    since: datetime | None = None
    until: datetime | None = None
    list_at: datetime | None = None
    handle: str = ""


class MoveRow(NamedTuple):
    """One move; those who left have also when they had come (`began_after`, `began_by`)."""

    by: datetime
    follower_id: FollowerId
    after: datetime
    began_after: datetime | None
    began_by: datetime | None
    has_left: int
    had_followed: bool
    handle: str | None
    network_id: str


@dataclass(frozen=True, slots=True)
class Found:
    """Some moves, newest first, and the place behind which there may be more; None: no more."""

    rows: list[MoveRow]
    next: Place | None


def move_rows(
    session: Session, account_id: AccountId, wanted: Wanted, after: Place | None, limit: int
) -> Found:
    """Return at most `limit` moves, newest first, from behind `after` on.

    Those on an account's first list did not come: nobody knows when. A page takes as long at any
    size of account: each way is read by its index from the place on. Of those who came,
    `MOST_SCANNED` are looked at for who had followed before, so a page may have few of them and
    another behind it all the same.
    """
    period, earlier = FollowPeriod, aliased(FollowPeriod)
    had_followed = exists().where(
        earlier.follower_id == period.follower_id, earlier.began_by < period.began_by
    )
    never = cast(null(), Utc).label("began_after"), cast(null(), Utc).label("began_by")
    came = select(
        period.began_by.label("by"),
        period.follower_id,
        period.began_after.label("after"),
        *never,
        literal(0).label("has_left"),
        had_followed.label("had_followed"),
    ).where(period.began_after.is_not(None))
    left = select(
        period.ended_by.label("by"),
        period.follower_id,
        period.ended_after.label("after"),
        period.began_after,
        period.began_by.label("began_by"),
        literal(1).label("has_left"),
        had_followed.label("had_followed"),
    ).where(period.ended_by.is_not(None))
    named = _named(session, account_id, wanted.handle)
    parts: list[Subquery] = []
    for is_wanted, moment, way in (
        (wanted.way != "left", period.began_by, came),
        (wanted.way in (None, "left"), period.ended_by, left),
    ):
        if is_wanted:
            conditions = [*within(moment, wanted, after), period.account_id == account_id]
            if wanted.handle:
                conditions.append(period.follower_id.in_(named))
            newest = moment.desc(), period.follower_id.desc()
            most = limit + 1 if wanted.way in (None, "left") else MOST_SCANNED
            parts.append(way.where(*conditions).order_by(*newest).limit(most).subquery())
    moves = union_all(*map(select, parts)).subquery()
    is_wanted_too: ColumnElement[bool] = true()
    if wanted.way in ("came", "returned"):
        is_wanted_too = moves.c.had_followed == (wanted.way == "returned")
    query = (
        select(
            moves.c.by,
            moves.c.follower_id,
            moves.c.after,
            moves.c.began_after,
            moves.c.began_by,
            moves.c.has_left,
            moves.c.had_followed,
            Follower.handle,
            Follower.network_id,
        )
        .join(Follower, Follower.id == moves.c.follower_id)
        .where(is_wanted_too)
        .order_by(moves.c.by.desc(), moves.c.follower_id.desc())
        .limit(limit + 1)
    )
    rows = list(map(MoveRow._make, session.execute(query)))
    if len(rows) > limit:
        return Found(rows[:limit], Place(rows[limit - 1].by, rows[limit - 1].follower_id))
    if wanted.way not in ("came", "returned"):
        return Found(rows, None)
    last = session.execute(select(moves.c.by, moves.c.follower_id).offset(MOST_SCANNED - 1)).first()
    return Found(rows, None if last is None else Place(*last))


def within(
    moment: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    wanted: Wanted,
    after: Place | None = None,
) -> list[ColumnElement[bool]]:
    """Return what holds for the moves that are wanted, by their moment."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        conditions.append(moment >= wanted.since)
    if wanted.until is not None:
        conditions.append(moment < wanted.until)
    if wanted.list_at is not None:
        conditions.append(moment == wanted.list_at)
    if after is not None:
        place = tuple_(literal(after.by, Utc), literal(after.follower_id))
        conditions.append(tuple_(moment, FollowPeriod.follower_id) < place)
    return conditions


def _named(session: Session, account_id: AccountId, begins: str) -> Select[FollowerId]:
    """Return the people whose handles begin so, by the index of handles.

    PostgreSQL compares texts byte by byte only if it is asked to: its order is that of a language.
    """
    key, column = handle_key(begins).replace("\0", ""), Follower.handle_key
    if is_sqlite(session.connection()):
        begin_so = and_(column >= key, column <= key + _HIGHEST)
    else:
        begin_so = and_(column.op("~>=~")(key), column.op("~<=~")(key + _HIGHEST))
    people = select(Follower.id).where(Follower.account_id == account_id, begin_so)
    return people.limit(MOST_FOUND)

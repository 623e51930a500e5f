"""Rosters: dated lists of followers, kept as the periods in which each of them followed.

A roster comes in at any time and in any order. All of it is set arithmetic in the database: the
list is staged in a temporary table, and a handful of statements move the periods.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from linktrack.audience.counts import record_count
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Account, FollowerCount, FollowPeriod, Roster
from linktrack.audience.roster_staging import Staged, keep_followers, present, stage, temporary
from linktrack.audience.sorting import sort_followers
from linktrack.db import Utc, from_ms, to_ms
from linktrack.errors import Conflict, Invalid
from linktrack.networks.records import FollowerRecord
from linktrack.owners.audit import by_hand, note

SHRUNK: Final = (
    10  # by so many times fewer people, or by one part in so many that no count has lost
)
FEWEST_MISSING: Final = 5  # of a short list a few may be missing: people block, and are suspended
COUNTED: Final = timedelta(days=90)
ROSTER_COUNT: Final = "roster"
"""The source of a follower count that is the length of a list."""

_PERIOD: Final = (
    "follower_id",
    "began_by",
    "account_id",
    "began_after",
    "ended_after",
    "ended_by",
)

periods = cast("Table", FollowPeriod.__table__)


@dataclass(frozen=True, slots=True)
class TakenRoster:
    """What a roster was, and what it changed. `is_new` is false where it was there already.

    `gained` came since the roster before, `returned` came back, `lost` left: null for a first
    roster, before which nothing is known. `forgotten` people were left out.
    """

    taken_at: datetime
    size: int
    is_new: bool
    gained: int | None
    returned: int | None
    lost: int | None
    forgotten: int


def take_roster(
    session: Session,
    account: Account,
    people: Iterable[FollowerRecord] | Staged,
    taken_at: datetime,
    source: str,
    *,
    forgotten: Forgotten,
    confirmed: bool = False,
    now: datetime,
) -> TakenRoster:
    """Take a list of an account's followers at a moment; the same list again changes nothing.

    A list older than others is placed in its time. Its length is recorded as a follower count
    if there is no other count of the 90 days before. Raises `Invalid` for a moment in the
    future, and `Conflict` if there is another list at that moment, or, unless `confirmed`, if
    it seems to have broken off (`_doubt`). The caller rolls back. `people` may be what
    `staging_first` has staged; `Conflict` then, too, if somebody was forgotten since.
    """
    taken_at = from_ms(to_ms(taken_at))
    if taken_at > now:
        raise Invalid(
            f"A follower list cannot be dated {taken_at:%Y-%m-%d %H:%M:%S} UTC, in the future."
        )
    # Two lists of one account take turns.
    session.execute(select(Account.id).where(Account.id == account.id).with_for_update())
    connection = session.connection()
    temporary.create_all(connection)  # gone with the transaction where this fails
    staged = people if isinstance(people, Staged) else stage(connection, people, forgotten)
    if staged.without != forgotten:
        raise Conflict("Somebody was forgotten while this list was read: import it again.")
    size = keep_followers(connection, account.id, taken_at, staged)
    gained = returned = lost = None
    is_new = _is_new(session, account, taken_at)
    if is_new:
        before = _neighbour(session, account.id, taken_at, later=False)
        after = _neighbour(session, account.id, taken_at, later=True)
        if not confirmed:
            _doubt(session, account, size, taken_at, before or after)
        _place(connection, account.id, taken_at, _moment(before), _moment(after))
        session.add(Roster(account_id=account.id, taken_at=taken_at, source=source, size=size))
        session.flush()
        sort_followers(session, account, now, roster_came=True)
        if not _is_counted(session, account.id, taken_at):
            record_count(session, account, size, taken_at, ROSTER_COUNT, now=now)
        if before is not None:
            gained, returned, lost = changes_at(session, account.id, taken_at)
    temporary.drop_all(connection)
    if is_new and by_hand(session):
        note(session, f"Imported a list of {size:,} followers of {account.handle}.", now)
    return TakenRoster(
        taken_at=taken_at,
        size=size,
        is_new=is_new,
        gained=gained,
        returned=returned,
        lost=lost,
        forgotten=staged.forgotten,
    )


def _is_new(session: Session, account: Account, taken_at: datetime) -> bool:
    """Whether there is no roster at that moment; raises `Conflict` if there is a different one."""
    query = select(Roster).where(Roster.account_id == account.id, Roster.taken_at == taken_at)
    standing = session.scalar(query)
    if standing is None:
        return True
    if not _same(session.connection(), account.id, taken_at):
        raise Conflict(
            f"There is already another follower list of {account.handle} at "
            f"{taken_at:%Y-%m-%d %H:%M:%S} UTC, with {standing.size:,} people: "
            "use --at to say when this one was taken."
        )
    return False


def _doubt(
    session: Session, account: Account, size: int, taken_at: datetime, near: Roster | None
) -> None:
    """Raise `Conflict` if a list seems to have broken off, beside the list nearest to it.

    Networks now and then give a part of a list as if it were all. It has a tenth of the people, or
    fewer; or it has lost people whom the follower counts of both days have not: over a tenth.
    """
    if near is None or not near.size:
        return
    if size * SHRUNK <= near.size:
        raise Conflict(
            f"This list has {size:,} people, and the one of {near.taken_at:%Y-%m-%d} has "
            f"{near.size:,}: if that is right, add --yes."
        )
    counted = _counted(session, account.id, taken_at)
    counted_near = _counted(session, account.id, near.taken_at)
    if counted is None or counted_near is None:
        return
    missing = (counted - size) - (counted_near - near.size)
    if missing >= FEWEST_MISSING and missing * SHRUNK > near.size:
        raise Conflict(
            f"This list has {size:,} of {counted:,} followers, and the one of "
            f"{near.taken_at:%Y-%m-%d} has {near.size:,} of {counted_near:,}: it may be "
            f"incomplete. If it is right, add --yes."
        )


def _counted(session: Session, account_id: int, at: datetime) -> int | None:
    """Return what the follower count of the day before `at` says; a list's length is none."""
    query = (
        select(FollowerCount.count)
        .where(
            FollowerCount.account_id == account_id,
            FollowerCount.counted_at <= at,
            FollowerCount.counted_at > at - timedelta(days=1),
            FollowerCount.source != ROSTER_COUNT,
        )
        .order_by(FollowerCount.counted_at.desc())
    )
    return session.scalar(query.limit(1))


def _moment(roster: Roster | None) -> datetime | None:
    return None if roster is None else roster.taken_at


def changes_at(session: Session, account_id: int, taken_at: datetime) -> tuple[int, int, int]:
    """Return how many came, came back and left between the roster before and this one."""
    began = and_(FollowPeriod.account_id == account_id, FollowPeriod.began_by == taken_at)
    came = session.scalar(select(func.count()).where(began)) or 0
    earlier = FollowPeriod.__table__.alias("earlier")
    had = exists().where(
        earlier.c.follower_id == FollowPeriod.follower_id, earlier.c.began_by < taken_at
    )
    returned = session.scalar(select(func.count()).where(began, had)) or 0
    left = session.scalar(
        select(func.count()).where(
            FollowPeriod.account_id == account_id, FollowPeriod.ended_by == taken_at
        )
    )
    return came - returned, returned, left or 0


# Placing -------------------------------------------------------------------------------------


def _neighbour(session: Session, account_id: int, at: datetime, *, later: bool) -> Roster | None:
    query = select(Roster).where(Roster.account_id == account_id)
    if later:
        query = query.where(Roster.taken_at > at).order_by(Roster.taken_at)
    else:
        query = query.where(Roster.taken_at < at).order_by(Roster.taken_at.desc())
    return session.scalar(query.limit(1))


def _holds(moment: datetime) -> ColumnElement[bool]:
    return and_(
        periods.c.began_by <= moment,
        or_(periods.c.ended_after.is_(None), periods.c.ended_after >= moment),
    )


def _same(connection: Connection, account_id: int, at: datetime) -> bool:
    """Whether those present are exactly the people of the roster at that moment."""
    here = exists().where(present.c.follower_id == periods.c.follower_id)
    of_roster = and_(periods.c.account_id == account_id, _holds(at))
    missing = select(periods.c.follower_id).where(of_roster, ~here).limit(1)
    there = exists().where(periods.c.follower_id == present.c.follower_id, _holds(at))
    added = select(present.c.follower_id).where(~there).limit(1)
    return connection.scalar(missing) is None and connection.scalar(added) is None


def _place(
    connection: Connection,
    account_id: int,
    at: datetime,
    before: datetime | None,
    after: datetime | None,
) -> None:
    """Move the periods so that those present, and nobody else, followed at `at`.

    `before` and `after` are the neighbouring rosters: nothing else depends on the new one.
    """
    ours = periods.c.account_id == account_id
    here = exists().where(present.c.follower_id == periods.c.follower_id)
    moved = update(periods)

    if after is None:
        is_open = and_(ours, periods.c.ended_after.is_(None))
        connection.execute(moved.where(is_open, ~here).values(ended_after=before, ended_by=at))
    else:
        # Those first seen in the next roster: they began before this one, or after it.
        at_next = and_(ours, periods.c.began_by == after)
        connection.execute(moved.where(at_next, here).values(began_by=at))
        connection.execute(moved.where(at_next, ~here).values(began_after=at))
        if before is not None:
            # Those last seen in the roster before, likewise.
            at_last = and_(ours, periods.c.ended_after == before, periods.c.ended_by == after)
            connection.execute(moved.where(at_last, here).values(ended_after=at))
            connection.execute(moved.where(at_last, ~here).values(ended_by=at))
            # Those in both neighbours and not here left, and came back.
            across = and_(ours, periods.c.began_by <= before, _holds(after), ~here)
            back = select(
                periods.c.follower_id,
                literal(after, Utc),
                periods.c.account_id,
                literal(at, Utc),
                periods.c.ended_after,
                periods.c.ended_by,
            ).where(across)
            connection.execute(insert(periods).from_select(_PERIOD, back))
            connection.execute(moved.where(across).values(ended_after=before, ended_by=at))
    there = exists().where(periods.c.follower_id == present.c.follower_id, _holds(at))
    began = select(
        present.c.follower_id,
        literal(at, Utc),
        literal(account_id),
        literal(before, Utc),
        null() if after is None else literal(at, Utc),
        literal(after, Utc),
    ).where(~there)
    connection.execute(insert(periods).from_select(_PERIOD, began))


def _is_counted(session: Session, account_id: int, at: datetime) -> bool:
    """Whether there is another count of the 90 days before, or any at that very moment."""
    near = and_(FollowerCount.counted_at > at - COUNTED, FollowerCount.source != ROSTER_COUNT)
    query = select(FollowerCount.counted_at).where(
        FollowerCount.account_id == account_id,
        FollowerCount.counted_at <= at,
        or_(near, FollowerCount.counted_at == at),
    )
    return session.scalar(query.limit(1)) is not None


def list_rosters(session: Session, account_id: int) -> Iterator[Roster]:
    """Yield the rosters of an account, oldest first."""
    query = select(Roster).where(Roster.account_id == account_id).order_by(Roster.taken_at)
    yield from session.scalars(query)

"""What the followers report reads: sums over follow periods, a row for each list."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import BigInteger, ColumnElement, and_, case, exists, func, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from linktrack.audience.models import FollowPeriod, Roster
from linktrack.ids import AccountId


@dataclass(frozen=True, slots=True)
class Change:
    """What one list shows against the one before: who came, came back and left in between."""

    since: datetime
    at: datetime
    followers_before: int
    followers: int
    gained: int
    returned: int
    lost: int

    @property
    def days(self) -> float:
        """How long the time between the two lists was: when it happened is known so exactly."""
        return (self.at - self.since) / timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Churn:
    """Of those seen to come: how many left soon, at least, as first seen to, and at most."""

    gained: int
    at_least: int
    left: int
    at_most: int


def changes(session: Session, account_id: AccountId) -> list[Change]:
    """Return the changes from each list of an account to the next, oldest first."""
    rosters = session.execute(
        select(Roster.taken_at, Roster.size)
        .where(Roster.account_id == account_id)
        .order_by(Roster.taken_at)
    ).all()
    earlier = aliased(FollowPeriod)
    had = exists().where(
        earlier.follower_id == FollowPeriod.follower_id, earlier.began_by < FollowPeriod.began_by
    )
    mine = FollowPeriod.account_id == account_id
    came = {
        at: (count, back or 0)
        for at, count, back in session.execute(
            select(FollowPeriod.began_by, func.count(), func.sum(case((had, 1), else_=0)))
            .where(mine, FollowPeriod.began_after.is_not(None))
            .group_by(FollowPeriod.began_by)
        )
    }
    left: Mapping[datetime | None, int] = dict(
        session.execute(
            select(FollowPeriod.ended_by, func.count())
            .where(mine, FollowPeriod.ended_by.is_not(None))
            .group_by(FollowPeriod.ended_by)
        ).all()
    )
    found = []
    for (since, before), (at, size) in pairwise(rosters):
        count, back = came.get(at, (0, 0))
        found.append(
            Change(
                since=since,
                at=at,
                followers_before=before,
                followers=size,
                gained=count - back,
                returned=back,
                lost=left.get(at, 0),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Moves:
    """What the lists at some moments show against those before them: who came, also again; left."""

    at: datetime
    came: int
    left: int


def moves_of(
    session: Session, account_ids: Sequence[AccountId], since: datetime, until: datetime
) -> Mapping[int, list[Moves]]:
    """Return what the lists taken in [since, until) show, by account; none for its first list."""
    period, earlier = FollowPeriod, aliased(Roster)
    has_earlier = exists().where(
        earlier.account_id == Roster.account_id, earlier.taken_at < Roster.taken_at
    )
    lists = session.execute(
        select(Roster.account_id, Roster.taken_at)
        .where(Roster.account_id.in_(account_ids), has_earlier)
        .where(Roster.taken_at >= since, Roster.taken_at < until)
        .order_by(Roster.taken_at)
    ).all()
    mine = period.account_id.in_(account_ids)
    came = _counted_at(
        session, period.began_by, since, until, and_(mine, period.began_after.is_not(None))
    )
    left = _counted_at(session, period.ended_by, since, until, mine)
    found: defaultdict[int, list[Moves]] = defaultdict(list)
    for account_id, at in lists:
        key = (account_id, at)
        found[account_id].append(Moves(at, came.get(key, 0), left.get(key, 0)))
    return found


def _counted_at(
    session: Session,
    moment: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    since: datetime,
    until: datetime,
    condition: ColumnElement[bool],
) -> dict[tuple[int, datetime], int]:
    query = (
        select(FollowPeriod.account_id, moment, func.count())
        .where(condition, moment >= since, moment < until)
        .group_by(FollowPeriod.account_id, moment)
    )
    return {(account_id, at): count for account_id, at, count in session.execute(query) if at}


def leavers(
    session: Session, account_id: AccountId, of: datetime, until: datetime
) -> list[tuple[datetime, int]]:
    """Return how many of the list at `of` were first missing from each later list up to `until`."""
    rows = session.execute(
        select(FollowPeriod.ended_by, func.count())
        .where(
            FollowPeriod.account_id == account_id,
            FollowPeriod.began_by <= of,
            FollowPeriod.ended_after >= of,
            FollowPeriod.ended_by <= until,
        )
        .group_by(FollowPeriod.ended_by)
    )
    return [(at, count) for at, count in rows if at is not None]


def churn(session: Session, account_id: AccountId, within: timedelta, last: datetime) -> Churn:
    """Return how many of those seen to come, at least `within` before `last`, left within it."""
    length = within // timedelta(milliseconds=1)
    period = FollowPeriod
    began_after, began_by, ended_after, ended_by = (
        type_coerce(moment, BigInteger)
        for moment in (period.began_after, period.began_by, period.ended_after, period.ended_by)
    )
    row = session.execute(
        select(
            func.count(),
            func.count().filter(ended_by - began_after <= length),
            func.count().filter(ended_by - began_by <= length),
            func.count().filter(ended_after - began_by <= length),
        ).where(
            period.account_id == account_id,
            period.began_after.is_not(None),
            period.began_by <= last - within,
        )
    ).one()
    return Churn(*row)

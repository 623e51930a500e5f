"""Rosters: dated lists of followers, kept as the periods in which each of them followed.

A roster comes in at any time and in any order. All of it is set arithmetic in the database: the
list is staged in a temporary table, and a handful of statements move the periods.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from linktrack.audience.counts import record_count
from linktrack.audience.forgetting import Forgotten, handle_key
from linktrack.audience.models import Account, Follower, FollowerCount, FollowPeriod, Roster
from linktrack.audience.sorting import sort_followers
from linktrack.db import Utc, from_ms, is_sqlite, to_ms
from linktrack.errors import Conflict, Invalid
from linktrack.networks.records import FollowerRecord
from linktrack.owners.audit import by_hand, note

CHUNK: Final = 5_000  # people written at a time
SHRUNK: Final = 10  # a list of a tenth of the people, or fewer, is doubted
COUNTED: Final = timedelta(days=90)
ROSTER_COUNT: Final = "roster"
"""The source of a follower count that is the length of a list."""

Value = str | int | bool | datetime | None

_staging = MetaData()
_staged = Table(
    "staged_people",
    _staging,
    Column("network_id", String(512), primary_key=True),
    Column("handle", String(255)),
    Column("handle_key", String(255)),
    Column("followers", BigInteger),
    Column("following", BigInteger),
    Column("posts", BigInteger),
    Column("account_created_at", Utc),
    Column("has_description", Boolean),
    Column("has_picture", Boolean),
    Column("last_active_at", Utc),
    Column("followed_back", Boolean),
    Column("by_handle", Boolean, nullable=False),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)
_present = Table(
    "present_followers",
    _staging,
    Column("follower_id", Integer, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
)
_FACTS: Final = (
    "followers",
    "following",
    "posts",
    "account_created_at",
    "has_description",
    "has_picture",
    "last_active_at",
    "followed_back",
)
_COPIED: Final = ("handle", "handle_key", *_FACTS)

_PERIOD: Final = (
    "follower_id",
    "began_by",
    "account_id",
    "began_after",
    "ended_after",
    "ended_by",
)

followers = cast("Table", Follower.__table__)
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


@dataclass(frozen=True, slots=True)
class _Staged:
    """What the staged list holds: whether any fact, and whether any person by handle alone."""

    has_facts: bool
    by_handle: bool
    forgotten: int


def take_roster(
    session: Session,
    account: Account,
    people: Iterable[FollowerRecord],
    taken_at: datetime,
    source: str,
    *,
    forgotten: Forgotten,
    confirmed: bool = False,
    now: datetime,
) -> TakenRoster:
    """Take a list of an account's followers at a moment; the same list again changes nothing.

    A list older than others is placed in its time. Its length is recorded as a follower count
    where no other count of the 90 days before stands. Raises `Invalid` for a moment in the
    future, and `Conflict` where another list stands at that moment, or, unless `confirmed`, where
    it has a tenth of the people of the list before, or fewer. The caller rolls back.
    """
    taken_at = from_ms(to_ms(taken_at))
    if taken_at > now:
        raise Invalid(
            f"A follower list cannot be dated {taken_at:%Y-%m-%d %H:%M:%S} UTC, in the future."
        )
    # Two lists of one account take turns.
    session.execute(select(Account.id).where(Account.id == account.id).with_for_update())
    connection = session.connection()
    _staging.create_all(connection)  # gone with the transaction where this fails
    staged = _stage(connection, people, forgotten)
    size = _keep_followers(connection, account.id, taken_at, staged)
    gained = returned = lost = None
    is_new = _is_new(session, account, taken_at)
    if is_new:
        before = _neighbour(session, account.id, taken_at, later=False)
        after = _neighbour(session, account.id, taken_at, later=True)
        _doubt(size, before or after, confirmed)
        _place(connection, account.id, taken_at, _moment(before), _moment(after))
        session.add(Roster(account_id=account.id, taken_at=taken_at, source=source, size=size))
        session.flush()
        sort_followers(session, account, now, roster_came=True)
        if not _is_counted(session, account.id, taken_at):
            record_count(session, account, size, taken_at, ROSTER_COUNT, now=now)
        if before is not None:
            gained, returned, lost = changes_at(session, account.id, taken_at)
    _staging.drop_all(connection)
    if is_new and by_hand(session):
        note(session, f"Took a list of {size:,} followers of {account.handle}.", now)
    return TakenRoster(taken_at, size, is_new, gained, returned, lost, staged.forgotten)


def _is_new(session: Session, account: Account, taken_at: datetime) -> bool:
    """Whether no roster stands at that moment; raises `Conflict` where a different one does."""
    query = select(Roster).where(Roster.account_id == account.id, Roster.taken_at == taken_at)
    standing = session.scalar(query)
    if standing is None:
        return True
    if not _same(session.connection(), account.id, taken_at):
        raise Conflict(
            f"Another follower list of {account.handle} stands at "
            f"{taken_at:%Y-%m-%d %H:%M:%S} UTC, with {standing.size:,} people: say with --at "
            "when this one was taken."
        )
    return False


def _doubt(size: int, near: Roster | None, confirmed: bool) -> None:
    if near is not None and not confirmed and near.size and size * SHRUNK <= near.size:
        raise Conflict(
            f"This list has {size:,} people, and the one of {near.taken_at:%Y-%m-%d} has "
            f"{near.size:,}: if that is right, say --yes."
        )


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


def following_at(moment: datetime) -> ColumnElement[bool]:
    """The condition on a follow period that holds the roster taken at `moment`."""
    return and_(
        FollowPeriod.began_by <= moment,
        or_(FollowPeriod.ended_after.is_(None), FollowPeriod.ended_after >= moment),
    )


# Staging -------------------------------------------------------------------------------------


def _stage(
    connection: Connection, people: Iterable[FollowerRecord], forgotten: Forgotten
) -> _Staged:
    """Write the list into the temporary table, each person once, without the forgotten."""
    has_facts = by_handle = False
    left_out = 0
    rest = iter(people)
    while chunk := list(islice(rest, CHUNK)):
        rows = []
        for person in chunk:
            row = _row(person)
            if forgotten.holds(str(row["network_id"])):
                left_out += 1
                continue
            by_handle = by_handle or person.network_id is None
            has_facts = has_facts or any(row[name] is not None for name in _FACTS)
            rows.append(row)
        _write(connection, rows)
    return _Staged(has_facts, by_handle, left_out)


def _write(connection: Connection, rows: Sequence[Mapping[str, Value]]) -> None:
    if not rows:
        return
    if is_sqlite(connection):
        connection.execute(sqlite.insert(_staged).on_conflict_do_nothing(), rows)
        return
    # One statement for all rows: one for each took PostgreSQL five times as long.
    connection.execute(
        text(
            "INSERT INTO staged_people SELECT * FROM "
            "json_populate_recordset(NULL::staged_people, :rows) ON CONFLICT DO NOTHING"
        ),
        {"rows": json.dumps(rows, default=to_ms)},
    )


def _row(person: FollowerRecord) -> dict[str, Value]:
    key = handle_key(person.handle) if person.handle else None
    return {
        "network_id": person.network_id or f"@{key}",
        "handle": person.handle,
        "handle_key": key,
        "followers": person.followers,
        "following": person.following,
        "posts": person.posts,
        "account_created_at": person.account_created_at,
        "has_description": person.has_description,
        "has_picture": person.has_picture,
        "last_active_at": person.last_active_at,
        "followed_back": person.followed_back,
        "by_handle": person.network_id is None,
    }


def _keep_followers(
    connection: Connection, account_id: int, taken_at: datetime, staged: _Staged
) -> int:
    """Make everybody on the list a follower, with their facts; return how many they are."""
    if staged.by_handle:
        _resolve_handles(connection, account_id)
    _adopt_placeholders(connection, account_id)
    _add_followers(connection, account_id, taken_at, staged.has_facts)
    if staged.has_facts:
        _update_facts(connection, account_id, taken_at)
    return _mark_present(connection, account_id)


def _resolve_handles(connection: Connection, account_id: int) -> None:
    """Give people known by handle alone the id that a list gave with that handle."""
    others = _staged.alias("others")
    twice = exists().where(others.c.handle_key == _staged.c.handle_key, ~others.c.by_handle)
    connection.execute(delete(_staged).where(_staged.c.by_handle, twice))
    known = (
        select(func.max(followers.c.network_id))
        .where(
            followers.c.account_id == account_id,
            followers.c.handle_key == _staged.c.handle_key,
            followers.c.network_id != _staged.c.network_id,
        )
        .scalar_subquery()
    )
    taken = exists().where(others.c.network_id == known)
    connection.execute(delete(_staged).where(_staged.c.by_handle, taken))
    connection.execute(
        update(_staged).where(_staged.c.by_handle, known.is_not(None)).values(network_id=known)
    )


def _adopt_placeholders(connection: Connection, account_id: int) -> None:
    """Followers known by handle alone take the id that this list gives with the handle."""
    placeholder = and_(
        followers.c.account_id == account_id,
        followers.c.network_id == "@" + followers.c.handle_key,
    )
    if connection.scalar(select(followers.c.id).where(placeholder).limit(1)) is None:
        return
    given = (
        select(func.max(_staged.c.network_id))
        .where(_staged.c.handle_key == followers.c.handle_key, ~_staged.c.by_handle)
        .scalar_subquery()
    )
    others = followers.alias("others")
    taken = exists().where(others.c.account_id == account_id, others.c.network_id == given)
    connection.execute(
        update(followers).where(placeholder, given.is_not(None), ~taken).values(network_id=given)
    )


def _add_followers(
    connection: Connection, account_id: int, taken_at: datetime, has_facts: bool
) -> None:
    known = exists().where(
        followers.c.account_id == account_id, followers.c.network_id == _staged.c.network_id
    )
    facts_at = literal(taken_at, Utc) if has_facts else null()
    chosen = select(
        literal(account_id), _staged.c.network_id, *(_staged.c[name] for name in _COPIED), facts_at
    ).where(~known)
    names = ["account_id", "network_id", *_COPIED, "facts_at"]
    connection.execute(insert(followers).from_select(names, chosen))


def _update_facts(connection: Connection, account_id: int, taken_at: datetime) -> None:
    """A newer list's facts take the place of older ones; an older list's fill what is unknown."""
    same = and_(
        followers.c.account_id == account_id, followers.c.network_id == _staged.c.network_id
    )
    older = followers.c.facts_at > taken_at
    filled = {name: func.coalesce(followers.c[name], _staged.c[name]) for name in _COPIED}
    connection.execute(update(followers).where(same, older).values(filled))
    newer = or_(followers.c.facts_at.is_(None), followers.c.facts_at < taken_at)
    replaced: Mapping[str, object] = {
        name: func.coalesce(_staged.c[name], followers.c[name]) for name in _COPIED
    }
    connection.execute(
        update(followers).where(same, newer).values({**replaced, "facts_at": taken_at})
    )


def _mark_present(connection: Connection, account_id: int) -> int:
    chosen = select(followers.c.id).join(
        _staged,
        and_(followers.c.account_id == account_id, followers.c.network_id == _staged.c.network_id),
    )
    connection.execute(insert(_present).from_select(["follower_id"], chosen))
    return connection.scalar(select(func.count()).select_from(_present)) or 0


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
    here = exists().where(_present.c.follower_id == periods.c.follower_id)
    of_roster = and_(periods.c.account_id == account_id, _holds(at))
    missing = select(periods.c.follower_id).where(of_roster, ~here).limit(1)
    there = exists().where(periods.c.follower_id == _present.c.follower_id, _holds(at))
    added = select(_present.c.follower_id).where(~there).limit(1)
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
    here = exists().where(_present.c.follower_id == periods.c.follower_id)
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
    there = exists().where(periods.c.follower_id == _present.c.follower_id, _holds(at))
    began = select(
        _present.c.follower_id,
        literal(at, Utc),
        literal(account_id),
        literal(before, Utc),
        null() if after is None else literal(at, Utc),
        literal(after, Utc),
    ).where(~there)
    connection.execute(insert(periods).from_select(_PERIOD, began))


def _is_counted(session: Session, account_id: int, at: datetime) -> bool:
    """Whether another count of the 90 days before stands, or any at that very moment."""
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

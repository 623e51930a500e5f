"""Stage an incoming follower list in temporary tables, and store its people as followers."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
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

from linktrack.audience.forgetting import Forgotten, handle_key
from linktrack.audience.models import Follower
from linktrack.chunks import chunked
from linktrack.db import Database, Session, Utc, is_sqlite, to_ms
from linktrack.networks.records import FollowerRecord

CHUNK: Final = 5_000  # people written at a time

Value = str | int | bool | datetime | None

temporary = MetaData()
_staged = Table(
    "staged_people",
    temporary,
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
present = Table(
    "present_followers",
    temporary,
    Column("follower_id", Integer, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
)
FACTS: Final = (
    "followers",
    "following",
    "posts",
    "account_created_at",
    "has_description",
    "has_picture",
    "last_active_at",
    "followed_back",
)
"""What is known of a follower besides who they are; exports have it in this order."""
_COPIED: Final = ("handle", "handle_key", *FACTS)

followers = cast("Table", Follower.__table__)


@dataclass(frozen=True, slots=True)
class Staged:
    """What the staged list holds: whether any fact, and whether any person by handle alone.

    `without` are the people left out, of whom `forgotten` were on the list.
    """

    has_facts: bool
    by_handle: bool
    forgotten: int
    without: Forgotten


@contextmanager
def staging_first(
    database: Database, people: Iterable[FollowerRecord], forgotten: Forgotten
) -> Iterator[tuple[Session, Iterable[FollowerRecord] | Staged]]:
    """Open a session that writes, and stage a list for it before it takes SQLite's write lock.

    A long list takes seconds to stage, and nobody else could write meanwhile. On PostgreSQL, where
    nobody waits for that, the list is returned as it is.
    """
    if not is_sqlite(database.engine):
        with database.session(writes=True) as session:
            yield session, people
        return
    with database.engine.connect() as connection:
        connection.detach()  # its temporary tables end with it
        with connection.begin():  # of our own tables it reads nothing, and writes nothing
            temporary.create_all(connection)
            staged = stage(connection, people, forgotten)
        writes = connection.execution_options(linktrack_writes=True)
        with Session(writes, expire_on_commit=False) as session:
            yield session, staged


def stage(connection: Connection, people: Iterable[FollowerRecord], forgotten: Forgotten) -> Staged:
    """Write the list into the temporary table, each person once, without the forgotten."""
    has_facts = by_handle = False
    left_out = 0
    for chunk in chunked(people, CHUNK):
        rows = []
        for person in chunk:
            row = _row(person)
            if forgotten.holds(str(row["network_id"])):
                left_out += 1
                continue
            by_handle = by_handle or person.network_id is None
            has_facts = has_facts or any(row[name] is not None for name in FACTS)
            rows.append(row)
        _write(connection, rows)
    return Staged(has_facts, by_handle, left_out, forgotten)


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


def keep_followers(
    connection: Connection, account_id: int, taken_at: datetime, staged: Staged
) -> int:
    """Make everybody on the list a follower, with their facts; return how many they are."""
    if staged.by_handle:
        _resolve_handles(connection, account_id)
    _adopt_placeholders(connection, account_id)
    _add_followers(connection, account_id, taken_at, staged.has_facts)
    if staged.has_facts:
        _update_facts(connection, account_id, taken_at)
    return _markpresent(connection, account_id)


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


def _markpresent(connection: Connection, account_id: int) -> int:
    chosen = select(followers.c.id).join(
        _staged,
        and_(followers.c.account_id == account_id, followers.c.network_id == _staged.c.network_id),
    )
    connection.execute(insert(present).from_select(["follower_id"], chosen))
    return connection.scalar(select(func.count()).select_from(present)) or 0

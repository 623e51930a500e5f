"""The demonstration: create and remove a simulated year of three accounts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Column, ColumnElement, Connection, FromClause, Table, delete, or_, select
from sqlalchemy.orm import Session

from linktrack.audience.accounts import add_account
from linktrack.audience.counts import DatedCount, record_counts
from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment
from linktrack.chunks import chunked
from linktrack.clicks.loading.store import ClickStore
from linktrack.clicks.records import ClickRecord
from linktrack.db import Base, Database, to_ms
from linktrack.errors import Conflict, NotFound
from linktrack.ids import SegmentId
from linktrack.links.catalog import Shortener
from linktrack.links.models import Link
from linktrack.links.posts import Wish, wrap_post
from linktrack.owners.audit import hush
from linktrack.portability.simulation import (
    COMMUNITY,
    PROFILES,
    WE,
    YOU,
    Profile,
    SimulatedPost,
    follower_counts,
    posts,
)

SEED: Final = 2009
BATCH: Final = 5_000  # clicks in one transaction


@dataclass(frozen=True, slots=True)
class Made:
    """What a demonstration consists of."""

    accounts: int
    posts: int
    clicks: int


def make_demo(
    database: Database,
    shortener: Shortener,
    now: datetime,
    seed: int = SEED,
) -> Made:
    """Make the demonstration, ending now; the same seed and time give the same one.

    Raises `Conflict` if there is one already.
    """
    store = ClickStore(
        database.engine, database.settings.timezone, database.settings.visitor_period
    )
    made = clicks = 0
    for profile in PROFILES:
        year = list(posts(profile, now, seed))
        with database.session(writes=True) as session:
            hush(session)  # hundreds of posts are one deed, which the door tells
            account, segment_id = _add_account(session, profile, now)
            records: list[ClickRecord] = []
            for post in year:
                links = _add_post(session, shortener, account, post)
                records += _records(post, links, segment_id)
            session.commit()
        made += len(year)
        records.sort(key=lambda record: record.clicked_at)
        for batch in chunked(records, BATCH):
            store.prepare({record.user_agent for record in batch})
            with store.transaction() as connection:
                clicks += store.append(connection, batch)
    return Made(len(PROFILES), made, clicks)


def _add_account(
    session: Session, profile: Profile, now: datetime
) -> tuple[Account, SegmentId | None]:
    if session.scalar(select(Account).where(Account.handle_key == profile.handle[1:])):
        raise Conflict("The demonstration is here already: linktrack demo --remove takes it away.")
    account = add_account(session, "x", profile.handle, profile.role, now)
    account.simulated = True
    counts = [DatedCount(*count) for count in follower_counts(profile, now)]
    record_counts(session, account, counts, "simulated", now=now)
    if profile is not YOU:
        return account, None
    size = WE.followers[0] * 2
    place = "the private account"
    return account, add_segment(session, account, COMMUNITY, size, now, place=place).id


def _add_post(
    session: Session, shortener: Shortener, account: Account, simulated: SimulatedPost
) -> Sequence[Link]:
    segments = (COMMUNITY,) if simulated.for_community else ()
    wish = Wish(simulated.text, posted_at=simulated.at, segments=segments)
    post = wrap_post(session, shortener, account, wish, simulated.at)
    assert post is not None  # every simulated text holds an address
    return post.links


def _records(
    post: SimulatedPost, links: Sequence[Link], segment_id: SegmentId | None
) -> Iterator[ClickRecord]:
    for click in post.clicks:
        yield ClickRecord(
            clicked_at=to_ms(click.at),
            link_id=links[click.link].id,
            user_agent=click.agent,
            referrer=click.referrer,
            visitor=click.visitor,
            flags=click.flags,
            segment_id=segment_id if click.of_community else None,
            attribution="variant" if click.of_community else None,
        )


# Which column leads to the account that a row belongs to, and through which table, where no
# foreign key says so. The first that a table has is taken: a row of counts names a segment too,
# and 0 for none.
_OWNERS: Final = {
    "link_id": "links",
    "post_id": "posts",
    "follower_id": "followers",
    "roster_id": "rosters",
    "segment_id": "segments",
    "webhook_id": "webhooks",
    "token_id": "tokens",
}


def remove_demo(database: Database) -> None:
    """Remove the simulated accounts with everything that belongs to them.

    Raises `NotFound` if there are none.
    """
    store = ClickStore(
        database.engine, database.settings.timezone, database.settings.visitor_period
    )
    with store.transaction() as connection:
        simulated = select(Account.id).where(Account.simulated)
        ids = connection.scalars(simulated).all()
        if not ids:
            raise NotFound("There is no demonstration to remove.")
        _remove_rows(connection, ids)
        connection.execute(delete(Account).where(Account.id.in_(ids)))


def _remove_rows(connection: Connection, account_ids: Sequence[int]) -> None:
    tables = Base.metadata.tables
    parents = [tables[name] for name in _OWNERS.values() if name in tables]
    ordered = list(reversed(Base.metadata.sorted_tables))
    # Rows that others lead through go last, whether or not a foreign key says so.
    for table in sorted(ordered, key=lambda table: table in parents):
        condition = _belongs(table, account_ids)
        if condition is not None:
            connection.execute(delete(table).where(condition))


def _belongs(table: Table, account_ids: Sequence[int]) -> ColumnElement[bool] | None:
    """Return what the rows of a table fulfil that belong to these accounts; None if none do."""
    owned = [
        column
        for column in table.c
        if column.name == "account_id" or _led_to(column) is Account.__table__
    ]
    if owned:
        return or_(*(column.in_(account_ids) for column in owned))
    for name, parent in _OWNERS.items():
        if name not in table.c:
            continue
        owners = _led_to(table.c[name])
        if owners is None:
            owners = Base.metadata.tables.get(parent)
        if owners is not None:
            own = select(owners.c.id).where(owners.c.account_id.in_(account_ids))
            return table.c[name].in_(own)
    return None


def _led_to(column: Column[object]) -> FromClause | None:
    """Return the table that a column's foreign key leads to, None if it has none."""
    return next((key.column.table for key in column.foreign_keys), None)

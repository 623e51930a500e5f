"""Remove the demonstration whole, with everything that was added to its accounts since."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Table,
    delete,
    or_,
    select,
    update,
)

from linktrack.audience.models import Account
from linktrack.clicks.conversions.models import Goal, GoalReached
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.loading.store import ClickStore
from linktrack.db import Base, Database, is_sqlite
from linktrack.errors import NotFound
from linktrack.links.hosts.models import Domain
from linktrack.links.models import LinkPerson, OwnSite, Person, PersonRule

# Which column leads to the account that a row belongs to, and through which table, where no
# foreign key says so. The first that a table has is taken: a row of counts names a segment too,
# and 0 for none.
_OWNERS: Final = {
    "network_post_id": "network_posts",
    "link_id": "links",
    "post_id": "posts",
    "follower_id": "followers",
    "member_id": "members",
    "roster_id": "rosters",
    "segment_id": "segments",
    "webhook_id": "webhooks",
    "token_id": "tokens",
    "suggestion_id": "suggestions",
}


def remove_demo(database: Database) -> None:
    """Remove the simulated accounts with everything that belongs to them.

    SQLite overwrites what it deletes, so that the file holds nothing of it. Raises `NotFound` if
    there are none.
    """
    store = ClickStore(
        database.engine, database.settings.timezone, database.settings.visitor_period
    )
    with store.transaction() as connection:
        simulated = select(Account.id).where(Account.simulated)
        ids = connection.scalars(simulated).all()
        if not ids:
            raise NotFound("There is no demonstration to remove.")
        clicks_of(connection).remove_account_clicks(ids)
        _remove_rows(connection, ids)
        connection.execute(delete(Account).where(Account.id.in_(ids)))
        _remove_people(connection)
    if is_sqlite(database.engine):
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _remove_people(connection: Connection) -> None:
    """Remove the people, sites and goals of the demonstration, which belong to no account."""
    people = select(Person.id).where(Person.simulated)
    for table in (LinkPerson, PersonRule):
        connection.execute(delete(table).where(table.person_id.in_(people)))
    connection.execute(delete(Person).where(Person.simulated))
    connection.execute(delete(OwnSite).where(OwnSite.simulated))
    goals = select(Goal.id).where(Goal.simulated)
    connection.execute(delete(GoalReached).where(GoalReached.goal_id.in_(goals)))
    connection.execute(delete(Goal).where(Goal.simulated))


def _remove_rows(connection: Connection, account_ids: Sequence[int]) -> None:
    # A domain stays, whoever its default account is.
    theirs = Domain.account_id.in_(account_ids)
    connection.execute(update(Domain).where(theirs).values(account_id=None))
    tables = Base.metadata.tables
    parents = [tables[name] for name in _OWNERS.values() if name in tables]
    ordered = list(reversed(Base.metadata.sorted_tables))
    # Rows that others lead through go last, whether or not a foreign key says so.
    for table in sorted(ordered, key=lambda table: table in parents):
        condition = None if table is Domain.__table__ else _belongs(table, account_ids)
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

"""Alembic's environment: our models, on the connection that `linktrack.db` hands over."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from linktrack.db import Utc
from linktrack.tables import METADATA


def render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Write our moments into revisions as the plain integers they are."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, Utc) else False


def leave_foreign_keys(connection: Connection) -> None:
    """Let SQLite copy a table that others refer to, as it says: without looking at foreign keys.

    Else it deletes its rows one by one, and what refers to them. That is chosen between
    transactions only, and this connection is nobody's afterwards.
    """
    driver = connection.connection.driver_connection
    connection.detach()
    if driver is not None and driver.in_transaction:
        for statement in ("COMMIT", "PRAGMA foreign_keys = OFF", "BEGIN IMMEDIATE"):
            driver.execute(statement)


bind: Connection = context.config.attributes["connection"]
if bind.dialect.name == "sqlite":
    leave_foreign_keys(bind)
context.configure(
    connection=bind,
    target_metadata=METADATA,
    render_item=render_item,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

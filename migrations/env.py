"""Alembic's environment: our models, on the connection that `linktrack.db` hands over."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from linktrack.db import Utc
from linktrack.tables import METADATA


def render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Write our moments into revisions as the plain integers they are."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, Utc) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_item=render_item,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

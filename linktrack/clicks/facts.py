"""Facts about all clicks: totals kept up to date by whatever changes them."""

from typing import Final

from sqlalchemy import Connection, insert, select, update

from linktrack.clicks.models import click_facts

RECLASSIFIED: Final = "reclassified"
"""How often rules were applied anew to stored clicks: running loaders then read them again."""

DELETED_BEFORE: Final = "deleted_before"
"""Clicks before this moment (milliseconds since 1970 UTC) are deleted; their sums are kept."""

COUNTS_ADDED: Final = "counts_added"
"""A migration added counts to a database with clicks: they are made before loading goes on."""


def read_fact(connection: Connection, name: str) -> int | None:
    """Return the number of that name, or None if nobody has written it yet."""
    return connection.scalar(select(click_facts.c.value).where(click_facts.c.name == name))


def write_fact(connection: Connection, name: str, value: int) -> None:
    """Write the number of that name. The caller holds the write lock."""
    changed = connection.execute(
        update(click_facts).where(click_facts.c.name == name).values(value=value)
    )
    if changed.rowcount == 0:
        connection.execute(insert(click_facts).values(name=name, value=value))

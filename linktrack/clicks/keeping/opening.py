"""Find where a database's clicks are kept: its engine says so, where it isn't the database."""

from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import Connection, Engine, delete
from sqlalchemy.orm import Session

from linktrack.clicks.facts import read_fact
from linktrack.clicks.keeping.clickhouse.models import (
    HERE,
    LAST_SEQ,
    click_batch_gaps,
    click_changes,
)
from linktrack.clicks.keeping.interface import Clicks
from linktrack.clicks.keeping.sql.clicks import SqlClicks
from linktrack.clicks.models import click_facts
from linktrack.errors import Unavailable

_OPTION: Final = "linktrack_clicks"


class Opener(Protocol):
    """Opens clicks that are kept elsewhere, for transactions of the SQL database."""

    def __call__(self, connection: Connection) -> Clicks:
        """Return the clicks as a transaction sees them."""

    def settle(self, engine: Engine) -> None:
        """Make the changes there that are committed, unless they are made."""

    def tidy(self, engine: Engine, now: datetime) -> None:
        """Delete what nobody sees, and forget why."""


def keeping_clicks(engine: Engine, opener: Opener) -> Engine:
    """Return the engine for a database whose clicks are kept elsewhere."""
    return engine.execution_options(**{_OPTION: opener})


def clicks_of(bind: Connection | Session) -> Clicks:
    """Return the clicks as a transaction sees them."""
    connection = bind.connection() if isinstance(bind, Session) else bind
    opener: Opener | None = connection.get_execution_options().get(_OPTION)
    return SqlClicks(connection) if opener is None else opener(connection)


def check_place(engine: Engine) -> None:
    """Raise `Unavailable` where clicks are on ClickHouse and LINKTRACK_CLICKS is not set.

    To be called before clicks are stored or recounted: those that there are would be missed.
    """
    if engine.get_execution_options().get(_OPTION) is not None:
        return
    with engine.connect() as connection:
        if read_fact(connection, LAST_SEQ) is not None:
            raise Unavailable(
                "The clicks so far are on ClickHouse: set LINKTRACK_CLICKS as it was, or move them "
                "with linktrack clicks move --to database."
            )


def forget_place(connection: Connection) -> None:
    """Forget that clicks were on ClickHouse: they are in the database now."""
    connection.execute(delete(click_facts).where(click_facts.c.name.in_(HERE)))
    connection.execute(delete(click_batch_gaps))
    connection.execute(delete(click_changes))


def settle_clicks(engine: Engine) -> None:
    """Bring what keeps the clicks up to date with what is committed; cheap where it is."""
    opener: Opener | None = engine.get_execution_options().get(_OPTION)
    if opener is not None:
        opener.settle(engine)


def tidy_clicks(engine: Engine, now: datetime) -> None:
    """Let what keeps the clicks tidy up, where it isn't the database."""
    opener: Opener | None = engine.get_execution_options().get(_OPTION)
    if opener is not None:
        opener.tidy(engine, now)

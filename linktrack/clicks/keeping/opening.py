"""Find where a database's clicks are kept: its engine says so, where it isn't the database."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from linktrack.clicks.keeping.interface import Clicks
from linktrack.clicks.keeping.sql.clicks import SqlClicks

_OPTION: Final = "linktrack_clicks"


def keeping_clicks(engine: Engine, opener: Callable[[Connection], Clicks]) -> Engine:
    """Return the engine for a database whose clicks are kept elsewhere.

    `opener` returns them as a transaction of that database sees them.
    """
    return engine.execution_options(**{_OPTION: opener})


def clicks_of(bind: Connection | Session) -> Clicks:
    """Return the clicks as a transaction sees them."""
    connection = bind.connection() if isinstance(bind, Session) else bind
    opener: Callable[[Connection], Clicks] = connection.get_execution_options().get(
        _OPTION, SqlClicks
    )
    return opener(connection)

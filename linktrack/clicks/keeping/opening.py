"""Find where a database's clicks are kept: its engine says so, where it isn't the database."""

from typing import Final, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from linktrack.clicks.keeping.interface import Clicks
from linktrack.clicks.keeping.sql.clicks import SqlClicks

_OPTION: Final = "linktrack_clicks"


class Opener(Protocol):
    """Opens clicks that are kept elsewhere, for transactions of the SQL database."""

    def __call__(self, connection: Connection) -> Clicks:
        """Return the clicks as a transaction sees them."""

    def settle(self, engine: Engine) -> None:
        """Make the changes there that are committed, unless they are made."""


def keeping_clicks(engine: Engine, opener: Opener) -> Engine:
    """Return the engine for a database whose clicks are kept elsewhere."""
    return engine.execution_options(**{_OPTION: opener})


def clicks_of(bind: Connection | Session) -> Clicks:
    """Return the clicks as a transaction sees them."""
    connection = bind.connection() if isinstance(bind, Session) else bind
    opener: Opener | None = connection.get_execution_options().get(_OPTION)
    return SqlClicks(connection) if opener is None else opener(connection)


def settle_clicks(engine: Engine) -> None:
    """Bring what keeps the clicks up to date with what is committed; cheap where it is."""
    opener: Opener | None = engine.get_execution_options().get(_OPTION)
    if opener is not None:
        opener.settle(engine)

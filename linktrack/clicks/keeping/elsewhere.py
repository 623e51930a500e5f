"""Open an installation's clicks where LINKTRACK_CLICKS says that they are."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, event

from linktrack.clicks.keeping.interface import Clicks
from linktrack.clicks.keeping.moving import Way
from linktrack.clicks.keeping.opening import forget_place, keeping_clicks
from linktrack.clicks.keeping.sql.clicks import SqlClicks
from linktrack.clicks.keeping.sql.retiring import empty as empty_sql
from linktrack.clicks.keeping.sql.retiring import has_clicks
from linktrack.errors import Unavailable
from linktrack.settings import Settings

if TYPE_CHECKING:
    from linktrack.clicks.keeping.clickhouse.seeing import Keeper


def with_clicks(engine: Engine, settings: Settings) -> Engine:
    """Return the engine for a database whose clicks are where the settings say.

    Nothing is asked yet; each process that comes from this one has connections of its own. Those
    of ClickHouse are closed with the engine's.
    """
    if not settings.clicks:
        return engine
    from linktrack.clicks.keeping.clickhouse.clicks import ClicksOnClickHouse

    def check(connection: Connection) -> None:
        if has_clicks(connection):
            raise Unavailable(
                "LINKTRACK_CLICKS is set, but the clicks so far are in the database: stop the "
                "service and run linktrack clicks move --to clickhouse."
            )

    return keeping_clicks(engine, ClicksOnClickHouse(_keeper_of(engine, settings, check)))


def _keeper_of(
    engine: Engine, settings: Settings, check: "Callable[[Connection], None] | None" = None
) -> "Keeper":
    """Return what keeps clicks on the ClickHouse that the settings name."""
    from linktrack.calendar.days import Days
    from linktrack.clicks.keeping.clickhouse.address import read_address
    from linktrack.clicks.keeping.clickhouse.over_http import OverHttp
    from linktrack.clicks.keeping.clickhouse.seeing import Keeper
    from linktrack.clicks.keeping.clickhouse.table import ClickTable

    address = read_address(settings.clicks)
    asked = OverHttp(address)
    event.listen(engine, "engine_disposed", lambda _engine: asked.close())
    table = ClickTable(asked, address.database, cluster=address.cluster, quorum=address.quorum)
    days = Days(settings.timezone, settings.visitor_period)
    return Keeper(table, days, check)


def way_to(engine: Engine, settings: Settings, *, clickhouse: bool) -> Way:
    """Return how clicks go to ClickHouse, or back to the database."""
    from linktrack.clicks.keeping.clickhouse.clicks import ClickHouseClicks
    from linktrack.clicks.keeping.clickhouse.retiring import empty

    keeper = _keeper_of(engine, settings)
    day_of = keeper.days.day

    def there(connection: Connection) -> Clicks:
        return ClickHouseClicks(connection, keeper)

    if clickhouse:
        return Way(SqlClicks, there, empty_sql, day_of)

    def leave(connection: Connection) -> None:
        empty(keeper.ready(connection))
        forget_place(connection)

    return Way(there, SqlClicks, leave, day_of)

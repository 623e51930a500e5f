"""Open an installation's clicks where LINKTRACK_CLICKS says that they are."""

from sqlalchemy import Engine

from linktrack.clicks.keeping.opening import keeping_clicks
from linktrack.settings import Settings


def with_clicks(engine: Engine, settings: Settings) -> Engine:
    """Return the engine for a database whose clicks are where the settings say.

    Nothing is asked yet; each process that comes from this one has connections of its own.
    """
    if not settings.clicks:
        return engine
    from linktrack.calendar.days import Days
    from linktrack.clicks.keeping.clickhouse.address import read_address
    from linktrack.clicks.keeping.clickhouse.clicks import ClicksOnClickHouse
    from linktrack.clicks.keeping.clickhouse.over_http import OverHttp
    from linktrack.clicks.keeping.clickhouse.seeing import Keeper
    from linktrack.clicks.keeping.clickhouse.table import ClickTable

    address = read_address(settings.clicks)
    table = ClickTable(
        OverHttp(address), address.database, cluster=address.cluster, quorum=address.quorum
    )
    days = Days(settings.timezone, settings.visitor_period)
    return keeping_clicks(engine, ClicksOnClickHouse(Keeper(table, days)))

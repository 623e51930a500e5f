"""Look whether a ClickHouse can keep clicks, before any click depends on it."""

from typing import Final

from linktrack.clicks.keeping.clickhouse.address import Address
from linktrack.clicks.keeping.clickhouse.over_http import OverHttp
from linktrack.clicks.keeping.clickhouse.transport import ClickHouse
from linktrack.errors import Unavailable

SECONDS: Final = 10.0

_VERSION: Final = "splitByChar('.', version())"


def state_of(address: Address) -> str:
    """Return what is there, in words; raises `Unavailable` with what to do."""
    asked = OverHttp(address, SECONDS)
    try:
        ((year, release),) = asked.rows(f"SELECT toUInt32({_VERSION}[1]), toUInt32({_VERSION}[2])")
        found = f"ClickHouse {year}.{release} answers"
        if address.cluster is None:
            return found
        return f"{found}, with {_shards(asked, address.cluster)} shards"
    finally:
        asked.close()


def _shards(asked: ClickHouse, cluster: str) -> int:
    """Return how many shards a cluster has, all of which have answered."""
    named = f"uniqExactIf(shard_num, cluster = '{cluster}')"
    ((shards,),) = asked.rows("SELECT " + named + " FROM system.clusters")  # noqa: S608 - checked in settings.py
    if not shards:
        raise Unavailable(
            f"ClickHouse knows no cluster {cluster}: correct LINKTRACK_CLICKS, or name the cluster "
            "in the server's remote_servers."
        )
    ((macros,),) = asked.rows(
        "SELECT uniqExactIf(macro, macro IN ('shard', 'replica')) FROM system.macros"
    )
    if macros < 2:
        raise Unavailable(
            "A server of ClickHouse's cluster has no macros shard and replica: they say which "
            "rows are its own, so give each server both."
        )
    ((answered,),) = asked.rows(f"SELECT count() FROM cluster('{cluster}', system.one)")  # noqa: S608
    return answered

"""The table `clicks` on ClickHouse, on one server or on a cluster of shards and replicas.

A click that is stored again replaces itself in time: its key is made of what never changes of it,
and of rows of one key that of the newest version stays. What is changed of a click is beside it, in
a table of changes that has each of them (newest.py says how both are read).
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

from linktrack.clicks.keeping.clickhouse.transport import ClickHouse, Row, Setting

COLUMNS: Final[Mapping[str, str]] = {
    "period": "UInt32",  # the first day of the visitor period, an ordinal
    "link_id": "UInt32",
    "account_id": "UInt32",
    "visitor": "Int64",  # 0: none
    "clicked_at": "Int64",  # milliseconds since 1970 UTC
    "source": "Int64",  # which journal, and where in it: what makes a repeated row the same row
    "place": "UInt64",
    "batch": "UInt64",
    "seq": "UInt64",  # batch * 2**20 + the number in the batch
    "version": "UInt64",
    "segment_id": "UInt32",
    "follower_id": "UInt32",
    "attribution": "UInt8",
    "agent_id": "UInt32",
    "referrer_id": "UInt32",
    "counted_as": "UInt32",
    "country": "UInt16",  # the number and one
    "language": "UInt16",
    "city_id": "UInt32",
    "option": "UInt32",  # the number and one
    "reason": "UInt8",
    "flags": "UInt32",
}
"""What is stored of a click, and as what; what isn't known is 0. New ones go to the end."""

_FOR_EYES: Final = "clicked DateTime('UTC') ALIAS toDateTime(intDiv(clicked_at, 1000), 'UTC')"

CHANGED: Final = "_changed"
"""What the name of the table of changes has behind that of the clicks."""

_KEY: Final = "link_id, visitor, clicked_at, source, place"

OPTIONAL: Final = (
    "distributed_foreground_insert",
    "insert_quorum_parallel",
)
"""Settings that old servers don't know, and would refuse."""

DDL_SECONDS: Final = 60
QUORUM_SECONDS: Final = 30


class ClickTable:
    """The table in a database of an engine.

    With a `cluster` each shard has the clicks of some links, and each of its replicas all of
    these; a query that can't ask every shard fails. An insert then waits until `quorum` replicas
    have its rows; a replica that lacks rows of such an insert answers no query.
    """

    def __init__(
        self, engine: ClickHouse, database: str, cluster: str | None = None, quorum: int = 0
    ) -> None:
        self._engine = engine
        self._database = database
        self._on = f" ON CLUSTER '{cluster}'" if cluster else ""
        self._cluster = cluster
        self._quorum = quorum
        self.name: Final = f"{database}.clicks"
        """What is read from and inserted into."""
        self.changed: Final = f"{self.name}{CHANGED}"
        """The same for the changes of clicks."""

    def _kept(self, name: str) -> str:
        """Return the table that has the rows; that of a cluster is on every server."""
        return f"{name}_local" if self._cluster else name

    @property
    def _both(self) -> tuple[str, str]:
        return self._kept(self.changed), self._kept(self.name)

    def create(self) -> None:
        """Make the database and the tables that aren't there."""
        named = f"countIf(name = '{self._database}')"
        ((there,),) = self._engine.rows("SELECT " + named + " FROM system.databases")  # noqa: S608 - settings.py has checked it
        if not there:
            self._define(f"CREATE DATABASE IF NOT EXISTS {self._database}{self._on}")
        self._create(self.changed, f"{_KEY}, seq, version", "")
        self._create(self.name, _KEY, "version")

    def _create(self, name: str, key: str, version: str) -> None:
        columns = ", ".join([f"{column} {kind}" for column, kind in COLUMNS.items()])
        kind = f"ReplacingMergeTree({version})"
        if self._cluster:
            path = f"'/clickhouse/tables/{{shard}}/{name}', '{{replica}}'"
            more = f", {version}" if version else ""
            kind = f"ReplicatedReplacingMergeTree({path}{more})"
        kept = self._kept(name)
        self._define(
            f"CREATE TABLE IF NOT EXISTS {kept}{self._on} ({columns}, {_FOR_EYES}) ENGINE = {kind}"
            f" PARTITION BY period ORDER BY ({key}) SETTINGS index_granularity = 8192"
        )
        if self._cluster:
            place = f"'{self._cluster}', {kept.replace('.', ', ')}, link_id"
            self._define(
                f"CREATE TABLE IF NOT EXISTS {name}{self._on} ({columns}, {_FOR_EYES}) "
                f"ENGINE = Distributed({place})"
            )

    def ensure(self) -> None:
        """Make the tables, unless they are there: a cluster then asks nothing of its servers."""
        ((there,),) = self._engine.rows(
            f"SELECT count() FROM system.tables WHERE database = '{self._database}'"  # noqa: S608
            " AND name = 'clicks'"  # which is made last
        )
        if not there:
            self.create()

    def drop_period(self, period: int) -> None:
        """Delete the clicks of a visitor period, by its first day; on every shard and replica."""
        for kept in self._both:
            self._define(f"ALTER TABLE {kept}{self._on} DROP PARTITION {period:d}")

    def change(self, change: str, where: str) -> None:
        """Change rows where they lie, or delete them; it is done in the background.

        What makes a row's key can't be changed.
        """
        for kept in self._both:
            self._define(f"ALTER TABLE {kept}{self._on} {change} WHERE {where}")

    def is_changing(self) -> bool:
        """Whether such a change isn't done yet, on the server that is asked."""
        ((number,),) = self._engine.rows(
            f"SELECT count() FROM system.mutations WHERE database = '{self._database}'"  # noqa: S608
            " AND NOT is_done"
        )
        return number > 0

    def has(self, where: str) -> bool:
        """Whether there are rows, also such as don't count."""
        parts = [f"SELECT count() FROM {name} WHERE {where}" for name in (self.name, self.changed)]  # noqa: S608
        return any(number for (number,) in self.rows(" UNION ALL ".join(parts)))

    def highest(self) -> int:
        """Return the highest number that a row has, as a batch or as a change."""
        batch, change = f"max(batch) FROM {self.name}", f"max(version) FROM {self.changed}"
        return max(number for (number,) in self.rows(f"SELECT {batch} UNION ALL SELECT {change}"))

    def insert(self, rows: Iterable[Row]) -> None:
        """Store new clicks with all of `COLUMNS`, on the disks of their shards when it returns.

        Raises `Unclear` unless that is certain.
        """
        self._engine.insert(self.name, tuple(COLUMNS), rows, self._inserting)

    def insert_changes(self, rows: Iterable[Row]) -> None:
        """Store how clicks are from now on, as `insert` does; it may be done again."""
        self._engine.insert(self.changed, tuple(COLUMNS), rows, self._inserting)

    def rows(self, sql: str) -> Iterator[Row]:
        """Yield the rows of a query of `name` and `changed`."""
        return self._engine.rows(sql, self._reading)

    def _define(self, sql: str) -> None:
        settings = {"distributed_ddl_task_timeout": DDL_SECONDS} if self._cluster else {}
        self._engine.run(sql, settings)

    @cached_property
    def _known(self) -> frozenset[str]:
        asked = ", ".join([f"countIf(name = '{name}')" for name in OPTIONAL])
        (counts,) = self._engine.rows("SELECT " + asked + " FROM system.settings")  # noqa: S608
        return frozenset(name for name, count in zip(OPTIONAL, counts, strict=True) if count)

    @cached_property
    def _inserting(self) -> Mapping[str, Setting]:
        if not self._cluster:
            return {}
        waits = "distributed_foreground_insert"
        settings: dict[str, Setting] = {
            waits if waits in self._known else "insert_distributed_sync": 1,
            "load_balancing": "in_order",
        }
        if self._quorum:
            settings["insert_quorum"] = self._quorum
            settings["insert_quorum_timeout"] = QUORUM_SECONDS * 1000
            if "insert_quorum_parallel" in self._known:
                settings["insert_quorum_parallel"] = 0  # what consistent reading needs
        return settings

    @cached_property
    def _reading(self) -> Mapping[str, Setting]:
        settings: dict[str, Setting] = {}
        if self._cluster:
            settings["load_balancing"] = "in_order"  # the replica that has been inserted into
            if self._quorum:
                settings["select_sequential_consistency"] = 1
        return settings

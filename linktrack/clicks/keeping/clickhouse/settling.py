"""Make committed changes on ClickHouse: each may be made again, and none is made before."""

from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import Connection, Engine, delete, select, text

from linktrack.clicks.keeping.clickhouse.conditions import BATCH, among
from linktrack.clicks.keeping.clickhouse.models import LINKS, NAMES, ROWS, click_changes
from linktrack.clicks.keeping.clickhouse.table import ClickTable

CHANGES_LOCK: Final = 0x63686E67
"""PostgreSQL advisory lock ("chng"): one makes changes at a time, or an old one came after."""


def settle_rows(engine: Engine, table: ClickTable) -> None:
    """Replace rows as it is committed; whoever reads them waits for this."""
    with engine.begin() as connection:
        _take_turn(connection)
        query = (
            select(click_changes.c.id, click_changes.c.data)
            .where(click_changes.c.kind == ROWS)
            .order_by(click_changes.c.id)
        )
        changes = connection.execute(query).all()
        for _, data in changes:
            table.insert_changes(map(tuple, msgspec.json.decode(data, type=list[list[int]])))
        _done(connection, ROWS, [number for number, _ in changes])


def settle(engine: Engine, ready: Callable[[Connection], ClickTable]) -> None:
    """Make all changes; names, and clicks of links that are gone, are deleted in the background."""
    with engine.connect() as connection:
        if connection.execute(select(click_changes.c.id).limit(1)).first() is None:
            return
        table = ready(connection)
    settle_rows(engine, table)
    with engine.begin() as connection:
        _take_turn(connection)
        query = select(click_changes.c.id, click_changes.c.data)
        names = connection.execute(query.where(click_changes.c.kind == NAMES)).all()
        seqs = {seq for _, data in names for seq in msgspec.json.decode(data, type=list[int])}
        if seqs:
            batches = {seq // BATCH for seq in seqs}
            table.change(
                "UPDATE follower_id = 0, segment_id = 0, attribution = 0",
                f"{among('batch', batches)} AND {among('seq', seqs)}",
            )
        _done(connection, NAMES, [number for number, _ in names])
        gone = connection.execute(query.where(click_changes.c.kind == LINKS)).all()
        links = {link for _, data in gone for link in msgspec.json.decode(data, type=list[int])}
        if gone and not table.is_changing():
            where = among("link_id", links)
            if table.has(where):  # looked at again in the next pass: until then they are hidden
                table.change("DELETE", where)
            else:
                _done(connection, LINKS, [number for number, _ in gone])


def _take_turn(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHANGES_LOCK})


def _done(connection: Connection, kind: int, numbers: list[int]) -> None:
    if numbers:
        connection.execute(
            delete(click_changes).where(
                click_changes.c.kind == kind, click_changes.c.id.in_(numbers)
            )
        )

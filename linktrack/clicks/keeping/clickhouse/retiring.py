"""Delete old clicks from ClickHouse: hidden at once, and deleted with their visitor periods."""

from typing import Final

from sqlalchemy import Connection, select

from linktrack.clicks.facts import DELETED_BEFORE, read_fact, write_fact
from linktrack.clicks.keeping.clickhouse.conditions import DAY, DAY_ZERO, among
from linktrack.clicks.keeping.clickhouse.seeing import Keeper, Seeing
from linktrack.clicks.keeping.clickhouse.table import ClickTable
from linktrack.clicks.models import imported_clicks
from linktrack.db import writing


def delete_before(seeing: Seeing, before: int, marks_before: int) -> int:
    """Delete clicks that were made before a moment, and marks of before another.

    What is before the first moment is hidden. A visitor period is deleted when all of
    its clicks are before the second, but for those on links of accounts with imported clicks:
    their visitors have no period, so their first clicks have to be told for ever.
    """
    keeper: Final = seeing.keeper
    with writing(seeing.connection.engine) as connection:
        now = Seeing(connection, keeper)
        visible = now.visible()
        where = " AND ".join([*visible.clicks(), f"clicked_at < {before:d}"])
        ((number,),) = now.table.rows(f"SELECT count() FROM {now.name} WHERE {where}")  # noqa: S608
        if number:
            last = read_fact(connection, DELETED_BEFORE) or 0
            write_fact(connection, DELETED_BEFORE, max(before, last))
    with writing(seeing.connection.engine) as connection:
        Seeing(connection, keeper).visible()  # no change is made later to what goes now
        _drop_periods(connection, keeper, marks_before)
    return number


def _drop_periods(connection: Connection, keeper: Keeper, before: int) -> None:
    table = keeper.table
    imported = list(connection.scalars(select(imported_clicks.c.account_id).distinct()))
    theirs = among("account_id", imported)
    periods = table.rows(
        f"SELECT period, countIf({theirs}), countIf(NOT ({theirs})) FROM {table.name}"  # noqa: S608
        f" WHERE period < {before // DAY + DAY_ZERO + 1}"
        f" GROUP BY period HAVING max(clicked_at) < {before:d}"
    )
    for period, kept, others in list(periods):
        if not kept:
            table.drop_period(period)
        elif others and not table.is_changing():
            table.change("DELETE", f"period = {period:d} AND NOT ({theirs})")


def empty(table: ClickTable) -> None:
    """Delete all clicks, of which nothing is to stay."""
    for (period,) in list(table.rows(f"SELECT DISTINCT period FROM {table.name}")):  # noqa: S608
        table.drop_period(period)

"""Days of which something is missing: nobody watched, or an alert said so already.

They are no measure of how little is usual.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from linktrack.clicks.facts import write_fact
from linktrack.clicks.models import click_facts
from linktrack.ids import AccountId
from linktrack.reports.alerts.finding import Look
from linktrack.reports.alerts.models import Alert, AlertKind
from linktrack.reports.figures.statistics.alarms import HISTORY

_UNWATCHED: Final = "unwatched "  # and the day's ordinal


def note_unwatched(
    connection: Connection, since: datetime, until: datetime, timezone: ZoneInfo
) -> None:
    """Write down on which days nobody watched for a while. The caller holds the write lock."""
    last = until.astimezone(timezone).toordinal()
    first = max(since.astimezone(timezone).toordinal(), last - HISTORY)
    for day in range(first, last + 1):
        write_fact(connection, f"{_UNWATCHED}{day}", 1)


def days_missed(
    session: Session, account_ids: Sequence[AccountId], kind: AlertKind, look: Look
) -> Mapping[AccountId, set[int]]:
    """Return by account the days that were not watched, or on which `kind` was told."""
    names = session.scalars(
        select(click_facts.c.name).where(click_facts.c.name.startswith(_UNWATCHED))
    )
    unwatched = {int(name.removeprefix(_UNWATCHED)) for name in names}
    found = {number: set(unwatched) for number in account_ids}
    told = select(Alert).where(
        Alert.account_id.in_(account_ids),
        Alert.kind == kind,
        Alert.seen_at >= look.moment(look.history[0]),
    )
    for alert in session.scalars(told):
        days = (each.astimezone(look.timezone).toordinal() for each in (alert.since, alert.seen_at))
        found[alert.account_id].update(range(next(days), next(days) + 1))
    return found

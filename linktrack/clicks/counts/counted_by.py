"""The settings that counts by day and visitor period hang on, as they were when these were made."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select, text

from linktrack.calendar.days import Days
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.models import counted_by

REMEDY: Final = "linktrack rebuild"


@dataclass(frozen=True, slots=True)
class ChangedSetting:
    """A setting that is another one now than the counts were made with."""

    name: str
    counted: str
    current: str

    @property
    def sentence(self) -> str:
        """What is the matter, and what to do."""
        return (
            f"{self.name} is {self.current}, but the figures by day so far are counted with "
            f"{self.counted}. Run linktrack rebuild, or set it back to {self.counted}."
        )


def _current(days: Days) -> dict[str, str]:
    return {
        "LINKTRACK_TIMEZONE": days.timezone.key,
        "LINKTRACK_VISITOR_PERIOD": days.visitor_period,
    }


def keep_first(connection: Connection, days: Days) -> None:
    """Keep the settings of the first counts; where they are kept, nothing changes."""
    statement = text(
        "INSERT INTO counted_by (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING"
    )
    rows = [{"name": name, "value": value} for name, value in _current(days).items()]
    connection.execute(statement, rows)


def keep_of_old_counts(connection: Connection, days: Days) -> None:
    """Keep the settings of today where clicks were counted before any were kept."""
    if clicks_of(connection).latest():
        keep_first(connection, days)


def are_kept(connection: Connection, days: Days) -> bool:
    """Whether the settings of today are the ones that are kept."""
    kept = connection.execute(select(counted_by.c.name, counted_by.c.value))
    return {row.name: row.value for row in kept} == _current(days)


def keep_rebuilt(connection: Connection, days: Days) -> None:
    """Keep the settings with which all counts have just been made anew."""
    connection.execute(delete(counted_by))
    rows = [{"name": name, "value": value} for name, value in _current(days).items()]
    connection.execute(insert(counted_by), rows)


def changed_settings(connection: Connection, days: Days) -> list[ChangedSetting]:
    """Return which settings are others than the counts were made with."""
    current = _current(days)
    query = select(counted_by.c.name, counted_by.c.value).order_by(counted_by.c.name)
    return [
        ChangedSetting(name, counted, current[name])
        for name, counted in connection.execute(query)
        if name in current and current[name] != counted
    ]

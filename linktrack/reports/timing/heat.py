"""When readers click: people's clicks by weekday and hour of the owner's time zone."""

from dataclasses import dataclass
from typing import Final, TypedDict

from sqlalchemy import ColumnElement, Table, and_, func, select
from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.clicks.models import account_days, account_hours
from linktrack.reports.figures.words import WEEKDAYS, counted, percent

HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class HeatReport:
    """Clicks of seven weekdays, Monday first, by 24 hours of the owner's time zone.

    `missing` are more clicks of these days: deleted before hours were counted.
    """

    account: Account
    days: DayRange
    clicks: list[list[int]]
    missing: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(map(sum, self.clicks))

    @property
    def sentence(self) -> str:
        """What is known, in words."""
        total = self.total
        if not total:
            return f"Nobody clicked links of {self.account.handle} in these days."
        most = max(max(row) for row in self.clicks)
        weekday = next(i for i, row in enumerate(self.clicks) if most in row)
        hour = self.clicks[weekday].index(most)
        return (
            f"Busiest hour: {WEEKDAYS[weekday]} {hour:02}:00\u2013{(hour + 1) % HOURS:02}:00, "
            f"{counted(most, 'click')} ({percent(most / total)} of {total:,})."
        )


def heat_report(session: Session, account: Account, days: DayRange) -> HeatReport:
    """Return when an account's links were clicked on these days."""
    hours = account_hours.c
    # The first day of the proleptic calendar was a Monday.
    weekday = ((hours.day - 1) % len(WEEKDAYS)).label("weekday")
    query = (
        select(weekday, hours.hour, func.sum(hours.clicks))
        .where(_of(account_hours, account, days))
        .group_by("weekday", hours.hour)
    )
    found = [[0] * HOURS for _ in WEEKDAYS]
    for weekday, hour, count in session.execute(query):
        found[weekday][hour] = int(count)
    by_day = select(func.sum(account_days.c.clicks)).where(_of(account_days, account, days))
    total = int(session.scalar(by_day) or 0)
    return HeatReport(account, days, found, total - sum(map(sum, found)))


def _of(table: Table, account: Account, days: DayRange) -> ColumnElement[bool]:
    within = table.c.day.between(days.first.toordinal(), days.last.toordinal())
    return and_(table.c.account_id == account.id, within)


class HourJson(TypedDict):
    """Clicks in one hour of one weekday."""

    weekday: str
    hour: int
    clicks: int


HeatRangeJson = TypedDict("HeatRangeJson", {"from": str, "to": str})


class HeatReportJson(HeatRangeJson):
    """When an account's links were clicked, in `timezone`; `to` is the last day."""

    account: AccountNameJson
    timezone: str
    clicks: list[HourJson]


def heat_json(report: HeatReport) -> HeatReportJson:
    """Return the report as files have it."""
    return {
        "account": account_json(report.account),
        "from": report.days.first.isoformat(),
        "to": report.days.last.isoformat(),
        "timezone": report.days.timezone.key,
        "clicks": [
            {"weekday": name, "hour": hour, "clicks": count}
            for name, row in zip(WEEKDAYS, report.clicks, strict=True)
            for hour, count in enumerate(row)
        ],
    }

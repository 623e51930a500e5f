"""When readers click: people's clicks by weekday and hour of the owner's time zone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.clicks.models import clicks
from linktrack.clicks.vocabulary import HUMAN
from linktrack.db import from_ms
from linktrack.links.models import Link
from linktrack.reports.build import Json, account_json
from linktrack.reports.left_out import deleted_before, of_links
from linktrack.reports.ranges import DayRange
from linktrack.reports.words import WEEKDAYS, counted

HOURS: Final = 24
QUARTER: Final = 900_000
"""Milliseconds: every time zone's hours begin at a quarter of an hour of UTC."""


@dataclass(frozen=True, slots=True)
class HeatReport:
    """Clicks of seven weekdays, Monday first, by 24 hours; what is older than a day is deleted."""

    account: Account
    days: DayRange
    clicks: list[list[int]]
    deleted_before: datetime | None

    @property
    def total(self) -> int:
        """All of them."""
        return sum(map(sum, self.clicks))

    @property
    def is_cut(self) -> bool:
        """Whether some of the days have lost their single clicks."""
        return self.deleted_before is not None and self.deleted_before > self.days.since

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
            f"Of {counted(total, 'click')}, most came on {WEEKDAYS[weekday]}s from {hour:02}:00 to "
            f"{(hour + 1) % HOURS:02}:00: {most:,}."
        )

    def as_json(self) -> dict[str, Json]:
        """Return the report as JSON has it."""
        return {
            "account": account_json(self.account),
            "from": self.days.first.isoformat(),
            "to": self.days.last.isoformat(),
            "timezone": self.days.timezone.key,
            "clicks": [
                {"weekday": name, "hour": hour, "clicks": count}
                for name, row in zip(WEEKDAYS, self.clicks, strict=True)
                for hour, count in enumerate(row)
            ],
        }


def heat_report(session: Session, account: Account, days: DayRange) -> HeatReport:
    """Return when an account's links were clicked, from the single clicks of these days."""
    query = (
        select(func.min(clicks.c.clicked_at), func.count())
        .where(of_links(Link.account_id == account.id, days), clicks.c.reason == HUMAN)
        .group_by(clicks.c.clicked_at - clicks.c.clicked_at % QUARTER)
    )
    found = [[0] * HOURS for _ in WEEKDAYS]
    for at, count in session.execute(query):
        local = from_ms(at).astimezone(days.timezone)
        found[local.weekday()][local.hour] += count
    return HeatReport(account, days, found, deleted_before(session))

"""What charts of several sections share: notes and experiments by day, and rates."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from linktrack.audience.counts import History
from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.charts import Mark, Point, Series, day_name, time_chart
from linktrack.context import db_session
from linktrack.reports.diary.notes import happenings
from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.words import counted
from linktrack.reports.steps import DAILY, Steps, steps_of
from linktrack.web.context import today

WEEK: Final = 7


def marks_of(accounts: Sequence[Account], days: DayRange) -> list[Mark]:
    """Return the notes and experiments of these accounts, as charts mark them.

    With several accounts, each mark about one account names it.
    """
    handles: dict[int, str] = {account.id: account.handle for account in accounts}
    several = len(accounts) > 1
    return [
        Mark(each.day, f"{each.text} ({handles[each.account_id]})")
        if several and each.account_id in handles
        else Mark(each.day, each.text)
        for each in happenings(db_session(), list(handles), days)
    ]


def clicks_chart(
    days: DayRange,
    values: Sequence[int | None],
    *,
    label: str,
    marks: Sequence[Mark],
    before: DayRange | None = None,
    values_before: Sequence[int | None] = (),
) -> Markup:
    """Draw clicks by day, long ranges by week; what they are compared with is grey.

    Today isn't over: what it has so far is said below, not drawn as a plunge.
    """
    steps = steps_of(days, values, today())
    lines = [Series("Clicks" if before is None else "These days", _points(steps, values))]
    if before is not None and any(values_before):
        name = f"{day_name(before.first)} to {day_name(before.last)}"
        lines.append(Series(name, _points(steps, values_before), is_past=True))
    has_clicks = any(point.value for line in lines for point in line.points)
    chart = time_chart(
        lines if has_clicks else [],
        label=f"{label} by week" if steps.is_weekly else f"{label} by day",
        unit="clicks a week" if steps.is_weekly else "clicks a day",
        empty="No clicks in these days." if not steps.so_far else "No clicks before today.",
        marks=marks,
        step="Week from" if steps.is_weekly else "Day",
    )
    if steps.so_far is None:
        return chart
    return chart + Markup('<p class="muted">Today so far: {}.</p>').format(
        counted(steps.so_far, "click")
    )


def _points(steps: Steps, values: Sequence[int | None]) -> list[Point]:
    return [Point(day, value) for day, value in zip(steps.starts, steps.sums(values), strict=False)]


def count_line(
    history: History,
    timezone: ZoneInfo,
    handle: str,
    marks: Sequence[Mark] = (),
    *,
    colour: int = 0,
) -> Markup:
    """Draw every follower count there is, of long times the last one of each week."""
    by_day = {at.astimezone(timezone).date(): count for at, count in history}
    if by_day and (max(by_day) - min(by_day)).days > DAILY:
        last = max(by_day)
        by_week = {(last - day).days // WEEK: day for day in sorted(by_day)}
        by_day = {day: by_day[day] for day in sorted({min(by_day), *by_week.values()})}
    points = [Point(day, count) for day, count in sorted(by_day.items())]
    return time_chart(
        [Series(handle, points, colour)],
        label=f"Followers of {handle}",
        unit="followers",
        empty="No follower count yet.",
        marks=marks,
    )


def per_thousand(rate: Rate) -> tuple[float | None, float | None, float | None]:
    """Return a rate per 1,000 followers: lower end, value, upper end."""
    low = rate.interval.low * 1000 if rate.interval else None
    high = rate.interval.high * 1000 if rate.interval else None
    return low, None if rate.value is None else rate.value * 1000, high

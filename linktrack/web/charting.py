"""What charts of several sections share: notes and experiments by day, and rates."""

from collections.abc import Sequence

from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.charts import Mark
from linktrack.context import db_session
from linktrack.reports.diary.notes import happenings
from linktrack.reports.figures.rate import Rate


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


def per_thousand(rate: Rate) -> tuple[float | None, float | None, float | None]:
    """Return a rate per 1,000 followers: lower end, value, upper end."""
    low = rate.interval.low * 1000 if rate.interval else None
    high = rate.interval.high * 1000 if rate.interval else None
    return low, None if rate.value is None else rate.value * 1000, high

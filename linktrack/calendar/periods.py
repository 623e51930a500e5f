"""Visitor periods: the calendar days over which one visitor keeps one pseudonym. Pure."""

from datetime import date, timedelta

from linktrack.settings import VisitorPeriod


def period_start(day: date, period: VisitorPeriod) -> date:
    """Return the first day of the visitor period that holds `day`; weeks begin on Monday."""
    if period == "day":
        return day
    if period == "week":
        return day - timedelta(days=day.weekday())
    if period == "month":
        return day.replace(day=1)
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def period_end(start: date, period: VisitorPeriod) -> date:
    """Return the day after the visitor period that begins on `start`."""
    longest = {"day": 1, "week": 7, "month": 31, "quarter": 92}[period]
    return period_start(start + timedelta(days=longest), period)

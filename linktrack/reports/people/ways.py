"""By which ways it is known whose an account's unique clicks are, month by month.

Months are whole calendar months of the owner's zone, and have every unique click of the account in
them, whatever post or link it is on. These are counts, not estimates, so shares have no interval.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.hello import Hellos
from linktrack.audience.models import Account
from linktrack.calendar.days import first_of_month, month_of, month_of_day
from linktrack.clicks.models import account_days, account_ways
from linktrack.reports.figures.rate import rounded
from linktrack.settings import Settings

MONTHS: Final = 12
"""So many months a report has at least: where the range is shorter, those before its end, too."""


@dataclass(frozen=True, slots=True)
class ByWay:
    """Unique clicks whose segment is known, by how it is known."""

    version: int = 0
    personal: int = 0
    hello_button: int = 0
    hello_network: int = 0

    @property
    def total(self) -> int:
        """All whose segment is known."""
        return self.version + self.personal + self.hello_button + self.hello_network


@dataclass(frozen=True, slots=True)
class MonthWays:
    """One month, by its first day; `by` is None where clicks were deleted before ways counted.

    `is_over` is false of a month that goes on.
    """

    first: date
    is_over: bool
    unique_clicks: int
    by: ByWay | None

    @property
    def share(self) -> float | None:
        """The share of unique clicks whose segment is known; None without clicks or counts."""
        if self.by is None or not self.unique_clicks:
            return None
        return self.by.total / self.unique_clicks


@dataclass(frozen=True, slots=True)
class Ways:
    """An account's months, oldest first, and how many browsers say hello by each way, at most."""

    months: list[MonthWays]
    by_button: int
    by_network: int

    @property
    def newest(self) -> MonthWays | None:
        """The newest month with clicks that is over, else the one that goes on; None without."""
        told = [month for month in self.months if month.share is not None]
        return next(
            (month for month in reversed(told) if month.is_over), told[-1] if told else None
        )

    @property
    def are_known(self) -> bool:
        """Whether any click's segment is known, in any of the months."""
        return any(month.by is not None and month.by.total for month in self.months)

    @property
    def has_unknown(self) -> bool:
        """Whether some month with clicks was not counted by way."""
        return any(month.by is None for month in self.months)


def ways_of(
    session: Session,
    account: Account,
    said: Iterable[Hellos],
    settings: Settings,
    now: datetime,
    *,
    since: datetime | None,
    until: datetime | None,
) -> Ways:
    """Return the ways of an account's clicks in the months that [since, until) touches.

    They are `MONTHS` at least, up to the last, and begin with the first that has any click.
    `said` are the hellos of its segments.
    """
    end = now if until is None else min(now, until - timedelta(microseconds=1))
    last = month_of(end.astimezone(settings.timezone).date())
    first = 0
    if since is not None:
        first = min(month_of(since.astimezone(settings.timezone).date()), last - MONTHS + 1)
    days = account_days.c
    totals: Counter[int] = Counter()
    query = select(days.day, days.unique_clicks).where(
        days.account_id == account.id,
        days.day >= (first_of_month(first).toordinal() if first else 0),
        days.day < first_of_month(last + 1).toordinal(),
        days.unique_clicks > 0,
    )
    for day, unique in session.execute(query):
        totals[month_of_day(day)] += unique
    counts = account_ways.c
    rows = session.execute(
        select(
            counts.month,
            counts.unattributed,
            counts.variant,
            counts.personal,
            counts.recognised,
            counts.recognised_network,
        ).where(counts.account_id == account.id, counts.month.between(first, last))
    )
    known = {month: (nobody, ByWay(*rest)) for month, nobody, *rest in rows}
    current = month_of(now.astimezone(settings.timezone).date())
    months = []
    for month in range(min(totals, default=last + 1), last + 1):
        nobody, by = known.get(month, (0, ByWay()))
        is_counted = nobody + by.total == totals[month]
        months.append(
            MonthWays(
                first_of_month(month), month < current, totals[month], by if is_counted else None
            )
        )
    said = list(said)
    by_network = sum(each.most_by_network for each in said)
    return Ways(months, sum(each.most_now for each in said) - by_network, by_network)


class ByWayJson(TypedDict):
    """Unique clicks by how their segment is known: by the code of a link, or by a hello."""

    personal: int
    version: int
    hello_button: int
    hello_network: int


class MonthWaysJson(TypedDict):
    """One month's unique clicks; `is_over` is false of the month that goes on."""

    month: str
    is_over: bool
    unique_clicks: int
    attributed: int | None
    share: float | None
    by: ByWayJson | None


class HelloWaysJson(TypedDict):
    """Browsers that said hello, and haven't taken it back, by how they did."""

    button: int
    network: int


class WaysJson(TypedDict):
    """For which share of unique clicks the segment is known, by way and month."""

    months: list[MonthWaysJson]
    hellos: HelloWaysJson


def ways_json(ways: Ways) -> WaysJson:
    """Return the ways as every door gives them."""
    return {
        "months": [month_json(month) for month in ways.months],
        "hellos": {"button": ways.by_button, "network": ways.by_network},
    }


def month_json(month: MonthWays) -> MonthWaysJson:
    """Return one month; what was not counted by way is null."""
    by = month.by
    return {
        "month": f"{month.first:%Y-%m}",
        "is_over": month.is_over,
        "unique_clicks": month.unique_clicks,
        "attributed": None if by is None else by.total,
        "share": rounded(month.share),
        "by": None
        if by is None
        else {
            "personal": by.personal,
            "version": by.version,
            "hello_button": by.hello_button,
            "hello_network": by.hello_network,
        },
    }

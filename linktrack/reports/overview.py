"""The overview: all accounts over one range of days, in a handful of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from linktrack.audience.counts import (
    History,
    count_at,
    count_histories,
    counts_of_days,
    is_stale,
)
from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.publishing.unwrapped.coverage import Coverage, coverages
from linktrack.reports import queries
from linktrack.reports.counting import Counting
from linktrack.reports.cpf import CpfTotal, cpf_totals
from linktrack.reports.days import DayCounts, account_series
from linktrack.reports.parts import WHOLE, Part, part_series
from linktrack.reports.sources.facet_days import Facet, facet_series


@dataclass(frozen=True, slots=True)
class AccountCard:
    """One account over the range. `clicks_by_day` has None on days before it was counted.

    `followers_change` is how the follower count changed from the last one before the range (or the
    first in it, where there is none) to the last in it; None without a count in the range.
    """

    account: Account
    followers: int | None
    followers_at: datetime | None
    is_stale: bool
    clicks: int
    clicks_before: int
    unique_clicks: int
    not_human: int
    clicks_by_day: list[int | None]
    clicks_by_day_before: list[int | None]
    followers_by_day: list[tuple[date, int]]
    followers_change: int | None
    cpf: CpfTotal
    coverage: Coverage


def account_cards(
    session: Session,
    accounts: Sequence[Account],
    days: DayRange,
    window: str,
    *,
    now: datetime,
    before: DayRange | None = None,
    part: Part = WHOLE,
    facet: Facet | None = None,
) -> list[AccountCard]:
    """Return these accounts' figures of some days; `window` counts the clicks of posts.

    Clicks are held against those of `before`, as many days; by default those directly before.
    A `part`, or else a `facet`, narrows clicks and people by day; rates of posts are of all clicks.
    """
    before = before or days.before
    ids = [account.id for account in accounts]
    histories = count_histories(session, ids)
    if not part.is_whole:
        series = part_series(session, ids, before.first, days.last, part)
    elif facet is not None:
        series = facet_series(session, ids, before.first, days.last, facet)
    else:
        series = account_series(session, ids, before.first, days.last)
    chosen = queries.chosen_posts(ids, days.since, days.end)
    totals = cpf_totals(session, chosen, histories, Counting(window, now))
    covered = coverages(session, ids, days.since, days.end)
    return [
        _card(
            account,
            days=days,
            before=before,
            history=histories[account.id],
            series=series.get(account.id, []),
            cpf=totals[account.id],
            covered=covered[account.id],
            now=now,
        )
        for account in accounts
    ]


def _card(
    account: Account,
    *,
    days: DayRange,
    before: DayRange,
    history: History,
    series: Sequence[DayCounts],
    cpf: CpfTotal,
    covered: Coverage,
    now: datetime,
) -> AccountCard:
    followers_at, followers = count_at(history, now)
    within = [counts for counts in series if counts.day >= days.first]
    earlier = [counts for counts in series if counts.day <= before.last]
    counted_since = min(
        [account.created_at.astimezone(days.timezone).date(), *(counts.day for counts in series)]
    )
    return AccountCard(
        account=account,
        followers=followers,
        followers_at=followers_at,
        is_stale=is_stale(followers_at, now),
        clicks=sum(counts.clicks for counts in within),
        clicks_before=sum(counts.clicks for counts in earlier),
        unique_clicks=sum(counts.unique_clicks for counts in within),
        not_human=sum(counts.not_human for counts in within),
        clicks_by_day=every_day(days, within, counted_since),
        clicks_by_day_before=every_day(before, earlier, counted_since),
        followers_by_day=counts_of_days(history, days),
        followers_change=_followers_change(history, days),
        cpf=cpf,
        coverage=covered,
    )


def _followers_change(history: History, days: DayRange) -> int | None:
    within = [count for at, count in history if days.since <= at < days.end]
    if not within:
        return None
    _, before = count_at(history, days.since)
    return within[-1] - (within[0] if before is None else before)


def every_day(days: DayRange, series: Sequence[DayCounts], counted_since: date) -> list[int | None]:
    """Return the clicks of each day: 0 where there were none, None before anything was counted."""
    clicks: Mapping[date, int] = {counts.day: counts.clicks for counts in series}
    return [clicks.get(day, 0) if day >= counted_since else None for day in days]

"""Who is really there: the people who click, period by period, beside the followers.

One period is the audience report of it; this puts a year of them next to each other, finds the
falls and rises of the follower count, and says what a fall cost in readers, where that can be told.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from linktrack.audience.counts import History, count_at, count_histories, counts_of_days
from linktrack.audience.models import Account
from linktrack.calendar.periods import period_start
from linktrack.calendar.ranges import DayRange
from linktrack.reports.figures.rate import written
from linktrack.reports.figures.statistics.capture import People
from linktrack.reports.figures.statistics.comparisons import ratio
from linktrack.reports.figures.words import (
    days_from,
    month_name,
    percent,
    rounded_between,
)
from linktrack.reports.people.audience import AudienceReport, audience_report, estimated
from linktrack.reports.people.jump_stories import jump_stories
from linktrack.reports.people.jumps import Jump
from linktrack.reports.people.visit_queries import Visits, links_by_period, visits_by_period
from linktrack.settings import VisitorPeriod

PERIODS: Final = 13
"""Periods side by side: with months, each has the same month of the year before beside it."""

MANY: Final = 2
"""From so many people for each follower, "times" is said, and no share."""

_SIGMAS: Final = 2.0  # standard deviations of a Poisson count


@dataclass(frozen=True, slots=True)
class PeriodPeople:
    """Those who clicked in one period that is over; `people` None where nothing can be told.

    `is_whole`: clicks were counted from its beginning. `followers` as counted last in it.
    """

    first: date
    end: date
    seen: int
    people: People | None
    followers: int | None
    is_whole: bool

    @property
    def name(self) -> str:
        """The period in words."""
        return days_from(self.first, self.end)

    @property
    def told(self) -> tuple[int, int, int] | None:
        """The estimate and its likely range, as exactly as they may be told."""
        if self.people is None:
            return None
        return rounded_between(self.people.estimate, self.people.interval)


@dataclass(frozen=True, slots=True)
class Loss:
    """A fall of followers beside the people who clicked in the whole period before and after it.

    It is only told where it can be: both ranges overlap, and so few are missing that the readers
    did not leave in the same proportion as the followers.
    """

    jump: Jump
    before: PeriodPeople
    after: PeriodPeople

    @property
    def sentence(self) -> str:
        """What the loss of followers cost in people who click."""
        return (
            f"You lost {-self.jump.net:,} followers in {month_name(self.jump.until)}, and no "
            f"readers that we can see: {self.people}."
        )

    @property
    def people(self) -> str:
        """The people who clicked before and after it."""
        (before, *_), (after, *_) = self._told
        return (
            f"about {before:,} people clicked in {_short(self.before)}, about {after:,} in "
            f"{_short(self.after)}"
        )

    @property
    def explanation(self) -> str:
        """Why that can be said, with both ranges."""
        lost = -self.jump.net / self.jump.before
        ranges = " and ".join(
            f"{low:,} to {high:,} in {_short(each)}"
            for each, (_, low, high) in zip((self.before, self.after), self._told, strict=True)
        )
        return (
            f"The likely ranges overlap ({ranges}), so the difference may be chance. If readers "
            f"had left as followers did ({percent(lost)}), it would show."
        )

    @property
    def _told(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        before, after = self.before.told, self.after.told
        assert before is not None
        assert after is not None
        return before, after


@dataclass(frozen=True, slots=True)
class Presence:
    """One account: its last whole period, the periods up to it, and its follower count.

    `periods` are those that are over, oldest first; `counts` are the follower counts of their
    days; `jumps` have the figures that the page Followers has; `regained` is the part of the last
    fall that has been made good. None or empty where nothing is known.
    """

    latest: AudienceReport
    periods: list[PeriodPeople]
    counts: list[tuple[date, int]]
    jumps: list[Jump]
    loss: Loss | None
    regained: float | None

    @property
    def account(self) -> Account:
        """Whose it is."""
        return self.latest.account

    @property
    def told(self) -> tuple[int, int, int] | None:
        """The last period's estimate and its likely range, as exactly as they may be told."""
        people = self.latest.people
        return None if people is None else rounded_between(people.estimate, people.interval)

    @property
    def sentence(self) -> str:
        """What the number beside the followers means; why there is none, where there is none."""
        latest, told = self.latest, self.told
        if told is None:
            return latest.refused or ""
        when = f"{latest.days} so far" if latest.is_running else latest.days
        compared = ""
        if latest.followers:
            share = told[0] / latest.followers  # of the number that is read beside it
            part = f"{share:.2g} times" if share >= MANY else f"{percent(share)} of"
            compared = f": {part} the number of followers"
        return (
            f"At least that many different people clicked something {self.account.handle} posted "
            f"in {when}{compared} (likely {told[1]:,} to {told[2]:,}; {latest.seen:,} of them "
            "seen)."
        )

    @property
    def last_fall(self) -> Jump | None:
        """The last fall of the follower count in these periods."""
        return next((jump for jump in reversed(self.jumps) if jump.net < 0), None)


def presence(
    session: Session, account: Account, *, period: VisitorPeriod, timezone: ZoneInfo, now: datetime
) -> Presence:
    """Return the people who clicked in the last 13 periods that are over, in a few queries."""
    latest = audience_report(session, account, period=period, timezone=timezone, now=now)
    today = now.astimezone(timezone).date()
    spans = _spans(period_start(today, period), period)
    visits = visits_by_period(session, account.id, spans[0][0].toordinal())
    links = links_by_period(
        session,
        account.id,
        [
            (first.toordinal(), end.toordinal())
            for first, end in spans
            if first.toordinal() in visits  # else nobody clicked any: all of them would be tried
        ],
    )
    history = count_histories(session, [account.id])[account.id]
    begun = min((date.fromordinal(number) for number in visits), default=today)
    made = account.created_at.astimezone(timezone).date()
    periods = [
        _period(
            span,
            visits.get(span[0].toordinal(), []),
            links.get(span[0].toordinal(), 0),
            history=history,
            timezone=timezone,
            is_whole=span[0] > min(begun, made),
        )
        for span in spans
    ]
    while periods and not periods[0].seen:
        periods.pop(0)
    if periods and latest.first == periods[-1].first:
        periods[-1] = _with(periods[-1], latest)
    days = DayRange(
        periods[0].first if periods else spans[0][0], spans[-1][1] - timedelta(days=1), timezone
    )
    found = [story.as_told for story in jump_stories(history, timezone)]
    within = [jump for jump in found if days.first <= jump.until <= days.last]
    return Presence(
        latest=latest,
        periods=periods,
        counts=counts_of_days(history, days),
        jumps=within,
        loss=next((loss for jump in reversed(within) if (loss := _loss(jump, periods))), None),
        regained=_regained(within, history),
    )


def _spans(running: date, period: VisitorPeriod) -> list[tuple[date, date]]:
    """Return the first day, and the one after the last, of the periods before the running one."""
    spans = [(period_start(running - timedelta(days=1), period), running)]
    while len(spans) < PERIODS:
        end = spans[0][0]
        spans.insert(0, (period_start(end - timedelta(days=1), period), end))
    return spans


def _period(
    span: tuple[date, date],
    visits: Sequence[Visits],
    links: int,
    *,
    history: History,
    timezone: ZoneInfo,
    is_whole: bool,
) -> PeriodPeople:
    first, end = span
    _, followers = count_at(history, DayRange.until(end, 1, timezone).since)
    seen, people = estimated(visits, links)
    if (end - first).days == 1:  # hardly anybody clicks twice in a day
        people = None
    return PeriodPeople(
        first=first, end=end, seen=seen, people=people, followers=followers, is_whole=is_whole
    )


def _with(period: PeriodPeople, report: AudienceReport) -> PeriodPeople:
    """Return a period with the very figures that its report has."""
    return PeriodPeople(
        first=period.first,
        end=period.end,
        seen=report.seen,
        people=report.people,
        followers=report.followers,
        is_whole=period.is_whole,
    )


def _loss(jump: Jump, periods: Sequence[PeriodPeople]) -> Loss | None:
    """Return what a fall cost in readers, where both sides are known well enough to tell."""
    before = [each for each in periods if each.end <= jump.since]
    after = [each for each in periods if each.first > jump.until]
    if jump.net >= 0 or not before or not after:
        return None
    one, other = before[-1], after[0]
    if one.people is None or other.people is None or not (one.is_whole and other.is_whole):
        return None
    earlier, later = one.people.interval, other.people.interval
    overlap = earlier.low <= later.high and later.low <= earlier.high
    left_alike = one.people.estimate * (1 + jump.net / jump.before)
    chance = left_alike + _SIGMAS * math.sqrt(left_alike)  # as many may come and go by themselves
    left = ratio(other.people.estimate, later, one.people.estimate, earlier)
    would_show = left.low > 1 + jump.net / jump.before and other.people.estimate > chance
    return Loss(jump, one, other) if overlap and would_show else None


def _regained(jumps: Sequence[Jump], history: History) -> float | None:
    """Return the part of the last of these falls that the follower count has made good since."""
    falls = [jump for jump in jumps if jump.net < 0]
    if not falls or not history:
        return None
    last = falls[-1]
    return max(0.0, (history[-1][1] - (last.before + last.net)) / -last.net)


def _short(period: PeriodPeople) -> str:
    """Return a period's name without its year, where it is a month."""
    return period.name.rsplit(" ", 1)[0] if period.first.day == 1 else period.name


class PeriodRow(TypedDict):
    """One period as files have it: the estimates to four decimals, `followers` as counted last."""

    first: str
    last: str
    seen: int
    at_least: float | None
    low: float | None
    high: float | None
    followers: int | None


def presence_rows(found: Presence) -> list[PeriodRow]:
    """Return the periods as rows of a file, oldest first."""
    rows: list[PeriodRow] = []
    for each in found.periods:
        people = each.people
        at_least, low, high = (
            (None, None, None) if people is None else written(people.estimate, people.interval, 4)
        )
        rows.append(
            {
                "first": each.first.isoformat(),
                "last": (each.end - timedelta(days=1)).isoformat(),
                "seen": each.seen,
                "at_least": at_least,
                "low": low,
                "high": high,
                "followers": each.followers,
            }
        )
    return rows

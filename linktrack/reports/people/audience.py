"""Estimate at least how many different people click within one visitor period."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.counts import count_at, count_histories
from linktrack.audience.models import Account
from linktrack.calendar.periods import period_end, period_start
from linktrack.calendar.times import utc
from linktrack.db import to_ms
from linktrack.errors import Unavailable
from linktrack.reports.figures.rate import Rate, Written, share_json, written
from linktrack.reports.figures.statistics.capture import People, chao2, chapman
from linktrack.reports.figures.statistics.rates import Interval
from linktrack.reports.figures.words import (
    about_between,
    counted,
    days_from,
    percent,
    rounded_between,
)
from linktrack.reports.people.visit_queries import (
    Visits,
    clicked_links,
    known_people,
    periods_with_visits,
    visits_in,
)
from linktrack.settings import VisitorPeriod

FEWEST_IN_BOTH: Final = 7
"""People in both halves from which Chapman's estimate is nearly unbiased (Seber 1982, 3.1.1)."""


@dataclass(frozen=True, slots=True)
class Halves:
    """People who clicked in the first half of the period, in the second, and in both."""

    first: int
    second: int
    both: int
    people: People | None

    @classmethod
    def of(cls, first: int, second: int, both: int) -> "Halves":
        """Return them with Chapman's estimate, where enough were seen twice."""
        enough = both >= FEWEST_IN_BOTH
        return cls(first, second, both, chapman(first, second, both) if enough else None)


@dataclass(frozen=True, slots=True)
class AudienceReport:
    """People who click, in the visitor period [first, end). `refused` says why there is no figure.

    `members` are those of them we can tell: by a personal link, or because they said hello.
    `people` is Chao's lower bound. They need not be followers. Readers whose browser asks not to
    be tracked are in no figure, and one person with two devices is two.
    """

    account: Account
    period: VisitorPeriod
    first: date
    end: date
    is_running: bool
    links: int
    seen: int
    people: People | None
    halves: Halves
    members: Halves
    followers: int | None
    followers_at: datetime | None
    refused: str | None

    @property
    def share(self) -> Rate:
        """The people as a share of the followers, at least; it may exceed 1."""
        if self.people is None or not self.followers:
            return Rate()
        bounds = self.people.interval
        interval = Interval(bounds.low / self.followers, bounds.high / self.followers)
        return Rate(self.people.estimate / self.followers, interval)

    @property
    def days(self) -> str:
        """The period in words."""
        return days_from(self.first, self.end)

    @property
    def sentence(self) -> str:
        """What is known, in words; it may be read aloud."""
        if self.people is None:
            return self.refused or ""
        so_far = " so far" if self.is_running else ""
        beginning = f"In {self.days}{so_far}, at least"
        clicked = f"different people clicked links by {self.account.handle}"
        told, least, most = about_between(self.people.estimate, self.people.interval)
        compared = self._compared(rounded_between(self.people.estimate, self.people.interval))
        return (
            f"{beginning} about {told} {clicked} (likely {least} to {most}, or more); we saw "
            f"{self.seen:,} of them.{compared}"
        )

    def _compared(self, people: tuple[int, int, int]) -> str:
        """Compare people, as shown, with the followers; clickers need not be among them."""
        if not self.followers:
            return ""
        share, low, high = (each / self.followers for each in people)
        if share >= 2:
            return f" That is {share:.2g} times its number of followers, {self.followers:,}."
        return (
            f" It has {self.followers:,} followers: {people[0]:,} people are {percent(share)} of "
            f"that number ({percent(low)} to {percent(high)})."
        )

    @property
    def on_halves(self) -> str:
        """What counting again by the period's two halves says, in words; nothing where unknown."""
        again, halves = self.halves.people, self.halves
        if again is None:
            return ""
        told, least, most = about_between(again.estimate, again.interval)
        counts = (
            f"We saw {halves.first:,} people in the first half of {self.days} and "
            f"{halves.second:,} in the second, {halves.both:,} of them in both. If everybody were "
            f"equally likely to come back, there would be about {told} ({least} to {most})."
        )
        if self.people is None:
            return counts
        one, other = self.people.interval, again.interval
        if other.high < one.low:
            return (
                f"{counts} That is lower because some people click far more often than others: "
                "they are in both halves, and the rest hardly show."
            )
        if one.high < other.low:
            return f"{counts} That is higher: many of the first half stayed away in the second."
        return counts


def audience_report(
    session: Session,
    account: Account,
    *,
    period: VisitorPeriod,
    timezone: ZoneInfo,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
) -> AudienceReport:
    """Return how many people click, in the visitor period that holds [since, until).

    Without a range it is the last period that is over and had visitors, else the running one.
    """
    today = now.astimezone(timezone).date()
    first, last = _days_of(since, until, timezone)
    if first is None:
        first = last = _usual_day(periods_with_visits(session, account.id), today, period)
    assert last is not None
    start = period_start(first, period)
    end = period_end(start, period)
    midnight = datetime.combine(end, time.min, timezone)
    history = count_histories(session, [account.id])[account.id]
    followers_at, followers = count_at(history, min(now, midnight))
    report = AudienceReport(
        account=account,
        period=period,
        first=start,
        end=end,
        is_running=start <= today < end,
        links=0,
        seen=0,
        people=None,
        halves=Halves(0, 0, 0, None),
        members=Halves(0, 0, 0, None),
        followers=followers,
        followers_at=followers_at,
        refused=None,
    )
    if last >= end:
        return replace(
            report,
            refused=f"Visitors are known within one {period} only; across {period}s the same "
            f"person is new. Choose days within one {period}.",
        )
    links = clicked_links(session, account.id, start.toordinal(), end.toordinal())
    half = start + timedelta(days=((end - start).days + 1) // 2)
    begins, half_at, ends = (
        to_ms(datetime.combine(day, time.min, timezone)) for day in (start, half, end)
    )
    try:
        known = known_people(session, account.id, begins, half_at, ends)
    except Unavailable as error:  # what keeps single clicks; others' figures are there
        return replace(report, refused=error.sentence)
    report = replace(
        report,
        members=Halves.of(
            sum(first for first, _ in known),
            sum(second for _, second in known),
            sum(first and second for first, second in known),
        ),
    )
    return judged(report, visits_in(session, account.id, start.toordinal()), links)


def periods_of(session: Session, account: Account, period: VisitorPeriod) -> list[tuple[date, str]]:
    """Return the first days of periods in which anybody came, newest first, with their names."""
    starts = (date.fromordinal(number) for number in periods_with_visits(session, account.id))
    return [(start, days_from(start, period_end(start, period))) for start in starts]


def judged(report: AudienceReport, visits: Sequence[Visits], links: int) -> AudienceReport:
    """Return the report with what these visits tell, or why they tell nothing."""
    by_links = _by_links(visits)
    seen = by_links.total()
    halves = _halves(visits)
    report = replace(report, links=links, seen=seen, halves=halves)
    refused = _refusal(report, by_links)
    people = None if refused else chao2(by_links, links)
    return replace(report, people=people, refused=refused)


def estimated(visits: Sequence[Visits], links: int) -> tuple[int, People | None]:
    """Return how many people these visits are of, and how many there are at least."""
    by_links = _by_links(visits)
    return by_links.total(), chao2(by_links, links) if links > 1 else None


def _by_links(visits: Sequence[Visits]) -> Counter[int]:
    """Count the people by the number of links that they clicked."""
    by_links: Counter[int] = Counter()
    for visit in visits:
        by_links[visit.first_half + visit.second_half] += visit.visitors
    return by_links


def _halves(visits: Sequence[Visits]) -> Halves:
    return Halves.of(
        sum(visit.visitors for visit in visits if visit.first_half),
        sum(visit.visitors for visit in visits if visit.second_half),
        sum(visit.visitors for visit in visits if visit.first_half and visit.second_half),
    )


def _refusal(report: AudienceReport, by_links: Counter[int]) -> str | None:
    if report.period == "day":
        return (
            "Visitors are known for one day only here (LINKTRACK_VISITOR_PERIOD), which is too "
            "short: hardly anybody clicks twice in a day."
        )
    days, handle = report.days, report.account.handle
    if not report.seen:
        return f"Nobody was seen clicking a link of {handle} in {days}."
    if report.links < 2:
        return f"Only one link of {handle} was clicked in {days}; it takes two to tell."
    if not by_links[2]:
        return (
            f"In {days}, {counted(report.seen, 'person was', 'people were')} seen clicking, none "
            "of them exactly two different links: that says nothing about those who were not seen."
        )
    if not by_links[1]:
        return (
            f"In {days}, everybody we saw clicked more than one link, so nothing points to "
            f"people beyond the {report.seen:,} we saw."
        )
    return None


def _days_of(
    since: datetime | None, until: datetime | None, timezone: ZoneInfo
) -> tuple[date | None, date | None]:
    """Return the first and the last day of [since, until); with one end given, that day."""
    first = since.astimezone(timezone).date() if since else None
    last = (until - timedelta(milliseconds=1)).astimezone(timezone).date() if until else None
    return first or last, last or first


def _usual_day(periods: Sequence[int], today: date, period: VisitorPeriod) -> date:
    running = period_start(today, period)
    over = (date.fromordinal(number) for number in periods)
    return next((start for start in over if start < running), running)


VisitorPeriodJson = TypedDict(
    "VisitorPeriodJson", {"name": str, "from": str, "to": str, "running": bool}
)


class HalvesJson(TypedDict):
    """People seen in the first half, the second, and both; `people` is Chapman's estimate."""

    first: int
    second: int
    both: int
    people: float | None
    low: float | None
    high: float | None
    method: str | None


def _halves_json(halves: Halves) -> HalvesJson:
    people, low, high = _written(halves.people)
    return {
        "first": halves.first,
        "second": halves.second,
        "both": halves.both,
        "people": people,
        "low": low,
        "high": high,
        "method": None if halves.people is None else "chapman",
    }


def _written(people: People | None) -> Written:
    """Write a number of people to four decimals."""
    if people is None:
        return Written(None, None, None)
    return written(people.estimate, people.interval, 4)


class AudienceReportJson(TypedDict):
    """How many people clicked in one visitor period: at least this many (Chao2 estimate)."""

    account: AccountNameJson
    period: VisitorPeriodJson
    seen: int
    at_least: float | None
    low: float | None
    high: float | None
    method: str | None
    refused: str | None
    links: int
    followers: int | None
    followers_at: str | None
    share: float | None
    share_low: float | None
    share_high: float | None
    halves: HalvesJson
    members: HalvesJson
    sentence: str


def audience_json(report: AudienceReport) -> AudienceReportJson:
    """Return the report as every door gives it."""
    at_least, low, high = _written(report.people)
    return {
        "account": account_json(report.account),
        "period": {
            "name": report.period,
            "from": report.first.isoformat(),
            "to": report.end.isoformat(),
            "running": report.is_running,
        },
        "seen": report.seen,
        "at_least": at_least,
        "low": low,
        "high": high,
        "method": None if report.people is None else "chao2",
        "refused": report.refused,
        "links": report.links,
        "followers": report.followers,
        "followers_at": utc(report.followers_at),
        **share_json(report.share),
        "halves": _halves_json(report.halves),
        "members": _halves_json(report.members),
        "sentence": report.sentence,
    }

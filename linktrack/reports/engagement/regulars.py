"""Regulars: followers who do something nearly every week, by name, and how many of them stay."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.calendar.times import utc
from linktrack.db import to_ms
from linktrack.errors import Invalid, NotFound
from linktrack.networks.registry import network_of
from linktrack.reports.engagement.regular_queries import (
    Deeds,
    deeds_of,
    known_since,
    names_of,
    on_list,
    roster_before,
)
from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.statistics.rates import wilson
from linktrack.reports.figures.words import counted, month_name, percent

WEEKS: Final = 4
FEWEST_WEEKS: Final = 3
MOST_PEOPLE: Final = 100


@dataclass(frozen=True, slots=True)
class Regular:
    """A follower who did something in so many of the four weeks: engagements, and clicks."""

    number: int
    network_id: str
    handle: str | None
    url: str | None
    follows_since: datetime
    weeks: int
    engagements: int
    clicks: int


@dataclass(frozen=True, slots=True)
class RegularsReport:
    """The regulars of four weeks until yesterday, most often first, and who stayed.

    `before` are the regulars of the four weeks before; `stayed` of them are regulars still, `left`
    no longer follow. None: unknown, since nobody was named so long ago. `stay` is the share of
    those who stay, with Wilson's interval. `refused` says why nothing is known.
    """

    account: Account
    days: DayRange
    known_since: datetime | None
    refused: str | None
    followers: int | None
    regulars: int | None
    before: int | None
    stayed: int | None
    left: int | None
    stay: Rate
    people: list[Regular]
    after: int | None

    @property
    def sentence(self) -> str:
        """What is known, in words."""
        return self.refused if self.refused is not None else self._told("", "your")

    def told_of(self, handle: str) -> str:
        """The same of an account that is named; "" where nothing is known."""
        return "" if self.refused is not None else self._told(f" of {handle}", "its")

    def _told(self, of: str, whose: str) -> str:
        many = counted(self.regulars or 0, "follower")
        said = (
            f"{many}{of} did something in at least {FEWEST_WEEKS} of the last {WEEKS} weeks, of "
            f"{self.followers or 0:,} on {whose} list."
        )
        if not self.before or self.stay.value is None:
            return said
        return (
            f"{said} Of the {self.before:,} regulars of the {WEEKS} weeks before, {self.stayed:,} "
            f"still are: {percent(self.stay.value, self.stay.interval)}."
        )


def regulars_report(
    session: Session,
    account: Account,
    *,
    timezone: ZoneInfo,
    now: datetime,
    limit: int = MOST_PEOPLE,
    after: int | None = None,
) -> RegularsReport:
    """Return who did something in at least three of the last four weeks, and still follows.

    Weeks are seven days each; the last one ends with yesterday. `limit` is 1 to 100 people on the
    page, which begins behind the follower with the number `after`. Raises `Invalid` or `NotFound`.
    """
    if not 1 <= limit <= MOST_PEOPLE:
        raise Invalid(f"A page has 1 to {MOST_PEOPLE} people, not {limit}.")
    yesterday = now.astimezone(timezone).date() - timedelta(days=1)
    days = DayRange.until(yesterday, 7 * WEEKS, timezone)
    since = known_since(session, account.id)
    roster = roster_before(session, account.id, now)
    if since is None or roster is None or since > days.since:
        return _refused(account, days, since, has_list=roster is not None)
    deeds = deeds_of(session, account.id, days.before.since, days.end)
    active = regular_numbers(deeds, days)
    here = on_list(session, roster, active)
    earlier_list = roster_before(session, account.id, days.since)
    before: set[int] | None = None
    if since <= days.before.since and earlier_list is not None:
        before = on_list(session, earlier_list, regular_numbers(deeds, days.before))
    stayed = None if before is None else len(before & here)
    people, following = _page(here, deeds, days, limit, after)
    names = names_of(session, people)
    profile = network_of(account.network).profile_address
    return RegularsReport(
        account=account,
        days=days,
        known_since=since,
        refused=None,
        followers=roster.size,
        regulars=len(here),
        before=None if before is None else len(before),
        stayed=stayed,
        left=None if before is None else len(before - on_list(session, roster, before)),
        stay=Rate(stayed / len(before), wilson(stayed, len(before)))
        if before and stayed is not None
        else Rate(),
        people=[
            Regular(
                number=number,
                network_id=names[number].network_id,
                handle=names[number].handle,
                url=profile(names[number].network_id, names[number].handle),
                follows_since=names[number].follows_since,
                weeks=weeks_of(deeds[number], days),
                engagements=_within(deeds[number].engaged, days),
                clicks=_within(deeds[number].clicked, days),
            )
            for number in people
        ],
        after=following,
    )


def regular_numbers(deeds: Mapping[int, Deeds], days: DayRange) -> set[int]:
    """Return who did something in at least three of these four weeks."""
    return {number for number, did in deeds.items() if weeks_of(did, days) >= FEWEST_WEEKS}


def weeks_of(did: Deeds, days: DayRange) -> int:
    """Return in how many of the weeks of these days somebody did something."""
    begins = week_begins(days)
    end = to_ms(days.end)
    moments = (at for at in (*did.engaged, *did.clicked) if begins[0] <= at < end)
    return len({bisect_right(begins, at) for at in moments})


def week_begins(days: DayRange) -> Sequence[int]:
    """Return when each week of these days begins (ms)."""
    firsts = [days.first + timedelta(days=7 * number) for number in range(days.length // 7)]
    return [to_ms(DayRange(first, first, days.timezone).since) for first in firsts]


def _within(moments: Sequence[int], days: DayRange) -> int:
    first, end = to_ms(days.since), to_ms(days.end)
    return sum(first <= at < end for at in moments)


def _page(
    here: set[int], deeds: Mapping[int, Deeds], days: DayRange, limit: int, after: int | None
) -> tuple[list[int], int | None]:
    """Return a page of regulars, most weeks and then most deeds first, and where it goes on."""
    order = sorted(
        here,
        key=lambda number: (
            -weeks_of(deeds[number], days),
            -_within([*deeds[number].engaged, *deeds[number].clicked], days),
            number,
        ),
    )
    begin = 0
    if after is not None:
        if after not in here:
            raise NotFound(f"There is no regular number {after}.")
        begin = order.index(after) + 1
    page = order[begin : begin + limit]
    return page, page[-1] if page and begin + limit < len(order) else None


def _refused(
    account: Account, days: DayRange, since: datetime | None, *, has_list: bool
) -> RegularsReport:
    if not has_list:
        why = "Regulars are followers by name: import a follower list first."
    elif since is None and network_of(account.network).open_engagement is None:
        why = (
            f"{network_of(account.network).label} doesn't tell linktrack who liked, reposted, "
            "replied or quoted, so nobody can be listed here."
        )
    elif since is None:
        why = (
            f"{network_of(account.network).label} hasn't named anybody yet who liked, reposted, "
            "replied or quoted. linktrack goes on asking."
        )
    else:
        known = _day(since.astimezone(days.timezone).date())
        why = (
            f"Regulars need {WEEKS} weeks of engagement, and it is known since {known}: look again "
            f"on {_day(_ready(since, days))}."
        )
    return RegularsReport(
        account=account,
        days=days,
        known_since=since,
        refused=why,
        followers=None,
        regulars=None,
        before=None,
        stayed=None,
        left=None,
        stay=Rate(),
        people=[],
        after=None,
    )


def _day(day: date) -> str:
    return f"{day.day} {month_name(day)} {day.year}"


def _ready(since: datetime, days: DayRange) -> date:
    """Return the first day on which the four weeks before it are known."""
    return since.astimezone(days.timezone).date() + timedelta(days=days.length + 1)


class RegularJson(TypedDict):
    """A regular: in how many of the four weeks they did something, and how much."""

    id: int
    network_id: str
    handle: str | None
    url: str | None
    follows_since: str
    weeks: int
    engagements: int
    clicks: int


RegularsRangeJson = TypedDict("RegularsRangeJson", {"from": str, "to": str})


class RegularsReportJson(RegularsRangeJson):
    """Followers who did something in at least 3 of the last 4 weeks; `from` to `to`, exclusive.

    `before` were regulars in the four weeks before: `stayed` of them still are, `left` no longer
    follow. All are null while `refused` says why. `people` is a page; `next` continues as `after`.
    """

    account: AccountNameJson
    known_since: str | None
    refused: str | None
    sentence: str
    followers: int | None
    regulars: int | None
    before: int | None
    stayed: int | None
    left: int | None
    stay: float | None
    stay_low: float | None
    stay_high: float | None
    people: list[RegularJson]
    next: int | None


def regulars_json(report: RegularsReport) -> RegularsReportJson:
    """Return the report as every door gives it."""
    stay = report.stay.written
    return {
        "account": account_json(report.account),
        "from": report.days.first.isoformat(),
        "to": (report.days.last + timedelta(days=1)).isoformat(),
        "known_since": utc(report.known_since),
        "refused": report.refused,
        "sentence": report.sentence,
        "followers": report.followers,
        "regulars": report.regulars,
        "before": report.before,
        "stayed": report.stayed,
        "left": report.left,
        "stay": stay.value,
        "stay_low": stay.low,
        "stay_high": stay.high,
        "people": [_person_json(person) for person in report.people],
        "next": report.after,
    }


def _person_json(person: Regular) -> RegularJson:
    return {
        "id": person.number,
        "network_id": person.network_id,
        "handle": person.handle,
        "url": person.url,
        "follows_since": utc(person.follows_since),
        "weeks": person.weeks,
        "engagements": person.engagements,
        "clicks": person.clicks,
    }

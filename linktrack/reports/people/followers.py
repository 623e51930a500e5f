"""The followers report: who came, left and came back, and what one event cost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.counts import History, count_histories
from linktrack.audience.models import Account
from linktrack.calendar.ranges import check_range
from linktrack.calendar.times import utc
from linktrack.errors import Invalid
from linktrack.ids import AccountId
from linktrack.reports.figures.rate import Rate, rounded, share_json
from linktrack.reports.figures.statistics.leaving import Excess, daily_rate, excess_of, jumps
from linktrack.reports.figures.statistics.rates import Interval, rate_interval
from linktrack.reports.people.event_costs import Cost, CostJson, Spans, cost_json
from linktrack.reports.people.event_posts import click_costs, engagement_costs
from linktrack.reports.people.follower_queries import Change, Churn, changes, churn, leavers
from linktrack.reports.people.jump_stories import JumpJson, JumpStory, jump_json, jump_stories

BEFORE: Final = timedelta(days=90)
"""The time before an event from which the usual rate is taken."""

AFTER: Final = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
CHURN: Final = timedelta(days=30)
MOST_EVENTS: Final = 10


@dataclass(frozen=True, slots=True)
class DayLine:
    """What became known on one day. Where only counts are known, `net` alone is.

    `precision_days` is how long before it may have happened; `is_jump` marks a day on which far
    more came or went than usually.
    """

    day: date
    gained: int | None
    returned: int | None
    lost: int | None
    net: int
    precision_days: float
    is_jump: bool


@dataclass(frozen=True, slots=True)
class Event:
    """How many of the `followers` before a moment had left within 1, 7 and 30 days.

    None where no list (or count) lies within that time. `excess` is of the longest of them;
    without lists the figures are differences of counts, `by_counts`, and then those who came
    hide as many who left. `clicks` and `engagement` are what it cost in
    them; None without posts on any side.
    """

    at: datetime
    followers: int | None
    left: tuple[int | None, int | None, int | None]
    excess: Excess | None
    by_counts: bool
    clicks: Cost | None = None
    engagement: Cost | None = None


@dataclass(frozen=True, slots=True)
class ChurnLine:
    """Those who came and left again within 30 days: the share of all who were seen to come."""

    counts: Churn
    share: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class FollowersReport:
    """Days on which something became known, newest last; events in the order asked for.

    `jumps` are those of the follower count that ended within the days asked for, oldest first.
    """

    account: Account
    jumps: list[JumpStory]
    days: list[DayLine]
    churn: ChurnLine | None
    events: list[Event]


def followers_report(
    session: Session,
    account: Account,
    timezone: ZoneInfo,
    *,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    events: Sequence[datetime] = (),
) -> FollowersReport:
    """Return who came and left by the lists taken in [since, until), and what events cost.

    Where there are no two lists, the days come from follower counts; clicks are known up to
    `now`. Raises `Invalid`.
    """
    check_range(since, until)
    if len(events) > MOST_EVENTS:
        raise Invalid(f"Ask for at most {MOST_EVENTS} events at once.")
    found = changes(session, account.id)
    history = count_histories(session, [account.id])[account.id]
    lines = _days(found, timezone) if found else _days_of_counts(history, timezone)
    first = None if since is None else since.astimezone(timezone).date()
    end = None if until is None else until.astimezone(timezone)

    def is_asked(day: date) -> bool:
        is_before = end is None or datetime.combine(day, end.min.time(), timezone) < end
        return is_before and (first is None or day >= first)

    stories = jump_stories(history, timezone)
    spans = [Spans.of(at, [story.jump for story in stories], timezone) for at in events]
    clicks = click_costs(session, account.id, spans, history, now)
    engagement = engagement_costs(session, account.id, spans, history)
    return FollowersReport(
        account,
        [each for each in stories if is_asked(each.jump.until)],
        [line for line in lines if is_asked(line.day)],
        _churn(session, account.id, found),
        [
            replace(
                _event(session, account.id, at, found, history), clicks=cost, engagement=reactions
            )
            for at, cost, reactions in zip(events, clicks, engagement, strict=True)
        ],
    )


def _days(found: Sequence[Change], timezone: ZoneInfo) -> list[DayLine]:
    gone = jumps([(change.lost, change.days) for change in found])
    come = jumps([(change.gained + change.returned, change.days) for change in found])
    by_day: dict[date, DayLine] = {}
    for change, is_loss, is_gain in zip(found, gone, come, strict=True):
        day = change.at.astimezone(timezone).date()
        known = by_day.get(day)
        by_day[day] = DayLine(
            day=day,
            gained=change.gained + (known.gained or 0 if known else 0),
            returned=change.returned + (known.returned or 0 if known else 0),
            lost=change.lost + (known.lost or 0 if known else 0),
            net=change.followers - change.followers_before + (known.net if known else 0),
            precision_days=max(round(change.days, 2), known.precision_days if known else 0.0),
            is_jump=is_loss or is_gain or (known is not None and known.is_jump),
        )
    return list(by_day.values())


def _days_of_counts(history: History, timezone: ZoneInfo) -> list[DayLine]:
    by_day = {at.astimezone(timezone).date(): count for at, count in history}
    days = sorted(by_day)
    steps = [
        (day, by_day[day] - by_day[before], (day - before).days) for before, day in pairwise(days)
    ]
    marked = jumps([(abs(net), length) for _, net, length in steps])
    return [
        DayLine(
            day=day,
            gained=None,
            returned=None,
            lost=None,
            net=net,
            precision_days=float(length),
            is_jump=is_jump,
        )
        for (day, net, length), is_jump in zip(steps, marked, strict=True)
    ]


def _churn(session: Session, account_id: AccountId, found: Sequence[Change]) -> ChurnLine | None:
    if not found:
        return None
    counts = churn(session, account_id, CHURN, found[-1].at)
    if not counts.gained:
        return ChurnLine(counts, None, None)
    low, high = (rate_interval(k, counts.gained) for k in (counts.at_least, counts.at_most))
    assert low is not None
    assert high is not None
    return ChurnLine(counts, counts.left / counts.gained, Interval(low.low, high.high))


def _event(
    session: Session, account_id: AccountId, at: datetime, found: Sequence[Change], history: History
) -> Event:
    """The people of the last list before the event, or of the first one on it where none is."""
    if not found:
        return _event_of_counts(at, history)
    lists = [(found[0].since, found[0].followers_before)]
    lists += [(change.at, change.followers) for change in found]
    before = [one for one in lists if one[0] < at] or [one for one in lists if one[0] == at]
    if not before:
        return Event(at, None, (None, None, None), None, by_counts=False)
    start, followers = before[-1]
    gone = leavers(session, account_id, start, at + AFTER[-1])
    later = [moment for moment, _ in lists if moment > start]
    left: list[int | None] = []
    observed = start
    for length in AFTER:
        seen = [moment for moment in later if at <= moment <= at + length]
        observed = seen[-1] if seen else observed
        left.append(sum(count for moment, count in gone if moment <= observed) if seen else None)
    if left[-1] is None:
        return Event(at, followers, (None, None, None), None, by_counts=False)
    rate = daily_rate(
        [
            (change.lost, change.followers_before, change.days)
            for change in found
            if change.at <= start and change.at > start - BEFORE
        ]
    )
    days = (observed - start) / timedelta(days=1)
    excess = excess_of(left[-1], followers, rate, days)
    return Event(at, followers, (left[0], left[1], left[2]), excess, by_counts=False)


def _event_of_counts(at: datetime, history: History) -> Event:
    before = [one for one in history if one[0] < at] or [one for one in history if one[0] == at]
    if not before:
        return Event(at, None, (None, None, None), None, by_counts=True)
    start, followers = before[-1]
    left: list[int | None] = []
    for length in AFTER:
        later = [
            count for moment, count in history if moment > start and at <= moment <= at + length
        ]
        left.append(max(0, followers - later[-1]) if later else None)
    excess = None if left[-1] is None else excess_of(left[-1], followers, None, 0.0)
    return Event(at, followers, (left[0], left[1], left[2]), excess, by_counts=True)


class FollowersDayJson(TypedDict):
    """One day's changes, to within `precision_days`; a jump is more than chance."""

    day: str
    gained: int | None
    lost: int | None
    returned: int | None
    net: int | None
    precision_days: float
    jump: bool


def _day_json(line: DayLine) -> FollowersDayJson:
    return {
        "day": line.day.isoformat(),
        "gained": line.gained,
        "lost": line.lost,
        "returned": line.returned,
        "net": line.net,
        "precision_days": line.precision_days,
        "jump": line.is_jump,
    }


class FollowersEventJson(TypedDict):
    """Who left after a moment, compared with the usual; `by_counts`: known from totals only.

    `clicks` and `engagement` compare what posts got after it with those before; null without posts.
    """

    at: str
    followers: int | None
    left_1d: int | None
    left_7d: int | None
    left_30d: int | None
    usual: float | None
    excess: float | None
    share: float | None
    share_low: float | None
    share_high: float | None
    by_counts: bool
    clicks: CostJson | None
    engagement: CostJson | None


def _event_json(event: Event) -> FollowersEventJson:
    excess = event.excess
    return {
        "at": utc(event.at),
        "followers": event.followers,
        "left_1d": event.left[0],
        "left_7d": event.left[1],
        "left_30d": event.left[2],
        "usual": None if excess is None else rounded(excess.usual, 1),
        "excess": None if excess is None else rounded(excess.excess, 1),
        **share_json(Rate() if excess is None else Rate(excess.share, excess.interval)),
        "by_counts": event.by_counts,
        "clicks": None if event.clicks is None else cost_json(event.clicks),
        "engagement": None if event.engagement is None else cost_json(event.engagement),
    }


class ChurnJson(TypedDict):
    """How many of the new followers soon left again."""

    within_days: int
    gained: int
    left: int
    share: float | None
    share_low: float | None
    share_high: float | None


def _churn_json(line: ChurnLine) -> ChurnJson:
    return {
        "within_days": CHURN.days,
        "gained": line.counts.gained,
        "left": line.counts.left,
        **share_json(Rate(line.share, line.interval)),
    }


class FollowersReportJson(TypedDict):
    """Jumps of the count, followers gained and lost by day, and the cost of events.

    `event` is the first of `events`.
    """

    account: AccountNameJson
    days: list[FollowersDayJson]
    event: FollowersEventJson | None
    events: list[FollowersEventJson]
    churn: ChurnJson | None
    jumps: list[JumpJson]


def followers_json(report: FollowersReport) -> FollowersReportJson:
    """Return the followers report as every door gives it."""
    events = [_event_json(event) for event in report.events]
    return {
        "account": account_json(report.account),
        "days": [_day_json(line) for line in report.days],
        "event": events[0] if events else None,
        "events": events,
        "churn": None if report.churn is None else _churn_json(report.churn),
        "jumps": [jump_json(each) for each in report.jumps],
    }

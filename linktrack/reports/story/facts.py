"""What the chapters of a story are made from: each account's reports, read once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.counts import History, count_histories
from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.clicks.vocabulary import window_number
from linktrack.links.models import Post
from linktrack.reports import queries
from linktrack.reports.comparison import AccountFigures, figures_of
from linktrack.reports.cpf import CpfTotal, cpf_report, cpf_total
from linktrack.reports.engagement.regulars import RegularsReport, regulars_report
from linktrack.reports.engagement.report import EngagementReport, engagement_report
from linktrack.reports.figures.rate import Rate
from linktrack.reports.people.followers import Event, followers_report
from linktrack.reports.people.jump_stories import JumpStory, jump_stories
from linktrack.reports.people.presence import Presence, presence
from linktrack.reports.post_lines import PostLine
from linktrack.reports.rated import rated_posts
from linktrack.reports.story.asking import Asked

MOST_BEST: Final = 3


@dataclass(frozen=True, slots=True)
class Half:
    """One half of the days, and its posts as *Compare accounts* has them."""

    days: DayRange
    figures: AccountFigures


@dataclass(frozen=True, slots=True)
class Fall:
    """The largest fall of the follower count: its place among the jumps, and what it cost."""

    number: int
    story: JumpStory
    event: Event


@dataclass(frozen=True, slots=True)
class Facts:
    """One account of a story that begins with the day `first`.

    `total` and `halves` are of `days`, those whose posts are complete by now (None: there are
    none yet); `so_far` is of all posts.
    """

    account: Account
    first: date
    timezone: ZoneInfo
    history: History
    presence: Presence
    so_far: CpfTotal
    days: DayRange | None
    total: CpfTotal
    halves: tuple[Half, Half] | None
    best: list[PostLine]
    fall: Fall | None
    engagement: EngagementReport | None
    regulars: RegularsReport | None


def first_day(session: Session, asked: Asked) -> date:
    """Return the day the story begins with: the one asked for, else the first that is known of."""
    if asked.first is not None:
        return asked.first
    ids = [account.id for account in asked.told]
    moments = [history[0][0] for history in count_histories(session, ids).values() if history]
    moments += [account.created_at for account in asked.told]
    posted = select(func.min(Post.posted_at)).where(queries.chosen_posts(ids, None, None))
    earliest = min([*moments, *filter(None, [session.scalar(posted)])])
    return earliest.astimezone(asked.timezone).date()


def facts_of(session: Session, account: Account, first: date, asked: Asked) -> Facts:
    """Return what is known of an account since a day."""
    since, days = asked.midnight(first), asked.posting_days(first)
    histories = count_histories(session, [account.id])
    sums = queries.sums_by_post(
        session,
        queries.chosen_posts([account.id], since, None),
        window_number(asked.counting.window),
    )

    def of(days: DayRange) -> list[queries.PostSums]:
        return [post for post in sums if days.since <= post.posted_at < days.end]

    def half(days: DayRange) -> Half:
        rated = rated_posts(of(days), histories, asked.counting)
        return Half(days, figures_of(account, rated, Rate()))

    return Facts(
        account=account,
        first=first,
        timezone=asked.timezone,
        history=histories[account.id],
        presence=presence(
            session, account, period=asked.period, timezone=asked.timezone, now=asked.now
        ),
        so_far=cpf_total(sums, histories, asked.counting),
        days=days,
        total=cpf_total([] if days is None else of(days), histories, asked.counting),
        halves=None if days is None or days.length < 2 else _in_two(days, half),
        best=[] if days is None else _best(session, account, days, asked),
        fall=_fall(session, account, histories[account.id], asked.days(first), asked),
        regulars=None
        if days is None
        else regulars_report(session, account, timezone=asked.timezone, now=asked.now, limit=1),
        engagement=None if days is None else _engagement(session, account, days, asked),
    )


def _in_two(days: DayRange, half: Callable[[DayRange], Half]) -> tuple[Half, Half]:
    middle = days.first + timedelta(days=days.length // 2)
    earlier = DayRange(days.first, middle - timedelta(days=1), days.timezone)
    return half(earlier), half(DayRange(middle, days.last, days.timezone))


def _best(session: Session, account: Account, days: DayRange, asked: Asked) -> list[PostLine]:
    """Return the posts with the highest lower end, of which others are as many at least."""
    report = cpf_report(
        session,
        account,
        window=asked.counting.window,
        since=days.since,
        until=days.end,
        limit=MOST_BEST,
        sort="low",
        now=asked.now,
        by_source=False,
    )
    return [post for post in report.posts if post.unique_clicks][: report.total.posts // 2]


def _engagement(
    session: Session, account: Account, days: DayRange, asked: Asked
) -> EngagementReport:
    return engagement_report(
        session,
        account,
        window=asked.counting.window,
        since=days.since,
        until=days.end,
        limit=1,
        now=asked.now,
    )


def _fall(
    session: Session, account: Account, history: History, days: DayRange, asked: Asked
) -> Fall | None:
    """Return the fall that took the largest part of the followers, with what it cost."""
    stories = [
        each
        for each in jump_stories(history, days.timezone)
        if days.first <= each.jump.until <= days.last
    ]
    falls = [number for number, each in enumerate(stories) if each.jump.net < 0]
    if not falls:
        return None
    number = max(falls, key=lambda each: -stories[each].jump.net / stories[each].jump.before)
    day = DayRange(stories[number].day, stories[number].day, days.timezone)
    report = followers_report(
        session,
        account,
        days.timezone,
        now=asked.now,
        since=days.since,
        until=days.end,
        events=[day.since],
    )
    return Fall(number, stories[number], report.events[0])

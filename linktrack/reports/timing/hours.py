"""When to post: clicks per follower by weekday and hour, pulled toward the average."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.counts import count_histories
from linktrack.audience.models import Account
from linktrack.reports import queries
from linktrack.reports.counting import Counting
from linktrack.reports.figures.rate import Rate, RateJson, rate_json
from linktrack.reports.figures.statistics.comparisons import kruskal_wallis
from linktrack.reports.figures.statistics.shrinkage import shrink
from linktrack.reports.figures.words import WEEKDAYS, per_thousand
from linktrack.reports.rated import RatedPost, rated_people

FEWEST_POSTS: Final = 30
FEWEST_IN_SLOT: Final = 5
"""Posts at a weekday or hour under which it is not named as the best."""

DOUBT: Final = 0.025
"""Weekdays and hours are two questions: half of the 5 % of false alarms for each."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A weekday or an hour: its posts, and their rate pulled toward the mean of all."""

    name: str
    posts: int
    cpf: Rate


@dataclass(frozen=True, slots=True)
class Slots:
    """All weekdays or hours; where they clearly `differ`, the `best` if clearly above the mean."""

    slots: list[Slot]
    differ: bool
    best: Slot | None


@dataclass(frozen=True, slots=True)
class HoursReport:
    """When an account's posts did well, in the owner's time zone; or why that is not known."""

    account: Account
    window: str
    timezone: str
    posts: int
    cpf: Rate
    weekdays: Slots
    hours: Slots
    refused: str | None

    @property
    def sentence(self) -> str:
        """What is known, in words."""
        if self.refused is not None:
            return self.refused
        told = [_sentence("on", "weekday", self.weekdays, self.cpf)]
        told.append(_sentence("at", "hour", self.hours, self.cpf))
        return " ".join(told)


def hours_report(
    session: Session,
    account: Account,
    *,
    window: str,
    timezone: ZoneInfo,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
) -> HoursReport:
    """Return clicks per follower by weekday and hour of posting, of complete posts."""
    chosen = queries.chosen_posts([account.id], since, until)
    histories = count_histories(session, [account.id])
    rated = rated_people(session, chosen, histories, Counting(window, now))
    posts = [post for post in rated if post.is_pooled and post.followers]
    local = [post.posted_at.astimezone(timezone) for post in posts]
    weekdays = _slots(WEEKDAYS, [at.weekday() for at in local], posts)
    hours = _slots([f"{hour:02}:00" for hour in range(24)], [at.hour for at in local], posts)
    pairs = [(post.people, post.followers or 0) for post in posts]
    refused = None
    if len(posts) < FEWEST_POSTS:
        refused = (
            f"Not enough posts yet: it takes {FEWEST_POSTS} that have been counted to the end and "
            f"have a follower count; {account.handle} has {len(posts) or 'none'}."
        )
    elif not any(people for people, _ in pairs):
        refused = f"Nobody clicked any of the {len(posts):,} posts."
    return HoursReport(
        account=account,
        window=window,
        timezone=timezone.key,
        posts=len(posts),
        cpf=Rate.over(pairs),
        weekdays=weekdays,
        hours=hours,
        refused=refused,
    )


def _slots(names: Sequence[str], places: Sequence[int], posts: Sequence[RatedPost]) -> Slots:
    groups: list[list[tuple[int, int]]] = [[] for _ in names]
    for slot, post in zip(places, posts, strict=True):
        groups[slot].append((post.people, post.followers or 0))
    return slots_of(names, groups)


def slots_of(names: Sequence[str], groups: Sequence[Sequence[tuple[int, int]]]) -> Slots:
    """Judge groups of posts of (people who clicked, followers above 0)."""
    shrunk = shrink(groups) if sum(map(len, groups)) >= FEWEST_POSTS else None
    slots = []
    for i, name in enumerate(names):
        found = None if shrunk is None else shrunk.groups[i]
        rate = Rate() if found is None else Rate(found.value, found.interval)
        slots.append(Slot(name, len(groups[i]), rate))
    if shrunk is None:
        return Slots(slots, False, None)
    doubt = kruskal_wallis([[people / count for people, count in group] for group in groups])
    differ = doubt <= DOUBT
    sure = [
        slot
        for slot in slots
        if slot.posts >= FEWEST_IN_SLOT
        and slot.cpf.interval is not None
        and slot.cpf.interval.low > shrunk.mean
    ]
    best = max(sure, key=lambda slot: slot.cpf.value or 0.0) if sure and differ else None
    return Slots(slots, differ, best)


def _sentence(word: str, kind: str, slots: Slots, cpf: Rate) -> str:
    """Say which weekday or hour does better; `best` is known to beat the mean, not the next one."""
    best = slots.best
    if best is not None:
        return (
            f"Posts {word} {best.name}{'s' if kind == 'weekday' else ''} clearly do better than "
            f"average: {per_thousand(best.cpf)} clicks per 1,000 followers, compared with "
            f"{per_thousand(cpf)} overall."
        )
    if slots.differ:
        return f"The {kind}s clearly differ, but no single one is clearly above average."
    return f"No {kind} clearly beats the others."


class SlotJson(RateJson):
    """The posts of one weekday or hour."""

    name: str
    posts: int


def _slot_json(slot: Slot) -> SlotJson:
    return {"name": slot.name, "posts": slot.posts, **rate_json(slot.cpf)}


class HoursReportJson(RateJson):
    """Clicks per follower by weekday and hour of posting, in `timezone`."""

    account: AccountNameJson
    window: str
    timezone: str
    posts: int
    refused: str | None
    best_weekday: str | None
    best_hour: str | None
    weekdays_differ: bool
    hours_differ: bool
    sentence: str
    weekdays: list[SlotJson]
    hours: list[SlotJson]


def hours_json(report: HoursReport) -> HoursReportJson:
    """Return the report as every door gives it."""
    weekday, hour = report.weekdays.best, report.hours.best
    return {
        "account": account_json(report.account),
        "window": report.window,
        "timezone": report.timezone,
        "posts": report.posts,
        **rate_json(report.cpf),
        "refused": report.refused,
        "best_weekday": None if weekday is None else weekday.name,
        "best_hour": None if hour is None else hour.name,
        "weekdays_differ": report.weekdays.differ,
        "hours_differ": report.hours.differ,
        "sentence": report.sentence,
        "weekdays": [_slot_json(slot) for slot in report.weekdays.slots],
        "hours": [_slot_json(slot) for slot in report.hours.slots],
    }

"""How long links and posts live: half-lives after bitly's definition, and when it is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypedDict

from sqlalchemy import and_
from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.models import Account
from linktrack.calendar.times import utc
from linktrack.errors import NotFound
from linktrack.ids import PostId
from linktrack.links.catalog import get_link
from linktrack.links.codes import Codes
from linktrack.links.models import Link, Post
from linktrack.reports.counting import Counting, has_all_clicks
from linktrack.reports.figures.statistics.half_life import (
    DAY,
    FEWEST_CLICKS,
    Lifetime,
    Middle,
    half_life,
    is_alive,
    middle,
    time_to,
)
from linktrack.reports.figures.words import counted, duration, durations
from linktrack.reports.links.listed import clicks_of_links
from linktrack.reports.queries import chosen_posts
from linktrack.reports.timing.life_queries import (
    ClickedPost,
    clicked_posts,
    count_clicked_posts,
    spans_of_link,
)

MOST_POSTS: Final = 500
"""Posts of an account whose lives are looked at, newest first."""

MOST_CLICKS: Final = 100_000
"""Clicks of one link that are read for its half-life."""

WINDOW: Final = "7d"
"""Clicks are kept by the hour for so long: posts that are complete by it have lives to tell of."""

YOUNG: Final = timedelta(days=14)
"""A post or link younger than this is not over."""

NEARLY_ALL: Final = 0.9
FEWEST_POSTS: Final = 5
_HOUR: Final = 3600.0
_SPAN: Final = 600  # seconds: bitly's curves were drawn by ten minutes


@dataclass(frozen=True, slots=True)
class PostLife:
    """One post's lives: `half` after its peak, `whole` until nine tenths of its clicks had come."""

    post_id: PostId
    posted_at: datetime
    clicks: int
    half: Lifetime
    whole: Lifetime


@dataclass(frozen=True, slots=True)
class LifetimesReport:
    """Half-lives of an account's posts with 20 clicks or more, newest first.

    `half` and `whole` are the middle ones, with those that are not over counted as at least so
    long. `skipped` posts with enough clicks are older than the newest 500.
    """

    account: Account
    posts: list[PostLife]
    skipped: int
    half: Middle | None
    whole: Middle | None
    refused: str | None

    @property
    def sentence(self) -> str:
        """What is known, in words."""
        if self.half is None:
            return self.refused or ""
        told = (
            f"Half of the clicks that follow a post's busiest hour arrive within "
            f"{duration(self.half.seconds)} of it ({_likely(self.half)}median of "
            f"{counted(len(self.posts), 'post')})."
        )
        if self.whole is None:
            return told
        likely = _likely(self.whole).removesuffix("; ")
        return (
            f"{told} 90% of all clicks arrive within {duration(self.whole.seconds)} of the first"
            f"{f' ({likely})' if likely else ''}."
        )


@dataclass(frozen=True, slots=True)
class LinkLife:
    """One link's half-life after its peak, and the time from its first click to half of all."""

    code: str
    clicks: int
    half: Lifetime | None
    since_first: Lifetime | None
    refused: str | None

    @property
    def sentence(self) -> str:
        """What is known, in words."""
        if self.half is None or self.since_first is None:
            return self.refused or ""
        return (
            f"Half-life: {_in_words(self.half)} after its busiest ten minutes. Half of all clicks "
            f"arrived within {_in_words(self.since_first)} of the first."
        )


def lifetimes_report(
    session: Session,
    account: Account,
    *,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
) -> LifetimesReport:
    """Return the half-lives of the posts in [since, until) that are complete at `WINDOW`."""
    chosen = and_(chosen_posts([account.id], since, until), Counting(WINDOW, now).pooled_posts())
    clicked = clicked_posts(session, [account.id], chosen, FEWEST_CLICKS, MOST_POSTS)
    skipped = count_clicked_posts(session, chosen, FEWEST_CLICKS) - len(clicked)
    lives = lives_of(clicked, now)
    refused = None
    half = middle([life.half for life in lives]) if len(lives) >= FEWEST_POSTS else None
    whole = middle([life.whole for life in lives]) if half else None
    if len(lives) < FEWEST_POSTS:
        refused = (
            f"A half-life needs {FEWEST_POSTS} posts with {FEWEST_CLICKS} clicks or more; "
            f"{account.handle} has {len(lives) or 'none'}."
        )
    elif half is None:
        refused = f"Most posts of {account.handle} are still being clicked; wait for their end."
    return LifetimesReport(
        account=account, posts=lives, skipped=skipped, half=half, whole=whole, refused=refused
    )


def lives_of(posts: Sequence[ClickedPost], now: datetime) -> list[PostLife]:
    """Return the lives of these posts, from their clicks by the hour."""
    found = []
    for post in posts:
        age = int((now - post.posted_at) / timedelta(hours=1)) + 1
        by_hour = post.by_hour[: max(1, age)]
        later = max(0, post.clicks - sum(by_hour))
        is_over = now - post.posted_at >= YOUNG
        half = half_life(by_hour, _HOUR, later, is_over)
        whole = time_to(NEARLY_ALL, by_hour, _HOUR, later, is_over)
        if half is not None and whole is not None:
            found.append(PostLife(post.post_id, post.posted_at, post.clicks, half, whole))
    return found


def life_of_code(
    session: Session, codes: Codes, account: Account, code: str, now: datetime
) -> LinkLife:
    """Return the life of an account's link; raises `NotFound` for another account's."""
    link = get_link(session, codes, code)
    if link.account_id != account.id:
        raise NotFound(f"{account.handle} has no link with the code {code[:80]!r}.")
    return link_life(session, link, now)


def link_life(session: Session, link: Link, now: datetime) -> LinkLife:
    """Return one link's half-life, from its clicks by ten minutes."""
    clicks = clicks_of_links(session, [link.id]).get(link.id, (0, 0, 0))[0]
    code = link.code or ""
    post = None if link.post_id is None else session.get(Post, link.post_id)
    posted_at = None if post is None else post.posted_at
    if post is not None and posted_at and not has_all_clicks(posted_at, post.measured_from):
        refused = "A half-life needs all clicks; those before this link's import are not known."
        return LinkLife(code, clicks, None, None, refused)
    if clicks < FEWEST_CLICKS:
        refused = f"Half-life: not enough clicks yet ({clicks:,} of {FEWEST_CLICKS})."
        return LinkLife(code, clicks, None, None, refused)
    if clicks > MOST_CLICKS:
        refused = (
            f"This link has more than {MOST_CLICKS:,} clicks, too many to look at one by one: "
            "its post is among the half-lives of its account."
        )
        return LinkLife(code, clicks, None, None, refused)
    spans = spans_of_link(session, link.id, _SPAN * 1000)
    first = spans[0][0]
    by_span = [0] * (spans[-1][0] - first + 1)
    for number, count in spans:
        by_span[number - first] = count
    age, quiet = (now.timestamp() - span * _SPAN for span in (first, spans[-1][0]))
    is_over = age >= YOUNG.total_seconds() and (quiet >= DAY or not is_alive(by_span, _SPAN))
    return LinkLife(
        code,
        clicks,
        half_life(by_span, _SPAN, 0, is_over),
        time_to(0.5, by_span, _SPAN, 0, is_over),
        None,
    )


def at_least(life: Lifetime) -> str:
    """Return a lifetime in words: 70 minutes, or ≥ 5 hours where it is not over."""
    return duration(life.seconds) if life.is_over else f"≥ {duration(life.seconds)}"


def _in_words(life: Lifetime) -> str:
    return duration(life.seconds) if life.is_over else f"at least {duration(life.seconds)}"


def _likely(life: Middle) -> str:
    if life.low is None:
        return ""
    if life.high is None:
        return f"likely {duration(life.low)} or more; "
    return f"likely {durations(life.low, life.high)}; "


class PostLifeJson(TypedDict):
    """Seconds until half and 90% of a post's clicks; `_over`: it is nearly final."""

    id: int
    posted_at: str
    clicks: int
    half_life: int
    half_life_over: bool
    nine_tenths: int
    nine_tenths_over: bool


def _life_json(post: PostLife) -> PostLifeJson:
    return {
        "id": post.post_id,
        "posted_at": utc(post.posted_at),
        "clicks": post.clicks,
        "half_life": round(post.half.seconds),
        "half_life_over": post.half.is_over,
        "nine_tenths": round(post.whole.seconds),
        "nine_tenths_over": post.whole.is_over,
    }


class LifetimesReportJson(TypedDict):
    """How long an account's posts keep getting clicks, in seconds: the median post."""

    account: AccountNameJson
    posts: int
    posts_over: int
    posts_skipped: int
    half_life: int | None
    half_life_low: int | None
    half_life_high: int | None
    nine_tenths: int | None
    nine_tenths_low: int | None
    nine_tenths_high: int | None
    refused: str | None
    sentence: str
    lives: list[PostLifeJson]


def lifetimes_json(report: LifetimesReport) -> LifetimesReportJson:
    """Return the report as every door gives it; times are seconds."""
    half, half_low, half_high = _seconds(report.half)
    whole, whole_low, whole_high = _seconds(report.whole)
    return {
        "account": account_json(report.account),
        "posts": len(report.posts),
        "posts_over": sum(post.half.is_over for post in report.posts),
        "posts_skipped": report.skipped,
        "half_life": half,
        "half_life_low": half_low,
        "half_life_high": half_high,
        "nine_tenths": whole,
        "nine_tenths_low": whole_low,
        "nine_tenths_high": whole_high,
        "refused": report.refused,
        "sentence": report.sentence,
        "lives": [_life_json(post) for post in report.posts],
    }


def _seconds(life: Middle | None) -> tuple[int | None, int | None, int | None]:
    """Return a middle lifetime with its ends in whole seconds; an end may be open."""
    if life is None:
        return None, None, None
    low, high = (None if end is None else round(end) for end in (life.low, life.high))
    return round(life.seconds), low, high


class LinkLifeJson(TypedDict):
    """How long a link gets clicks, in seconds, after its peak and since its first click."""

    code: str
    clicks: int
    half_life: int | None
    half_life_over: bool | None
    half_since_first: int | None
    refused: str | None
    sentence: str


def link_life_json(life: LinkLife) -> LinkLifeJson:
    """Return a link's life as every door gives it; times are seconds."""
    half, since_first = life.half, life.since_first
    return {
        "code": life.code,
        "clicks": life.clicks,
        "half_life": None if half is None else round(half.seconds),
        "half_life_over": None if half is None else half.is_over,
        "half_since_first": None if since_first is None else round(since_first.seconds),
        "refused": life.refused,
        "sentence": life.sentence,
    }

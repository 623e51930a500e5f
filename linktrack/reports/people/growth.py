"""Hollow growth: whether clicks grow as fast as followers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypedDict

from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.counts import count_histories
from linktrack.audience.models import Account
from linktrack.reports import queries
from linktrack.reports.counting import Counting
from linktrack.reports.figures.rate import Written, written
from linktrack.reports.figures.statistics.trends import Slope, theil_sen
from linktrack.reports.figures.words import counted
from linktrack.reports.rated import rated_people

FEWEST: Final = 10
LEAST_GROWTH: Final = 1.2
"""Largest over smallest follower count under which no trend can be told."""

MOST_WITHOUT: Final = 0.2
"""Share of posts nobody clicked above which half a person for each would make the trend."""

STEP: Final = "10% more followers"
"""The step a slope is put in words for: less than the range of counts, `LEAST_GROWTH` or more."""

Verdict = Literal["hollow", "can't tell", "denser"]


@dataclass(frozen=True, slots=True)
class Growth:
    """The slope of log people who clicked on log followers over posts; or why there is none.

    1: as many of the followers click as before; 0: growth brings no clicks at all. Half a person
    is added to every post, so that those nobody clicked are counted and not left out.
    """

    posts: int
    without_clicks: int
    followers: tuple[int, int] | None
    slope: Slope | None
    refused: str | None

    @property
    def verdict(self) -> Verdict | None:
        """Whether clicks clearly lag behind followers, clearly outgrow them, or neither."""
        if self.slope is None:
            return None
        bounds = self.slope.interval
        return "hollow" if bounds.high < 1 else "denser" if bounds.low > 1 else "can't tell"


def growth_of(posts: Sequence[tuple[int, int]]) -> Growth:
    """Judge posts of (followers, people who clicked) in order of time; followers are never 0."""
    without = sum(1 for _, people in posts if not people)
    followers = [count for count, _ in posts]
    bounds = (min(followers), max(followers)) if followers else None
    refused = None
    if len(posts) < FEWEST or bounds is None:
        refused = (
            f"A trend needs {FEWEST} posts that have been counted to the end and have a follower "
            f"count; here {'is' if len(posts) < 2 else 'are'} {len(posts) or 'none'}."
        )
    elif bounds[1] < LEAST_GROWTH * bounds[0]:
        refused = (
            f"The number of followers hardly changed ({bounds[0]:,} to {bounds[1]:,}), so we "
            f"can't say what growth brings."
        )
    elif without > MOST_WITHOUT * len(posts):
        refused = f"Nobody clicked {without:,} of {len(posts):,} posts: too many to tell a trend."
    slope = None
    if refused is None:
        slope = theil_sen([(math.log(n), math.log(people + 0.5)) for n, people in posts])
        if slope is None:
            refused = "The posts differ too little to tell a trend."
    return Growth(len(posts), without, bounds, slope, refused)


@dataclass(frozen=True, slots=True)
class GrowthReport:
    """The growth of one account."""

    account: Account
    window: str
    growth: Growth

    @property
    def sentence(self) -> str:
        """What is known, in words."""
        growth = self.growth
        if growth.slope is None:
            return growth.refused or ""
        bounds = growth.slope.interval
        fewest, most = growth.followers or (0, 0)
        factor, step = (2.0, "Twice the followers") if most >= 2 * fewest else (1.1, STEP)
        value, low, high = (
            factor**each - 1 for each in (growth.slope.value, bounds.low, bounds.high)
        )
        meaning = {
            "hollow": "Clicks clearly change less than followers do: those who come or go click "
            "less than average.",
            "denser": "Clicks clearly change more than followers do.",
            "can't tell": "Too early to say whether clicks keep up.",
        }[growth.verdict or "can't tell"]
        return (
            f"{step} went with {_more(value)} people clicking a post (likely "
            f"{_between(low, high)}; {counted(growth.posts, 'post')}, {fewest:,} to {most:,} "
            f"followers). {meaning}"
        )


def _more(change: float) -> str:
    """Return a relative change in words: 12% more, 4% fewer; as many where it rounds to none."""
    told = round(abs(change) * 100)
    if not told:
        return "as many"
    return f"{told:,}% {'more' if change > 0 else 'fewer'}"


def _between(low: float, high: float) -> str:
    """Return a range of changes: 5% to 20% more, 3% fewer to 8% more."""
    first, last = _more(low), _more(high)
    for word in (" more", " fewer"):
        if first.endswith(word) and last.endswith(word):
            first = first.removesuffix(word)
    return f"{first} to {last}"


def growth_report(
    session: Session,
    account: Account,
    *,
    window: str,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
) -> GrowthReport:
    """Return the trend over the complete posts in [since, until)."""
    chosen = queries.chosen_posts([account.id], since, until)
    histories = count_histories(session, [account.id])
    rated = rated_people(session, chosen, histories, Counting(window, now))
    posts = [
        (post.followers, post.people)
        for post in sorted(rated, key=lambda post: post.posted_at)
        if post.is_pooled and post.followers
    ]
    return GrowthReport(account, window, growth_of(posts))


class GrowthReportJson(TypedDict):
    """Whether clicks grow as fast as followers: a slope of 1 means they do, 0 is hollow growth."""

    account: AccountNameJson
    window: str
    posts: int
    posts_without_clicks: int
    followers_low: int | None
    followers_high: int | None
    slope: float | None
    slope_low: float | None
    slope_high: float | None
    verdict: Verdict | None
    refused: str | None
    sentence: str


def growth_json(report: GrowthReport) -> GrowthReportJson:
    """Return the report as every door gives it; the slope to four decimals."""
    growth, found = report.growth, report.growth.slope
    least, most = growth.followers or (None, None)
    slope = Written(None, None, None) if found is None else written(found.value, found.interval, 4)
    return {
        "account": account_json(report.account),
        "window": report.window,
        "posts": growth.posts,
        "posts_without_clicks": growth.without_clicks,
        "followers_low": least,
        "followers_high": most,
        "slope": slope.value,
        "slope_low": slope.low,
        "slope_high": slope.high,
        "verdict": growth.verdict,
        "refused": growth.refused,
        "sentence": report.sentence,
    }

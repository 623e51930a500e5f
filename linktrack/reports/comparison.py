"""Accounts side by side over one period: figures, differences, and whether they are sure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import Final, Literal, TypeAlias, TypedDict

from sqlalchemy import and_
from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.counts import count_histories
from linktrack.audience.models import Account
from linktrack.clicks.vocabulary import window_number
from linktrack.reports import queries
from linktrack.reports.counting import Counting
from linktrack.reports.engagement.pairs import engaged_pairs
from linktrack.reports.figures.rate import Rate, RateJson, rate_json
from linktrack.reports.figures.statistics.comparisons import difference
from linktrack.reports.figures.statistics.experiments import Pair, is_clear
from linktrack.reports.figures.statistics.half_life import FEWEST_CLICKS, middle
from linktrack.reports.figures.statistics.rates import Interval, wilson
from linktrack.reports.figures.words import about, duration, durations, percent, thousandths
from linktrack.reports.rated import RatedPost, people_and_followers
from linktrack.reports.timing.life_queries import ClickedPost, clicked_posts
from linktrack.reports.timing.lifetimes import FEWEST_POSTS, MOST_POSTS, WINDOW, lives_of

MOST_SIDE_BY_SIDE: Final = 5
"""Accounts of which every pair is compared; of more, each with the first."""

Figure: TypeAlias = Literal["cpf", "engagement", "people_per_post", "never_clicked", "half_life"]
FIGURES: Final[tuple[Figure, ...]] = (
    "cpf",
    "engagement",
    "people_per_post",
    "never_clicked",
    "half_life",
)


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """One account's complete posts of the period; others are counted apart.

    `cpf`: over its posts with a follower count. `people_per_post`, `never_clicked` (a share):
    over all of them. `half_life`: seconds, the median of its posts with 20 clicks or more.
    `engagement`: likes, reposts, replies and quotes per follower of its complete posts with or
    without links, as far as they were read; `engagement_posts` have a follower count. `pairs`,
    `people` and `engaged` are what rates were counted from: each post's figure and followers, or 1.
    """

    account: Account
    posts: int
    posts_without_count: int
    posts_unmeasured: int
    unfinished: int
    cpf: Rate
    people_per_post: Rate
    never_clicked: Rate
    half_life: Rate
    pairs: Sequence[Pair] = ()
    people: Sequence[Pair] = ()
    engaged: Sequence[Pair] = ()
    engagement: Rate = field(default_factory=Rate)

    @property
    def engagement_posts(self) -> int:
        """Of how many posts it is."""
        return len(self.engaged)

    def rate(self, figure: str) -> Rate:
        """Return one of `FIGURES`."""
        return {
            "cpf": self.cpf,
            "engagement": self.engagement,
            "people_per_post": self.people_per_post,
            "never_clicked": self.never_clicked,
            "half_life": self.half_life,
        }[figure]


@dataclass(frozen=True, slots=True)
class Difference:
    """First account's figure minus the second's, with its 95 % interval.

    `is_sure`: the interval leaves no doubt which is larger, and neither do shuffled posts.
    """

    figure: Figure
    first: Account
    second: Account
    value: float
    interval: Interval
    is_sure: bool

    @property
    def sentence(self) -> str:
        """What the difference says, in words."""
        first, second = self.first.handle, self.second.handle
        if not self.is_sure:
            return f"{_TOPIC[self.figure]}: we can't tell {first} and {second} apart yet."
        more, less = (first, second) if self.value > 0 else (second, first)
        low, high = sorted((abs(self.interval.low), abs(self.interval.high)))
        told, ends = (
            _in_words(self.figure, abs(self.value)),
            f"likely {_range(self.figure, low, high)}",
        )
        if self.figure == "never_clicked":  # told of 100 posts
            told, ends = told.removesuffix("%"), ends.replace("%", "")
        return _SENTENCE[self.figure].format(more=more, less=less, told=told, ends=ends)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All accounts in the order asked for, and the differences that can be told."""

    window: str
    accounts: list[AccountFigures]
    differences: list[Difference]
    figures: tuple[Figure, ...] = FIGURES


_TOPIC: Final = {
    "cpf": "Clicks per follower",
    "engagement": "Likes, reposts, replies and quotes per follower",
    "people_per_post": "People who click a post",
    "never_clicked": "Posts nobody clicked",
    "half_life": "Half-life",
}
_SENTENCE: Final = {
    "cpf": "{more} gets {told} more clicks per 1,000 followers than {less} ({ends}).",
    "engagement": "{more} gets {told} more likes, reposts, replies and quotes per 1,000 followers "
    "than {less} ({ends}).",
    "people_per_post": "On average, {told} more people click a post by {more} than one by {less} "
    "({ends}).",
    "never_clicked": "Out of 100 posts, {more} has {told} more that nobody clicks than {less} "
    "({ends}).",
    "half_life": "The median half-life of posts by {more} is {told} longer than that of posts by "
    "{less} ({ends}).",
}


def compare(
    session: Session,
    accounts: Sequence[Account],
    *,
    window: str,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Comparison:
    """Return these accounts side by side, by their posts posted in [since, until)."""
    number = window_number(window)
    ids = [account.id for account in accounts]
    chosen = queries.chosen_posts(ids, since, until)
    histories = count_histories(session, ids)
    counting = Counting(window, now)
    pooled = and_(chosen, counting.pooled_posts())
    clicked_by = people_and_followers(session, pooled, histories, number)
    apart = {
        (each.account_id, each.is_measured): each.posts
        for each in queries.posts_set_apart(session, chosen, counting)
    }
    whole = and_(chosen, Counting(WINDOW, now).pooled_posts())
    clicked = clicked_posts(session, ids, whole, FEWEST_CLICKS, MOST_POSTS)
    engaged = engaged_pairs(session, histories, number, since, until)
    figures = [
        _figures(
            account,
            clicked_by.get(account.id, []),
            _half_life([post for post in clicked if post.account_id == account.id], now),
            engaged.get(account.id, ()),
            unmeasured=apart.get((account.id, False), 0),
            unfinished=apart.get((account.id, True), 0),
        )
        for account in accounts
    ]
    pairs = list(combinations(figures, 2))
    if len(figures) > MOST_SIDE_BY_SIDE:
        pairs = [(figures[0], other) for other in figures[1:]]
    return Comparison(window, figures, differences(pairs))


def _half_life(posts: Sequence[ClickedPost], now: datetime) -> Rate:
    """Return the middle half-life in seconds; unknown under 5 posts."""
    lives = lives_of(posts, now)
    half = middle([life.half for life in lives]) if len(lives) >= FEWEST_POSTS else None
    if half is None:
        return Rate()
    known = half.low is not None and half.high is not None
    return Rate(half.seconds, Interval(half.low or 0.0, half.high or 0.0) if known else None)


def figures_of(account: Account, posts: Sequence[RatedPost], half_life: Rate) -> AccountFigures:
    """Return an account's figures, of its complete posts alone."""
    return _figures(
        account,
        [(post.people, post.followers) for post in posts if post.is_pooled],
        half_life,
        unmeasured=sum(post.state == "unmeasured" for post in posts),
        unfinished=sum(post.state == "counting" for post in posts),
    )


def _figures(
    account: Account,
    final: Sequence[tuple[int, int | None]],
    half_life: Rate,
    engaged: Sequence[Pair] = (),
    *,
    unmeasured: int,
    unfinished: int,
) -> AccountFigures:
    """Return the figures of complete posts of (people, followers at the time)."""
    known = [(clicked, followers) for clicked, followers in final if followers]
    people = [(clicked, 1) for clicked, _ in final]
    never = people.count((0, 1))
    return AccountFigures(
        account=account,
        posts=len(final),
        posts_without_count=len(final) - len(known),
        posts_unmeasured=unmeasured,
        unfinished=unfinished,
        cpf=Rate.over(known),
        people_per_post=Rate.over(people),
        never_clicked=Rate(never / len(final), wilson(never, len(final))) if final else Rate(),
        half_life=half_life,
        pairs=known,
        people=people,
        engaged=engaged,
        engagement=Rate.over(engaged),
    )


def differences(pairs: Sequence[tuple[AccountFigures, AccountFigures]]) -> list[Difference]:
    """Return the differences of every figure that both accounts of a pair have an interval of."""
    found = []
    for figure in FIGURES:
        for first, second in pairs:
            a, b = first.rate(figure), second.rate(figure)
            if a.value is None or b.value is None or a.interval is None or b.interval is None:
                continue
            interval = difference(a.value, a.interval, b.value, b.interval)
            found.append(
                Difference(
                    figure=figure,
                    first=first.account,
                    second=second.account,
                    value=a.value - b.value,
                    interval=interval,
                    is_sure=_is_sure(figure, first, second, interval),
                )
            )
    return found


def _is_sure(
    figure: Figure, first: AccountFigures, second: AccountFigures, interval: Interval
) -> bool:
    if interval.low <= 0 <= interval.high:
        return False
    if figure == "cpf":
        return is_clear(first.pairs, second.pairs)
    if figure == "people_per_post":
        return is_clear(first.people, second.people)
    if figure == "engagement":
        return is_clear(first.engaged, second.engaged)
    return True


def figure_in_words(figure: str, rate: Rate) -> str:
    """Return a figure with its interval, as in "1.52 (1.09 to 2.12)"."""
    ends = figure_range(figure, rate)
    return f"{figure_value(figure, rate)} ({ends})" if ends else figure_value(figure, rate)


def figure_value(figure: str, rate: Rate) -> str:
    """Return a figure without its interval."""
    return "unknown" if rate.value is None else _in_words(figure, rate.value)


def figure_range(figure: str, rate: Rate) -> str:
    """Return the interval of a figure, or nothing."""
    return "" if rate.interval is None else _range(figure, rate.interval.low, rate.interval.high)


def _range(figure: str, low: float, high: float) -> str:
    if figure == "half_life":
        return durations(low, high)
    return f"{_in_words(figure, low)} to {_in_words(figure, high)}"


def _in_words(figure: str, value: float) -> str:
    if figure in ("cpf", "engagement"):
        return thousandths(value)
    if figure == "never_clicked":
        return percent(value)
    if figure == "half_life":
        return duration(value)
    return f"{value:.2g}" if value < 100 else about(value)


class ComparedAccountJson(RateJson):
    """One account's figures; `half_life` is in seconds, `never_clicked` a share of posts."""

    account: AccountNameJson
    posts: int
    posts_without_count: int
    posts_unmeasured: int
    posts_still_counted: int
    engagement_posts: int
    engagement: float | None
    engagement_low: float | None
    engagement_high: float | None
    people_per_post: float | None
    people_per_post_low: float | None
    people_per_post_high: float | None
    never_clicked: float | None
    never_clicked_low: float | None
    never_clicked_high: float | None
    half_life: float | None
    half_life_low: float | None
    half_life_high: float | None


def _figures_json(figures: AccountFigures) -> ComparedAccountJson:
    engagement, people, never, half = (
        figures.engagement.written,
        figures.people_per_post.written,
        figures.never_clicked.written,
        figures.half_life.written,
    )
    return {
        "account": account_json(figures.account),
        "posts": figures.posts,
        "posts_without_count": figures.posts_without_count,
        "posts_unmeasured": figures.posts_unmeasured,
        "posts_still_counted": figures.unfinished,
        **rate_json(figures.cpf),
        "engagement_posts": figures.engagement_posts,
        "engagement": engagement.value,
        "engagement_low": engagement.low,
        "engagement_high": engagement.high,
        "people_per_post": people.value,
        "people_per_post_low": people.low,
        "people_per_post_high": people.high,
        "never_clicked": never.value,
        "never_clicked_low": never.low,
        "never_clicked_high": never.high,
        "half_life": half.value,
        "half_life_low": half.low,
        "half_life_high": half.high,
    }


class ComparedFigureJson(TypedDict):
    """How two accounts differ in one figure (first minus second), and if that is clear."""

    figure: Figure
    first: str
    second: str
    difference: float
    low: float
    high: float
    sure: bool
    sentence: str


def _difference_json(found: Difference) -> ComparedFigureJson:
    return {
        "figure": found.figure,
        "first": found.first.handle,
        "second": found.second.handle,
        "difference": round(found.value, 6),
        "low": round(found.interval.low, 6),
        "high": round(found.interval.high, 6),
        "sure": found.is_sure,
        "sentence": found.sentence,
    }


class ComparisonJson(TypedDict):
    """Several accounts compared."""

    window: str
    accounts: list[ComparedAccountJson]
    differences: list[ComparedFigureJson]


def comparison_json(found: Comparison) -> ComparisonJson:
    """Return the comparison as every door gives it; shares are fractions, times seconds."""
    return {
        "window": found.window,
        "accounts": [_figures_json(figures) for figures in found.accounts],
        "differences": [_difference_json(each) for each in found.differences],
    }

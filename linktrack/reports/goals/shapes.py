"""The report of goals as every door gives it, and what it says in sentences."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.calendar.times import utc
from linktrack.ids import LinkId
from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.words import counted, per_thousand, percent
from linktrack.reports.goals.reached import Sums
from linktrack.reports.goals.report import GoalFigures, GoalsReport

NO_GOALS = (
    "You have no goals yet. Add one, such as sign-up: then you'll see here what clicks on links to "
    "your own sites become."
)
NO_IDS = (
    "No click in these days carried a click id. Turn click ids on for one of your own sites, and "
    "link to it."
)


class SumsJson(TypedDict):
    """Clicks that carried an id, those that reached the goal, and their rate with its interval.

    `value` is in the smallest unit of the goal's currency; null where it has none.
    """

    clicks: int
    reached: int
    value: int | None
    per_click: float | None
    per_click_low: float | None
    per_click_high: float | None


class GoalSegmentJson(SumsJson):
    """The same of a segment; null: we can't tell who."""

    segment: str | None


class GoalMonthJson(SumsJson):
    """The same of posts posted in a month, by its first day."""

    month: str


class GoalPostJson(SumsJson):
    """The same of a post; so far, where it isn't complete."""

    post: int
    posted_at: str
    complete: bool
    followers: int | None


class GoalLinkJson(SumsJson):
    """The same of a link without a post."""

    code: str


class GoalFiguresJson(SumsJson):
    """One goal on complete posts; posts that are still counting are in no rate.

    `per_follower` is of the posts that have a follower count; its `followers` are added up.
    """

    goal: str
    days: int
    currency: str | None
    posts: int
    posts_without_count: int
    followers: int
    per_follower: float | None
    per_follower_low: float | None
    per_follower_high: float | None
    posts_still_counting: int
    clicks_still_counting: int
    reached_still_counting: int
    segments: list[GoalSegmentJson]
    months: list[GoalMonthJson]
    by_post: list[GoalPostJson]
    links: list[GoalLinkJson]
    sentences: Sequence[str]


class GoalsReportJson(TypedDict):
    """What an account's clicks on links to your own sites became."""

    account: AccountNameJson
    window: str
    clicks: int
    posts_unmeasured: int
    goals: list[GoalFiguresJson]
    sentences: Sequence[str]


def sentences_of(figures: GoalFigures) -> list[str]:
    """Say what a goal's figures are, in sentences."""
    goal, total = figures.goal, figures.total
    said = []
    if figures.posts:
        among = counted(total.clicks, "click")
        rate = figures.per_click
        how = "" if rate.value is None else f", {percent(rate.value, rate.interval)}"
        said.append(
            f"Of {among} on {counted(figures.posts, 'complete post')}, {total.reached:,} reached "
            f"{goal.name} within {counted(goal.days, 'day')}{how}."
        )
    if figures.per_follower.value is not None:
        said.append(f"That is {per_thousand(figures.per_follower)} for every 1,000 followers.")
    if figures.posts_still:
        are = "is" if figures.posts_still == 1 else "are"
        said.append(
            f"{counted(figures.posts_still, 'post')} {are} still counting: so far "
            f"{figures.still.reached:,} of {counted(figures.still.clicks, 'click')} reached it. "
            "Not in rates yet."
        )
    return said


def report_sentences(report: GoalsReport) -> list[str]:
    """Say what is missing, or what the goals' figures are."""
    if not report.goals:
        return [NO_GOALS]
    if not report.clicks:
        return [NO_IDS]
    return [sentence for figures in report.goals for sentence in sentences_of(figures)]


def sums_json(sums: Sums, rate: Rate, *, has_value: bool) -> SumsJson:
    """Return sums with a rate, which of several posts is not theirs alone."""
    value, low, high = rate.written
    return {
        "clicks": sums.clicks,
        "reached": sums.reached,
        "value": sums.value if has_value else None,
        "per_click": value,
        "per_click_low": low,
        "per_click_high": high,
    }


def goals_json(report: GoalsReport) -> GoalsReportJson:
    """Return the report as every door gives it."""
    return {
        "account": account_json(report.account),
        "window": report.window,
        "clicks": report.clicks,
        "posts_unmeasured": report.posts_unmeasured,
        "goals": [figures_json(figures, report.codes) for figures in report.goals],
        "sentences": report_sentences(report),
    }


def figures_json(figures: GoalFigures, codes: Mapping[LinkId, str]) -> GoalFiguresJson:
    """Return one goal as every door gives it."""
    goal = figures.goal
    has_value = goal.currency is not None
    follower = figures.per_follower.written

    def of(sums: Sums) -> SumsJson:
        return sums_json(sums, sums.rate, has_value=has_value)

    return {
        "goal": goal.name,
        "days": goal.days,
        "currency": goal.currency,
        "posts": figures.posts,
        **sums_json(figures.total, figures.per_click, has_value=has_value),
        "posts_without_count": figures.posts_without_count,
        "followers": figures.followers,
        "per_follower": follower.value,
        "per_follower_low": follower.low,
        "per_follower_high": follower.high,
        "posts_still_counting": figures.posts_still,
        "clicks_still_counting": figures.still.clicks,
        "reached_still_counting": figures.still.reached,
        "segments": [{"segment": name, **of(sums)} for name, sums in figures.segments],
        "months": [{"month": day.isoformat(), **of(sums)} for day, sums in figures.months],
        "by_post": [
            {
                "post": line.post_id,
                "posted_at": utc(line.post.posted_at),
                "complete": line.is_complete,
                "followers": line.post.followers,
                **of(line.sums),
            }
            for line in figures.lines
        ],
        "links": [{"code": codes[link_id], **of(sums)} for link_id, sums in figures.alone],
        "sentences": sentences_of(figures),
    }

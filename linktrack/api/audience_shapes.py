"""The JSON of the reports on an audience, experiments and promotion as types, as in shapes.py."""

from typing import Literal, TypedDict

from linktrack.api.report_shapes import AccountName, Rate

VisitorPeriod = TypedDict("VisitorPeriod", {"name": str, "from": str, "to": str, "running": bool})


class Halves(TypedDict):
    """People seen in the period's first half, its second, and both; `people` by Chapman."""

    first: int
    second: int
    both: int
    people: float | None
    low: float | None
    high: float | None
    method: str | None


class AudienceReport(TypedDict):
    """How many people click at all in one visitor period: at least so many, by Chao2."""

    account: AccountName
    period: VisitorPeriod
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
    halves: Halves
    members: Halves
    sentence: str


class ComparedAccount(Rate):
    """One account's figures; `half_life` is in seconds, `never_clicked` a share of posts."""

    account: AccountName
    posts: int
    posts_without_count: int
    posts_still_counted: int
    people_per_post: float | None
    people_per_post_low: float | None
    people_per_post_high: float | None
    never_clicked: float | None
    never_clicked_low: float | None
    never_clicked_high: float | None
    half_life: float | None
    half_life_low: float | None
    half_life_high: float | None


class ComparedFigure(TypedDict):
    """How much one figure of two accounts differs, first minus second, and whether surely."""

    figure: Literal["cpf", "people_per_post", "never_clicked", "half_life"]
    first: str
    second: str
    difference: float
    low: float
    high: float
    sure: bool
    sentence: str


class Comparison(TypedDict):
    """Accounts side by side."""

    window: str
    accounts: list[ComparedAccount]
    differences: list[ComparedFigure]


class GrowthReport(TypedDict):
    """Whether clicking grows as fast as following: a slope of 1 does, 0 is hollow growth."""

    account: AccountName
    window: str
    posts: int
    posts_without_clicks: int
    followers_low: int | None
    followers_high: int | None
    slope: float | None
    slope_low: float | None
    slope_high: float | None
    verdict: Literal["hollow", "can't tell", "denser"] | None
    refused: str | None
    sentence: str


class PostLife(TypedDict):
    """Seconds until half, and nine tenths, of a post's clicks; `_over`: it cannot change much."""

    id: int
    posted_at: str
    clicks: int
    half_life: int
    half_life_over: bool
    nine_tenths: int
    nine_tenths_over: bool


class LifetimesReport(TypedDict):
    """How long an account's posts live, in seconds: the middle post."""

    account: AccountName
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
    lives: list[PostLife]


class LinkLife(TypedDict):
    """How long one link lives, in seconds, after its peak and since its first click."""

    code: str
    clicks: int
    half_life: int | None
    half_life_over: bool | None
    half_since_first: int | None
    refused: str | None
    sentence: str


class Slot(Rate):
    """Posts of one weekday or hour."""

    name: str
    posts: int


class HoursReport(Rate):
    """Clicks per follower by weekday and hour of posting, in `timezone`."""

    account: AccountName
    window: str
    timezone: str
    posts: int
    refused: str | None
    best_weekday: str | None
    best_hour: str | None
    weekdays_differ: bool
    hours_differ: bool
    sentence: str
    weekdays: list[Slot]
    hours: list[Slot]


class Arm(Rate):
    """One side of an experiment; `posts_counting` are not counted to the end yet."""

    label: str
    posts: int
    posts_counting: int
    posts_without_count: int
    unique_clicks: int
    followers: int


class ExperimentWeek(Rate):
    """One side's posts of a week: 1 is the first after the beginning, -1 the last before it."""

    label: str
    week: int
    posts: int
    unique_clicks: int


class ExperimentReport(TypedDict):
    """What an experiment has found: after minus before, after over before."""

    name: str
    hypothesis: str
    at: str
    days: int
    window: str
    before: Arm
    after: Arm
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    p: float | None
    verdict: Literal["more", "fewer", "not_yet", "none_found", "too_few_posts"]
    decided_at: str | None
    next_look: str | None
    last_look: str
    days_needed: int | None
    weeks: list[ExperimentWeek]
    besides: list[str]
    sentence: str


class BestPost(TypedDict):
    """The post that sent most people."""

    id: int
    text: str
    unique_clicks: int


class LinksLine(Rate):
    """What some links got, in all posts together."""

    links: int
    posts: int
    posts_without_count: int
    clicks: int
    unique_clicks: int
    first_at: str | None
    best_post: BestPost | None


class PromotedPerson(LinksLine):
    """What links sent to one person, and by which sites and @names links are theirs."""

    name: str
    hosts: list[str]
    mentions: list[str]
    public: bool


class PeopleReport(TypedDict):
    """What links sent to the people they promote."""

    people: list[PromotedPerson]


class OwnLinksReport(TypedDict):
    """Links to the owner's own sites beside other people's; `ratio` is own over others."""

    account: AccountName
    own_sites: list[str]
    own: LinksLine
    others: LinksLine
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    sentence: str


class FollowCandidate(TypedDict):
    """One person who followed since the date; `skipped` is why they are not followed back."""

    id: str
    handle: str | None
    why: str
    skipped: str | None


class FollowPlan(TypedDict):
    """Who is followed next, how many on the days after, and who is skipped."""

    now: list[FollowCandidate]
    later: int
    skipped: list[FollowCandidate]


class FollowBack(TypedDict):
    """Whether an account follows back; `after` and `daily_limit` are null if it was never set."""

    on: bool
    after: str | None
    daily_limit: int | None
    followed_within_24h: int
    problem: str | None
    plan: FollowPlan


class MadeFollow(TypedDict):
    """One person who was followed back, or is about to be."""

    number: int
    id: str
    handle: str | None
    state: Literal["following", "followed", "refused", "by_hand", "undoing", "undone"]
    why: str
    begun_at: str
    ended_at: str | None
    problem: str | None


class MadeFollowPage(TypedDict):
    """Follows that were made, newest first; `next` is the next page's `after`."""

    data: list[MadeFollow]
    next: int | None

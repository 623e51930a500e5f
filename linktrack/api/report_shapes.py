"""The JSON of the reports as types, as in shapes.py; each rate is null while it is unknown."""

from typing import Literal, NotRequired, TypedDict

from linktrack.audience.models import Network, Role

Reason = Literal["head", "prefetch", "owner", "no-agent", "preview", "bot", "burst"]


class AccountName(TypedDict):
    """Which account a report is of."""

    network: Network
    handle: str
    role: Role | None


class Rate(TypedDict):
    """Clicks per follower, with the ends of its 95 % interval."""

    cpf: float | None
    cpf_low: float | None
    cpf_high: float | None


class CpfTotal(Rate):
    """All posts of the range that have a follower count, and the middle one of them."""

    posts: int
    posts_without_count: int
    clicks: int
    unique_clicks: int
    without_visitor: int
    followers: int
    unattributed: int
    median_cpf: float | None
    median_cpf_low: float | None
    median_cpf_high: float | None


class CpfSegment(Rate):
    """What one segment did on a post; null is "we can't tell who"."""

    segment: str | None
    addressed: int | None
    unique_clicks: int


class CpfSource(TypedDict):
    """Clicks of a post from one source; null is "no referrer"."""

    source: str | None
    medium: str
    clicks: int
    unique_clicks: int


class CpfPost(Rate):
    """One post of the report; `usual` says where it is surely not as the account's posts are."""

    id: int
    posted_at: str
    text: str
    followers: int | None
    followers_at: str | None
    clicks: int
    unique_clicks: int
    not_human: dict[Reason, int]
    usual: Literal["above", "below"] | None
    segments: list[CpfSegment]
    without_visitor: int
    referrers: list[CpfSource]


class CpfReport(TypedDict):
    """Clicks per follower of an account; `posts` is a page, newest first."""

    account: AccountName
    window: str
    total: CpfTotal
    posts: list[CpfPost]


class Unattributed(TypedDict):
    """How many people nobody can put into a segment."""

    unique_clicks: int
    share: float | None
    share_low: float | None
    share_high: float | None


class Recognised(TypedDict):
    """What a segment did on posts of all, as far as its readers have said hello."""

    at_least: int
    at_most: int
    posts: int
    unique_clicks: int
    cpf_low: float | None
    cpf_high: float | None


class SegmentFigures(Rate):
    """One segment; `lift` is its rate over the account's."""

    segment: str
    size: int | None
    unjudged: int | None
    addressed: int | None
    unique_clicks: int
    share: float | None
    share_low: float | None
    share_high: float | None
    lift: float | None
    lift_low: float | None
    lift_high: float | None
    recognised: Recognised | None


class Living(Rate):
    """Clicks per follower without those who look empty."""

    assumed_empty: int | None
    followers: int | None


class SegmentsReport(TypedDict):
    """Who clicked, as far as it is known, by segment."""

    account: AccountName
    window: str
    unattributed: Unattributed
    count: int | None
    roster: int | None
    roster_at: str | None
    unknown_people: int | None
    segments: list[SegmentFigures]
    living: Living


class FollowersDay(TypedDict):
    """What a day brought, known to `precision_days` days; a jump is more than chance brings."""

    day: str
    gained: int | None
    lost: int | None
    returned: int | None
    net: int | None
    precision_days: int
    jump: bool


class FollowersEvent(TypedDict):
    """Who left after a moment, beside what is usual; `by_counts`: known from counts alone."""

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


class Churn(TypedDict):
    """How many of those who came left again soon."""

    within_days: int
    gained: int
    left: int
    share: float | None
    share_low: float | None
    share_high: float | None


class FollowersReport(TypedDict):
    """Who came and left by day, and what events cost; `event` is the first of `events`."""

    account: AccountName
    days: list[FollowersDay]
    event: FollowersEvent | None
    events: list[FollowersEvent]
    churn: Churn | None


CoverageRange = TypedDict("CoverageRange", {"from": str | None, "to": str | None})


class CoverageReport(CoverageRange):
    """Which part of the links posted in own words was wrapped; null without any, or unknown.

    What was posted is known from `known_from` to `known_until`, within the time asked for.
    """

    account: AccountName
    known_from: str | None
    known_until: str | None
    posts: int
    posts_with_links: int
    reposts: int
    wrapped: int
    not_wrapped: int
    coverage: float | None


class ReferrersLine(TypedDict):
    """Clicks from one source by one segment; a null segment is "we can't tell who"."""

    source: str | None
    medium: str
    host: str | None
    segment: str | None
    clicks: int
    unique_clicks: int


ReferrersRange = TypedDict("ReferrersRange", {"from": str | None, "to": str | None})


class ReferrersReport(ReferrersRange):
    """Where clicks came from; `post` or `link` is there where it was asked for."""

    account: AccountName
    post: NotRequired[int]
    link: NotRequired[str]
    referrers: list[ReferrersLine]


class DigestPost(Rate):
    """One of the best or weakest posts."""

    id: int
    text: str
    unique_clicks: int


DigestRange = TypedDict("DigestRange", {"from": str, "to": str})


class DigestSide(DigestRange, Rate):
    """A week or month; `to` is the day after its last."""

    unique_clicks: int
    posts: int
    posts_without_count: int
    followers: int | None
    gained: int | None
    lost: int | None


class Digest(TypedDict):
    """The last whole week or month beside the one before it."""

    account: AccountName
    period: str
    window: str
    now: DigestSide
    before: DigestSide
    change: Literal["more", "fewer"] | None
    posts_counting: int
    best: list[DigestPost]
    weakest: list[DigestPost]
    sentence: str
    sure: str

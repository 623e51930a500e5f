"""The report of engagement as every door gives it."""

from collections.abc import Sequence
from typing import TypedDict

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.calendar.times import utc
from linktrack.reports.engagement.figures import KindFigure, PeopleFigure, What
from linktrack.reports.engagement.lines import EngagementLine, PostClicks, SegmentPeople
from linktrack.reports.engagement.report import ClicksBeside, EngagementReport, EngagementTotal
from linktrack.reports.engagement.sentences import sentences_of
from linktrack.reports.figures.rate import Rate, RateJson, rate_json


class PerFollowerJson(TypedDict):
    """A figure per follower, with the ends of its 95% interval."""

    per_follower: float | None
    per_follower_low: float | None
    per_follower_high: float | None


class KindJson(PerFollowerJson):
    """One kind of engagement; `any` is likes, reposts, replies and quotes together.

    `count` is null where the network doesn't tell. `posts` are those with both numbers. `views`
    and `per_view` are null where the network doesn't tell how often a post was shown.
    """

    kind: What
    posts: int
    count: int | None
    views: int | None
    per_view: float | None
    per_view_low: float | None
    per_view_high: float | None


class PeopleJson(PerFollowerJson):
    """People who did anything, of those on the follower list when a post was made.

    Over several posts, `people` and `followers` are sums: a person counts once for each post.
    """

    posts: int
    people: int | None
    followers: int | None


class EngagedSegmentJson(PeopleJson):
    """The same of one segment, with its size when the post was made."""

    segment: str


class ClicksBesideJson(RateJson):
    """Clicks per follower of those of the same posts that have short links."""

    posts: int
    unique_clicks: int


class EngagementTotalJson(TypedDict):
    """The complete posts of the range, and how many are in none of its figures."""

    posts: int
    posts_without_count: int
    posts_still_counting: int
    posts_unread: int
    kinds: list[KindJson]
    people: PeopleJson
    segments: list[EngagedSegmentJson]
    clicks: ClicksBesideJson


class DifferentSegmentJson(TypedDict):
    """A segment's different people who did anything, and its size now."""

    segment: str
    people: int
    followers: int | None


class DifferentJson(TypedDict):
    """How many different followers of the newest list did anything in the range, exactly.

    All are null where there is no list, or nobody is named.
    """

    people: int | None
    followers: int | None
    roster_at: str | None
    segments: list[DifferentSegmentJson]


class PostClicksJson(RateJson):
    """A post's people who clicked; `complete` is null where it is unmeasured."""

    people: int
    complete: bool | None


class EngagementPostJson(TypedDict):
    """One post; `post` is its number as a post with short links, null for one without.

    `complete` means that it was read after its window's end; `counted_at` is the reading that its
    counts are of.
    """

    id: int
    post: int | None
    posted_at: str
    text: str | None
    url: str | None
    complete: bool
    counts_until: str | None
    counted_at: str
    followers: int | None
    kinds: list[KindJson]
    people: PeopleJson
    segments: list[EngagedSegmentJson]
    clicks: PostClicksJson | None


class EngagementReportJson(TypedDict):
    """Engagement per follower of an account; `posts` is one page, newest first.

    `next` continues as `after`; null: there is no more.
    """

    account: AccountNameJson
    window: str
    sentences: list[str]
    total: EngagementTotalJson
    different: DifferentJson
    posts: list[EngagementPostJson]
    next: int | None


def engagement_json(report: EngagementReport) -> EngagementReportJson:
    """Return the report as every door gives it: rates are fractions, times are UTC."""
    return {
        "account": account_json(report.account),
        "window": report.window,
        "sentences": sentences_of(report),
        "total": total_json(report.total),
        "different": _different_json(report),
        "posts": [line_json(line) for line in report.posts],
        "next": report.after,
    }


def total_json(total: EngagementTotal) -> EngagementTotalJson:
    """Return the figures of several posts."""
    return {
        "posts": total.posts,
        "posts_without_count": total.posts_without_count,
        "posts_still_counting": total.posts_still_counting,
        "posts_unread": total.posts_unread,
        "kinds": [kind_json(figure) for figure in total.kinds],
        "people": _people_json(total.people),
        "segments": segments_json(total.segments),
        "clicks": _clicks_json(total.clicks),
    }


def line_json(line: EngagementLine) -> EngagementPostJson:
    """Return one post."""
    return {
        "id": line.number,
        "post": line.post_id,
        "posted_at": utc(line.posted_at),
        "text": line.text,
        "url": line.url,
        "complete": line.state == "complete",
        "counts_until": utc(line.counts_until),
        "counted_at": utc(line.counted_at),
        "followers": line.followers,
        "kinds": [kind_json(figure) for figure in line.kinds],
        "people": _people_json(line.people),
        "segments": segments_json(line.segments),
        "clicks": None if line.clicks is None else _post_clicks_json(line.clicks),
    }


def kind_json(figure: KindFigure) -> KindJson:
    """Return one kind of engagement."""
    shown = figure.per_view.written
    return {
        "kind": figure.what,
        "posts": figure.posts,
        "count": figure.count,
        **_per_follower(figure.rate),
        "views": figure.views,
        "per_view": shown.value,
        "per_view_low": shown.low,
        "per_view_high": shown.high,
    }


def segments_json(lines: Sequence[SegmentPeople]) -> list[EngagedSegmentJson]:
    """Return segments with their people."""
    return [{"segment": line.segment.name, **_people_json(line.figure)} for line in lines]


def _people_json(figure: PeopleFigure) -> PeopleJson:
    return {
        "posts": figure.posts,
        "people": figure.people,
        "followers": figure.followers,
        **_per_follower(figure.rate),
    }


def _per_follower(rate: Rate) -> PerFollowerJson:
    value, low, high = rate.written
    return {"per_follower": value, "per_follower_low": low, "per_follower_high": high}


def _clicks_json(clicks: ClicksBeside) -> ClicksBesideJson:
    return {
        "posts": clicks.posts,
        "unique_clicks": clicks.unique_clicks,
        **rate_json(clicks.cpf),
    }


def _post_clicks_json(clicks: PostClicks) -> PostClicksJson:
    complete = None if clicks.state == "unmeasured" else clicks.state == "complete"
    return {"people": clicks.people, "complete": complete, **rate_json(clicks.cpf)}


def _different_json(report: EngagementReport) -> DifferentJson:
    found = report.different
    if found.roster_at is None or not report.names_known:
        return {"people": None, "followers": None, "roster_at": None, "segments": []}
    return {
        "people": found.people,
        "followers": found.followers,
        "roster_at": utc(found.roster_at),
        "segments": [
            {
                "segment": segment.name,
                "people": found.segments.get(segment.id, 0),
                "followers": segment.size,
            }
            for segment in report.segments
            if segment.kind != "size"
        ],
    }

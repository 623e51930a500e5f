"""Posts with all that is counted of each within a window: a line for each post."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias, TypedDict

from msgspec import Meta
from sqlalchemy.orm import Session

from linktrack.audience.segments import segment_names
from linktrack.calendar.times import utc
from linktrack.clicks.vocabulary import LEFT_OUT, UNATTRIBUTED, Reason, window_number
from linktrack.links.models import Post
from linktrack.reports import queries
from linktrack.reports.figures.rate import Rate, RateJson, rate_json
from linktrack.reports.figures.statistics.usual import Verdict
from linktrack.reports.queries import PostCounts, PostFacts, SourceCounts, VersionFacts


@dataclass(frozen=True, slots=True)
class SegmentLine:
    """What one segment did on one post; `segment` None is "we can't tell who"."""

    segment: str | None
    addressed: int | None
    unique_clicks: int
    cpf: Rate


@dataclass(frozen=True, slots=True)
class PostLine:
    """One post of the CPF report."""

    facts: PostFacts
    clicks: int
    unique_clicks: int
    without_visitor: int
    not_human: dict[Reason, int]
    cpf: Rate
    segments: list[SegmentLine]
    referrers: list[SourceCounts]
    usual: Verdict | None = None


def post_line(session: Session, post: Post, window: str) -> PostLine:
    """Return one post's line; what is not published has no followers to set its clicks against."""
    number = window_number(window)
    if post.state == "published":
        return post_lines(
            session, queries.posts_page(session, Post.id == post.id, None, 1), number
        )[0]
    at = post.posted_at or post.created_at
    facts = PostFacts(
        id=post.id,
        account_id=post.account_id,
        posted_at=at,
        text=post.text,
        written=post.written,
        followers=None,
        followers_at=None,
    )
    return post_lines(session, [facts], number)[0]


def post_lines(
    session: Session, facts: Sequence[PostFacts], number: int, *, by_source: bool = True
) -> list[PostLine]:
    """Return the lines of these posts (at most some hundreds) within the window of that number.

    Without `by_source` they have no referrers.
    """
    ids = [post.id for post in facts]
    counts = queries.counts_of(session, ids, number, by_source=by_source)
    versions = queries.versions_of(session, ids)
    names = segment_names(
        session, {segment for count in counts.values() for segment in count.segments}
    )
    return [
        _post_line(post, counts.get(post.id, PostCounts()), versions.get(post.id, []), names)
        for post in facts
    ]


def _post_line(
    facts: PostFacts, counts: PostCounts, versions: Sequence[VersionFacts], names: dict[int, str]
) -> PostLine:
    unique = {segment: line.unique_clicks for segment, line in counts.segments.items()}
    addressed = {version.segment_id: version.addressed for version in versions}
    names = {version.segment_id: version.segment for version in versions} | names
    segments = [
        SegmentLine(
            names.get(segment_id, f"segment {segment_id}"),
            addressed.get(segment_id),
            unique.get(segment_id, 0),
            Rate.of(unique.get(segment_id, 0), addressed.get(segment_id)),
        )
        for segment_id in dict.fromkeys([*addressed, *sorted(unique)])
        if segment_id != UNATTRIBUTED
    ]
    segments.append(SegmentLine(None, None, unique.get(UNATTRIBUTED, 0), Rate()))
    total = sum(unique.values())
    return PostLine(
        facts=facts,
        clicks=sum(line.clicks for line in counts.segments.values()),
        unique_clicks=total,
        without_visitor=sum(line.without_visitor for line in counts.segments.values()),
        not_human=counts.not_human,
        cpf=Rate.of(total, facts.followers),
        segments=segments,
        referrers=counts.referrers,
    )


class CpfSegmentJson(RateJson):
    """What one segment did on a post; null is "we can't tell who"."""

    segment: str | None
    addressed: int | None
    unique_clicks: int


class CpfSourceJson(TypedDict):
    """Clicks of a post from one source; null is "no referrer"."""

    source: str | None
    medium: str
    clicks: int
    unique_clicks: int


LeftOutJson: TypeAlias = Annotated[
    dict[Reason, int], Meta(extra_json_schema={"propertyNames": {"enum": list(LEFT_OUT)}})
]
"""Clicks left out, by reason. msgspec itself does not say in a schema which keys there can be."""


class CpfPostJson(RateJson):
    """One post of the report; `usual` says if it clearly differs from the account's other posts."""

    id: int
    posted_at: str
    text: str
    followers: int | None
    followers_at: str | None
    clicks: int
    unique_clicks: int
    not_human: LeftOutJson
    usual: Verdict | None
    segments: list[CpfSegmentJson]
    without_visitor: int
    referrers: list[CpfSourceJson]


def post_line_json(line: PostLine) -> CpfPostJson:
    """Return a post of the report."""
    return {
        "id": line.facts.id,
        "posted_at": utc(line.facts.posted_at),
        "text": line.facts.text,
        "followers": line.facts.followers,
        "followers_at": utc(line.facts.followers_at),
        "clicks": line.clicks,
        "unique_clicks": line.unique_clicks,
        "not_human": dict(line.not_human),
        **rate_json(line.cpf),
        "usual": line.usual,
        "segments": [
            {
                "segment": segment.segment,
                "addressed": segment.addressed,
                "unique_clicks": segment.unique_clicks,
                **rate_json(segment.cpf),
            }
            for segment in line.segments
        ],
        "without_visitor": line.without_visitor,
        "referrers": [
            {
                "source": source.source,
                "medium": source.medium,
                "clicks": source.clicks,
                "unique_clicks": source.unique_clicks,
            }
            for source in line.referrers
        ],
    }

"""Posts with all that is counted of each within a window: a line for each post."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeAlias, TypedDict

from msgspec import Meta
from sqlalchemy.orm import Session

from linktrack.audience.segments import segment_names
from linktrack.calendar.times import utc
from linktrack.clicks.vocabulary import LEFT_OUT, UNATTRIBUTED, Reason, window_number
from linktrack.links.models import Post
from linktrack.reports import queries
from linktrack.reports.counting import Counting, CountState
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
    """One post of the CPF report; an unmeasured one has no rate, and its clicks are not all.

    `counts_until` is None where its window has no end; `progress` is there while it is still
    counting, as in "day 2 of 7".
    """

    facts: PostFacts
    state: CountState
    counts_until: datetime | None
    progress: str | None
    clicks: int
    unique_clicks: int
    without_visitor: int
    not_human: dict[Reason, int]
    cpf: Rate
    segments: list[SegmentLine]
    referrers: list[SourceCounts]
    usual: Verdict | None = None

    @property
    def is_pooled(self) -> bool:
        """Whether pooled figures are of this post, too."""
        return self.state in ("complete", "so far")

    @property
    def is_measured(self) -> bool:
        """Whether its clicks are known from its beginning."""
        return self.state != "unmeasured"


def post_line(session: Session, post: Post, counting: Counting) -> PostLine:
    """Return one post's line; what is not published has no followers to set its clicks against."""
    if post.state == "published":
        page = queries.posts_page(session, Post.id == post.id, None, 1)
        return post_lines(session, page, counting)[0]
    at = post.posted_at or post.created_at
    facts = PostFacts(
        id=post.id,
        account_id=post.account_id,
        posted_at=at,
        measured_from=post.measured_from,
        text=post.text,
        written=post.written,
        followers=None,
        followers_at=None,
    )
    return post_lines(session, [facts], counting)[0]


def post_lines(
    session: Session, facts: Sequence[PostFacts], counting: Counting, *, by_source: bool = True
) -> list[PostLine]:
    """Return the lines of these posts (at most some hundreds) within a window.

    Without `by_source` they have no referrers.
    """
    number = window_number(counting.window)
    ids = [post.id for post in facts]
    counts = queries.counts_of(session, ids, number, by_source=by_source)
    versions = queries.versions_of(session, ids)
    names = segment_names(
        session, {segment for count in counts.values() for segment in count.segments}
    )
    return [
        _post_line(
            post, counting, counts.get(post.id, PostCounts()), versions.get(post.id, []), names
        )
        for post in facts
    ]


def _post_line(
    facts: PostFacts,
    counting: Counting,
    counts: PostCounts,
    versions: Sequence[VersionFacts],
    names: dict[int, str],
) -> PostLine:
    state = counting.state_of(facts)
    measured = state != "unmeasured"
    unique = {segment: line.unique_clicks for segment, line in counts.segments.items()}
    addressed = {version.segment_id: version.addressed for version in versions}
    names = {version.segment_id: version.segment for version in versions} | names
    segments = [
        SegmentLine(
            names.get(segment_id, f"segment {segment_id}"),
            addressed.get(segment_id),
            unique.get(segment_id, 0),
            Rate.of(unique.get(segment_id, 0), addressed.get(segment_id)) if measured else Rate(),
        )
        for segment_id in dict.fromkeys([*addressed, *sorted(unique)])
        if segment_id != UNATTRIBUTED
    ]
    segments.append(SegmentLine(None, None, unique.get(UNATTRIBUTED, 0), Rate()))
    total = sum(unique.values())
    return PostLine(
        facts=facts,
        state=state,
        counts_until=counting.until(facts.posted_at) if measured else None,
        progress=counting.progress_of(facts),
        clicks=sum(line.clicks for line in counts.segments.values()),
        unique_clicks=total,
        without_visitor=counts.without_visitor,
        not_human=counts.not_human,
        cpf=Rate.of(total, facts.followers) if measured else Rate(),
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
    """One post of the report; `usual` says if it clearly differs from the account's other posts.

    `complete`: its window has ended by now, at `counts_until` (null: it never ends). Clicks of a
    post that is not `measured` are null: not all of them are known.
    """

    id: int
    posted_at: str
    text: str
    followers: int | None
    followers_at: str | None
    clicks: int | None
    unique_clicks: int | None
    not_human: LeftOutJson
    usual: Verdict | None
    segments: list[CpfSegmentJson]
    without_visitor: int
    referrers: list[CpfSourceJson]
    complete: bool
    counts_until: str | None
    measured: bool


def post_line_json(line: PostLine) -> CpfPostJson:
    """Return a post of the report."""
    return {
        "id": line.facts.id,
        "posted_at": utc(line.facts.posted_at),
        "text": line.facts.text,
        "followers": line.facts.followers,
        "followers_at": utc(line.facts.followers_at),
        "clicks": line.clicks if line.is_measured else None,
        "unique_clicks": line.unique_clicks if line.is_measured else None,
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
        "complete": line.state == "complete",
        "counts_until": utc(line.counts_until),
        "measured": line.is_measured,
    }

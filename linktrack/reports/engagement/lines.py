"""The report of engagement's lines: one post with all its figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from linktrack.audience.models import Account, Segment
from linktrack.db import from_ms
from linktrack.ids import PostId
from linktrack.networks.registry import network_of
from linktrack.reports.counting import Counting, CountState
from linktrack.reports.engagement.figures import (
    SHOWN,
    KindFigure,
    PeopleFigure,
    RatedPost,
    kind_of_post,
    people_of_post,
    segment_of_post,
)
from linktrack.reports.engagement.queries import words_of
from linktrack.reports.figures.rate import Rate
from linktrack.reports.rated import PostPeople


@dataclass(frozen=True, slots=True)
class PostClicks:
    """How many people clicked a post within the window, and clicks per follower.

    `state` as in the report of clicks; an unmeasured post has no rate.
    """

    state: CountState
    people: int
    cpf: Rate


@dataclass(frozen=True, slots=True)
class SegmentPeople:
    """A segment, and its people who did anything."""

    segment: Segment
    figure: PeopleFigure


@dataclass(frozen=True, slots=True)
class EngagementLine:
    """One post; `number` is its number as a post of the network, `post_id` as one of ours.

    `counts_until` is None where its window has no end. `counted_at` is the reading whose counts
    these are; `progress`, as in "day 2 of 7", is there while it is still counting. `clicks` is
    None without a short link.
    """

    number: int
    post_id: PostId | None
    posted_at: datetime
    text: str | None
    url: str | None
    state: CountState
    counts_until: datetime | None
    counted_at: datetime
    progress: str | None
    followers: int | None
    kinds: list[KindFigure]
    people: PeopleFigure
    segments: list[SegmentPeople]
    clicks: PostClicks | None

    @property
    def engagement(self) -> KindFigure:
        """Likes, reposts, replies and quotes together."""
        return self.kinds[0]


@dataclass(frozen=True, slots=True)
class _Dated:
    """A post as `Counting` asks for it: engagement is read from its beginning."""

    posted_at: datetime
    measured_from: datetime | None = None


def state_of(rated: RatedPost, counting: Counting) -> CountState:
    """Return how far a post's engagement is counted: complete when it was read after its end."""
    if counting.length is None:
        return "so far"
    return "complete" if rated.post.tally.is_complete else "counting"


def lines_of(
    session: Session,
    account: Account,
    posts: Sequence[RatedPost],
    *,
    counting: Counting,
    segments: Sequence[Segment],
    clicked: Mapping[PostId, PostPeople],
) -> list[EngagementLine]:
    """Return the lines of these posts (at most some hundreds)."""
    words = words_of(session, [rated.post.row.number for rated in posts])
    network = network_of(account.network)
    found = []
    for rated in posts:
        row, tally = rated.post.row, rated.post.tally
        posted_at = from_ms(row.posted_at)
        said = words[row.number]
        state = state_of(rated, counting)
        found.append(
            EngagementLine(
                number=row.number,
                post_id=row.post_id,
                posted_at=posted_at,
                text=said.text,
                url=network.post_address(said.network_id),
                state=state,
                counts_until=counting.until(posted_at),
                counted_at=from_ms(tally.counted_at),
                progress=counting.progress_of(_Dated(posted_at)) if state == "counting" else None,
                followers=rated.followers,
                kinds=[kind_of_post(rated, what) for what in SHOWN],
                people=people_of_post(rated),
                segments=[
                    SegmentPeople(segment, segment_of_post(rated, segment.id))
                    for segment in segments
                    if segment.id in rated.sizes
                ],
                clicks=clicks_of(rated, clicked, counting),
            )
        )
    return found


def clicks_of(
    rated: RatedPost, clicked: Mapping[PostId, PostPeople], counting: Counting
) -> PostClicks | None:
    """Return a post's clicks; None where it has no short link."""
    post_id = rated.post.row.post_id
    post = None if post_id is None else clicked.get(post_id)
    if post is None:
        return None
    state = counting.state_of(post)
    rate = Rate() if state == "unmeasured" else Rate.of(post.unique_clicks, rated.followers)
    return PostClicks(state, post.unique_clicks, rate)

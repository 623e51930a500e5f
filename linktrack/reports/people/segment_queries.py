"""What the report of segments reads: a row for each post and segment, and who was recognised."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.counts import History, count_at
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Which
from linktrack.clicks.models import post_windows
from linktrack.clicks.vocabulary import HUMAN
from linktrack.db import to_ms
from linktrack.ids import SegmentId
from linktrack.links.models import Post, Version
from linktrack.reports.queries import Chosen


@dataclass(slots=True)
class PostSegments:
    """One post: people who clicked by segment (0: we can't tell who), and whom versions are for."""

    id: int
    posted_at: datetime
    measured_from: datetime | None
    followers: int | None
    clicks: int = 0
    unique: dict[int, int] = field(default_factory=dict)
    addressed: dict[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All people who clicked."""
        return sum(self.unique.values())

    @property
    def unique_clicks(self) -> int:
        """The same, by its name in other reports."""
        return self.total


def posts_by_segment(
    session: Session, chosen: Chosen, window: int, history: History
) -> list[PostSegments]:
    """Return the chosen posts, oldest first, with what each segment did within the window."""
    posts: dict[int, PostSegments] = {}
    query = (
        select(Post.id, Post.posted_at, Post.measured_from)
        .where(chosen)
        .order_by(Post.posted_at, Post.id)
    )
    for post_id, posted_at, measured_from in session.execute(query):
        assert posted_at is not None  # published posts have one
        _, followers = count_at(history, posted_at)
        posts[post_id] = PostSegments(post_id, posted_at, measured_from, followers)
    counts = post_windows.c
    # Not joined: so the database reads and sums the counts in their order, without sorting them.
    sums = (
        select(
            counts.post_id,
            counts.segment_id,
            func.sum(counts.clicks),
            func.sum(counts.unique_clicks),
        )
        .where(counts.post_id.in_(select(Post.id).where(chosen)), counts.window <= window)
        .group_by(counts.post_id, counts.segment_id)
    )
    for post_id, segment_id, clicked, unique in session.execute(sums):
        posts[post_id].clicks += int(clicked)
        posts[post_id].unique[segment_id] = int(unique)
    reach = (
        select(Version.post_id, Version.segment_id, Version.addressed)
        .join(Post, Version.post_id == Post.id)
        .where(chosen, Version.addressed > 0)
    )
    for post_id, segment_id, addressed in session.execute(reach):
        posts[post_id].addressed[segment_id] = addressed or 0
    return list(posts.values())


def recognised_since(
    session: Session,
    segment_ids: Sequence[SegmentId],
    since: datetime,
    period: Callable[[int], date],
) -> dict[int, int]:
    """Return how many people who said hello were recognised since, at least, by segment.

    A visitor is another one in the next visitor period (`period` of a time in ms), so the most
    that one period had is taken: no person is counted twice.
    """
    which = Which(
        segments=segment_ids,
        since=to_ms(since),
        reasons=(HUMAN,),
        recognised=True,
        with_visitor=True,
    )
    found = clicks_of(session).count(which, ("segment_id", "visitor"), ("last_at",))
    seen: defaultdict[int, Counter[date]] = defaultdict(Counter)
    for segment_id, _, clicked_at in found:
        seen[segment_id][period(clicked_at)] += 1
    return {segment_id: max(periods.values()) for segment_id, periods in seen.items()}

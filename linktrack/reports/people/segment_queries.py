"""What the report of segments reads: a row for each post and segment, and who was recognised."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.counts import History, counts_at
from linktrack.clicks.columns import read_columns
from linktrack.clicks.counts.windows import within_window
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Which
from linktrack.clicks.models import post_segments
from linktrack.clicks.vocabulary import HUMAN, UNATTRIBUTED
from linktrack.db import to_ms
from linktrack.ids import SegmentId
from linktrack.links.models import Post, Version
from linktrack.reports.queries import Chosen, sums_by_post


@dataclass(slots=True)
class PostSegments:
    """One post: people who clicked by segment (0: we can't tell who), and whom versions are for.

    `unique_clicks` are all people who clicked, whatever their segment.
    """

    id: int
    posted_at: datetime
    measured_from: datetime | None
    followers: int | None
    unique_clicks: int
    unique: dict[int, int]
    clicks: int = 0
    addressed: dict[int, int] = field(default_factory=dict)


def posts_by_segment(
    session: Session, chosen: Chosen, window: int, history: History
) -> list[PostSegments]:
    """Return the chosen posts of one account with what each segment did within the window."""
    followers = counts_at({0: history})
    posts = {
        post.post_id: PostSegments(
            post.post_id,
            post.posted_at,
            measured_from=post.measured_from,
            followers=followers(0, post.posted_at),
            unique_clicks=post.unique_clicks,
            unique={UNATTRIBUTED: post.unattributed},
            clicks=post.clicks,
        )
        for post in sums_by_post(session, chosen, window)
    }
    counts = post_segments.c
    people_within = within_window(post_segments, "unique_clicks", window)
    # Of no segment is what is left of a post's total: nearly every post has such a row.
    within = (
        select(counts.post_id, counts.segment_id, people_within.label("people"))
        .join(Post, Post.id == counts.post_id)
        .where(chosen, counts.segment_id > UNATTRIBUTED, people_within > 0)
    )
    for post_id, segment_id, people in zip(*read_columns(session, within), strict=True):
        posts[post_id].unique[segment_id] = people
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
    if not segment_ids:
        return {}
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

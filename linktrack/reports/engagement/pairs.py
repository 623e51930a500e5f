"""Engagement per follower of many accounts at once, to compare them by."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from linktrack.audience.counts import History, count_at
from linktrack.clicks.vocabulary import WINDOW_LENGTHS
from linktrack.db import from_ms
from linktrack.engagement.tallies import CountedPost, counted_posts
from linktrack.ids import AccountId, PostId
from linktrack.reports.engagement.figures import together
from linktrack.reports.figures.statistics.experiments import Pair


def engaged_pairs(
    session: Session,
    histories: Mapping[int, History],
    window: int,
    since: datetime | None,
    until: datetime | None,
) -> Mapping[int, Sequence[Pair]]:
    """Return each complete post's likes, reposts, replies and quotes, and its followers.

    By account: those of `histories`, which are their follower counts.
    """
    found: defaultdict[int, list[Pair]] = defaultdict(list)
    for post, pair in _engaged(session, histories, window, since, until):
        found[post.account_id].append(pair)
    return found


def engaged_by_post(
    session: Session,
    histories: Mapping[int, History],
    window: int,
    since: datetime | None,
    until: datetime | None,
) -> Mapping[PostId, Pair]:
    """Return the same of those posts that have short links, by our number of the post."""
    found = _engaged(session, histories, window, since, until)
    return {post.post_id: pair for post, pair in found if post.post_id is not None}


def _engaged(
    session: Session,
    histories: Mapping[int, History],
    window: int,
    since: datetime | None,
    until: datetime | None,
) -> Iterator[tuple[CountedPost, Pair]]:
    ids = [AccountId(number) for number in histories]
    for post in counted_posts(session, ids, window, since, until):
        count = together(post.counts)
        followers = count_at(histories[post.account_id], from_ms(post.posted_at))[1]
        is_pooled = post.is_complete or window == len(WINDOW_LENGTHS)
        if is_pooled and count is not None and followers:
            yield post, (count, followers)

"""Engagement per follower of many accounts at once, to compare them by."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from linktrack.audience.counts import History, count_at
from linktrack.clicks.vocabulary import WINDOW_LENGTHS
from linktrack.db import from_ms
from linktrack.engagement.tallies import counted_posts
from linktrack.ids import AccountId
from linktrack.reports.engagement.figures import together


def engaged_pairs(
    session: Session,
    histories: Mapping[int, History],
    window: int,
    since: datetime | None,
    until: datetime | None,
) -> Mapping[int, Sequence[tuple[int, int]]]:
    """Return each complete post's likes, reposts, replies and quotes, and its followers.

    By account: those of `histories`, which are their follower counts.
    """
    found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    ids = [AccountId(number) for number in histories]
    for post in counted_posts(session, ids, window, since, until):
        count = together(post.counts)
        followers = count_at(histories[post.account_id], from_ms(post.posted_at))[1]
        is_pooled = post.is_complete or window == len(WINDOW_LENGTHS)
        if is_pooled and count is not None and followers:
            found[post.account_id].append((count, followers))
    return found

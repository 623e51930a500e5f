"""The posts around events: what they got, and how many followers they had."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from linktrack.audience.counts import History, count_at
from linktrack.clicks.vocabulary import window_number
from linktrack.db import from_ms
from linktrack.engagement.tallies import engaged_posts
from linktrack.engagement.vocabulary import NAMED
from linktrack.ids import AccountId
from linktrack.reports import queries
from linktrack.reports.counting import Counting
from linktrack.reports.figures.statistics.experiments import Pair
from linktrack.reports.people.event_costs import (
    CLICKS,
    ENGAGEMENT,
    WINDOW,
    Cost,
    Measure,
    Spans,
)
from linktrack.reports.rated import rated_people


def click_costs(
    session: Session,
    account_id: AccountId,
    spans: Sequence[Spans],
    history: History,
    now: datetime,
) -> list[Cost | None]:
    """Return what events cost in clicks, by complete posts with a follower count; in one query.

    None where there is no such post on either side.
    """
    if not spans:
        return []
    first, last = min(span.before[0] for span in spans), max(span.after[1] for span in spans)
    chosen = queries.chosen_posts([account_id], first, last)
    posts = [
        (post.posted_at, (post.people, post.followers))
        for post in rated_people(session, chosen, {account_id: history}, Counting(WINDOW, now))
        if post.is_pooled and post.followers
    ]
    return [_cost(CLICKS, span, posts) for span in spans]


def engagement_costs(
    session: Session, account_id: AccountId, spans: Sequence[Spans], history: History
) -> list[Cost | None]:
    """Return what events cost in likes, reposts, replies and quotes, as `click_costs` does.

    By posts that were read after their window, with links or without; of strangers, too.
    """
    if not spans:
        return []
    first, last = min(span.before[0] for span in spans), max(span.after[1] for span in spans)
    posts = []
    for post in engaged_posts(session, account_id, window_number(WINDOW), first, last):
        known = [count for count in post.tally.counts[: len(NAMED)] if count is not None]
        posted_at = from_ms(post.row.posted_at)
        followers = count_at(history, posted_at)[1]
        if post.tally.is_complete and known and followers:
            posts.append((posted_at, (sum(known), followers)))
    return [_cost(ENGAGEMENT, span, posts) for span in spans]


def _cost(measure: Measure, span: Spans, posts: Sequence[tuple[datetime, Pair]]) -> Cost | None:
    before, after = (
        [pair for at, pair in posts if start <= at < end]
        for start, end in (span.before, span.after)
    )
    return Cost.of(measure, before, after) if before or after else None

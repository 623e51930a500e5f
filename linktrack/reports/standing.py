"""Compare one post, or the latest ones, with what is usual for their account."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.counts import count_histories
from linktrack.audience.models import Account
from linktrack.clicks.vocabulary import window_number
from linktrack.links.models import Post
from linktrack.reports import queries
from linktrack.reports.counting import Counting
from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.statistics.rates import Interval
from linktrack.reports.figures.statistics.usual import Verdict
from linktrack.reports.post_lines import PostLine, post_lines
from linktrack.reports.rated import rated_posts, usual_of, verdicts_of

AROUND: Final = timedelta(days=183)


@dataclass(frozen=True, slots=True)
class Standing:
    """The usual rate (half of the posts do better) very probably lies in `usual`."""

    usual: Interval
    verdict: Verdict | None

    @property
    def rate(self) -> Rate:
        """The usual range, as pages write rates."""
        return Rate((self.usual.low + self.usual.high) / 2, self.usual)


def post_standing(session: Session, post: Post, window: str, now: datetime) -> Standing | None:
    """Return where a published post stands; None where too little is known.

    It is compared once it is complete, and so are the posts that say what is usual.
    """
    assert post.posted_at is not None
    number = window_number(window)
    since, until = post.posted_at - AROUND, post.posted_at + AROUND
    chosen = queries.chosen_posts([post.account_id], since, until)
    rated = rated_posts(
        queries.people_by_post(session, chosen, number),
        count_histories(session, [post.account_id]),
        Counting(window, now),
    )
    usual = usual_of(rated)
    if usual is None:
        return None
    return Standing(usual, verdicts_of(rated, {post.id}).get(post.id))


@dataclass(frozen=True, slots=True)
class LatestPosts:
    """An account's latest posts, newest first, over what was usual in the half year before."""

    lines: list[PostLine]
    usual: Interval | None


def latest_posts(
    session: Session, account: Account, window: str, *, now: datetime, until: datetime, limit: int
) -> LatestPosts:
    """Return the last posts before a moment, at most half a year old, each with its verdict."""
    chosen = queries.chosen_posts([account.id], until - AROUND, until)
    counting = Counting(window, now)
    rated = rated_posts(
        queries.people_by_post(session, chosen, window_number(window)),
        count_histories(session, [account.id]),
        counting,
    )
    facts = queries.posts_page(session, chosen, None, limit)
    verdicts = verdicts_of(rated, {post.id for post in facts})
    lines = [
        replace(line, usual=verdicts.get(line.facts.id))
        for line in post_lines(session, facts, counting, by_source=False)
    ]
    return LatestPosts(lines, usual_of(rated))

"""How similar posts did: the middle half of an account's last posts with as many links."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.counts import count_histories
from linktrack.audience.models import Account
from linktrack.links.models import Link
from linktrack.reports import queries
from linktrack.reports.counting import Counting
from linktrack.reports.figures.words import counted
from linktrack.reports.rated import RatedPost, rated_people

FEWEST: Final = 8
"""Posts under which nothing is said: each quarter has at least two."""

LAST: Final = 50
WITHIN: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class SimilarPosts:
    """Half of so many `posts` had from `low` to `high` people who clicked per follower.

    They have as many links as the text asked about; `links` is None where too few have, and they
    are the account's last posts whatever their links.
    """

    handle: str
    posts: int
    links: int | None
    low: float
    high: float

    @property
    def explained(self) -> str:
        """Which posts they are, in a sentence."""
        kind = "" if self.links is None else f" with {counted(self.links, 'link')}"
        return (
            f"The middle half of the last {self.posts} posts by {self.handle}{kind}, each counted "
            "for 7 days: a quarter did better, a quarter worse. This is the past, not a forecast."
        )


def similar_posts(
    session: Session, account: Account, links: int, window: str, now: datetime
) -> SimilarPosts | None:
    """Return what the account's last posts with so many links did; None under `FEWEST` posts.

    Of the last `LAST` complete posts of a year that have a follower count.
    """
    chosen = queries.chosen_posts([account.id], now - WITHIN, None)
    histories = count_histories(session, [account.id])
    rated = rated_people(session, chosen, histories, Counting(window, now))
    final = [post for post in rated if post.is_judged]
    final.sort(key=lambda post: (post.posted_at, post.post_id), reverse=True)
    counts = _links_of(session, account)
    alike = [post for post in final if counts.get(post.post_id) == links]
    if len(alike) >= FEWEST:
        return _middle(account.handle, alike[:LAST], links)
    return _middle(account.handle, final[:LAST], None) if len(final) >= FEWEST else None


def _links_of(session: Session, account: Account) -> dict[int, int]:
    query = (
        select(Link.post_id, func.count())
        .where(Link.account_id == account.id, Link.post_id.is_not(None))
        .group_by(Link.post_id)
    )
    return {post_id: count for post_id, count in session.execute(query) if post_id is not None}


def _middle(handle: str, posts: list[RatedPost], links: int | None) -> SimilarPosts:
    rates = [post.people / (post.followers or 1) for post in posts]
    low, _, high = quantiles(rates, n=4, method="inclusive")
    return SimilarPosts(handle, len(posts), links, low, high)

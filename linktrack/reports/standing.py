"""Compare one post with what was usual for its account in the year around it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.counts import count_histories
from linktrack.clicks.vocabulary import window_number
from linktrack.links.models import Post
from linktrack.reports import queries
from linktrack.reports.counting import Counting
from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.statistics.rates import Interval
from linktrack.reports.figures.statistics.usual import Verdict
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

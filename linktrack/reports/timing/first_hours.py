"""A post's first 48 hours beside those of the account's posts before it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from statistics import quantiles
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.clicks.models import post_hours
from linktrack.ids import PostId
from linktrack.links.models import Post
from linktrack.reports.counting import Counting, is_measured
from linktrack.reports.queries import chosen_posts

HOURS: Final = 48
EARLIER: Final = 50
"""The last posts before it whose first hours are looked at."""

FEWEST: Final = 8
"""Earlier posts under which there is no middle half: each quarter has at least two."""

_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FirstHours:
    """People's clicks on a post until the end of each of its first hours, as far as they are over.

    `middle` is the range of the middle half of `earlier` posts at the end of each of 48 hours;
    empty where there are too few. `so_far` has the clicks of the hour that isn't over, too.
    """

    clicks: list[int]
    so_far: int
    middle: list[tuple[float, float]]
    earlier: int

    @property
    def is_over(self) -> bool:
        """Whether all of the hours are."""
        return len(self.clicks) == HOURS


def first_hours(session: Session, post: Post, now: datetime) -> FirstHours | None:
    """Return the first hours of a published post; None where not all of its clicks are known.

    Every click up to `now` is loaded.
    """
    if post.posted_at is None or not is_measured(post):  # type: ignore[arg-type]
        return None
    ended = Counting("24h", now - timedelta(hours=24)).pooled_posts()
    chosen = chosen_posts([post.account_id], None, post.posted_at)
    query = select(Post.id).where(chosen, ended).order_by(Post.posted_at.desc(), Post.id.desc())
    earlier = session.scalars(query.limit(EARLIER)).all()
    curves = _curves(session, [post.id, *earlier])
    whole = max(0, min(HOURS, (now - post.posted_at) // _HOUR))
    own = curves[post.id]
    middle = []
    if len(earlier) >= FEWEST:
        for hour in range(HOURS):
            low, _, high = quantiles(
                [curves[number][hour] for number in earlier], n=4, method="inclusive"
            )
            middle.append((low, high))
    return FirstHours(own[:whole], own[-1], middle, len(earlier))


def _curves(session: Session, post_ids: Sequence[PostId]) -> dict[PostId, list[int]]:
    """Return each post's clicks until the end of each of its first hours."""
    hours = post_hours.c
    by_hour: defaultdict[PostId, list[int]] = defaultdict(lambda: [0] * HOURS)
    query = select(hours.post_id, hours.hour, hours.clicks).where(
        hours.post_id.in_(post_ids), hours.hour < HOURS
    )
    for post_id, hour, count in session.execute(query):
        by_hour[post_id][hour] = count
    return {number: list(accumulate(by_hour[number])) for number in post_ids}

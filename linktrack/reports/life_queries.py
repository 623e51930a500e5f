"""What reports read about how long posts and links live."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from linktrack.clicks.models import clicks, post_hours, post_totals
from linktrack.clicks.vocabulary import HOURS_KEPT, HUMAN, WINDOWS
from linktrack.links.models import Post
from linktrack.reports.queries import Chosen, within_window


@dataclass(frozen=True, slots=True)
class ClickedPost:
    """A post, its human clicks of all time, and those of each hour of its first week."""

    post_id: int
    account_id: int
    posted_at: datetime
    clicks: int
    by_hour: list[int]


def clicked_posts(
    session: Session, chosen: Chosen, fewest: int, most: int
) -> tuple[list[ClickedPost], int]:
    """Return each account's newest posts (at most `most`) with `fewest` clicks or more.

    The second value is how many more such posts there are.
    """
    total = within_window("clicks", len(WINDOWS) - 1)
    clicked = (
        select(Post.id, Post.account_id, Post.posted_at, total)
        .join(post_totals, post_totals.c.post_id == Post.id)
        .where(chosen, total >= fewest)
        .order_by(Post.posted_at.desc(), Post.id.desc())
    )
    found: dict[int, ClickedPost] = {}
    posts_of: Counter[int] = Counter()
    for post_id, account_id, posted_at, clicks_ever in session.execute(clicked):
        assert posted_at is not None  # published posts have one
        posts_of[account_id] += 1
        if posts_of[account_id] <= most:
            by_hour = [0] * HOURS_KEPT
            found[post_id] = ClickedPost(post_id, account_id, posted_at, clicks_ever, by_hour)
    hours = post_hours.c
    by_hours = select(hours.post_id, hours.hour, hours.clicks).where(hours.post_id.in_(list(found)))
    for post_id, hour, count in session.execute(by_hours):
        found[post_id].by_hour[hour] = count
    return list(found.values()), posts_of.total() - len(found)


def spans_of_link(session: Session, link_id: int, width: int) -> Sequence[tuple[int, int]]:
    """Return (number, human clicks) of a link's spans of `width` milliseconds since 1970.

    It reads every click of the link: a hundred thousand take about a tenth of a second.
    """
    span = (clicks.c.clicked_at // width).label("span")
    query = (
        select(span, func.count())
        .where(and_(clicks.c.link_id == link_id, clicks.c.reason == HUMAN))
        .group_by(span)
        .order_by(span)
    )
    return [(int(number), int(count)) for number, count in session.execute(query)]

"""What reports read about how long posts and links live."""

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
    newest_first = Post.posted_at.desc(), Post.id.desc()
    place = func.row_number().over(partition_by=Post.account_id, order_by=newest_first)
    clicked = (
        select(
            Post.id, Post.posted_at, Post.account_id, total.label("clicks"), place.label("place")
        )
        .join(post_totals, post_totals.c.post_id == Post.id)
        .where(chosen, total >= fewest)
    )
    found: dict[int, ClickedPost] = {}
    skipped = 0
    for post_id, posted_at, account_id, ever, number in session.execute(
        clicked.order_by(*newest_first)
    ):
        assert posted_at is not None  # published posts have one
        if number > most:
            skipped += 1
        else:
            found[post_id] = ClickedPost(post_id, account_id, posted_at, ever, [0] * HOURS_KEPT)
    hours, taken = post_hours.c, clicked.subquery()
    # Joined, not listed: many accounts have more posts than SQLite takes variables (32,766).
    by_hours = (
        select(hours.post_id, hours.hour, hours.clicks)
        .join(taken, taken.c.id == hours.post_id)
        .where(taken.c.place <= most)
    )
    for post_id, hour, count in session.execute(by_hours):
        found[post_id].by_hour[hour] = count
    return list(found.values()), skipped


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

"""What reports read about how long posts and links live."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from linktrack.clicks.models import clicks, post_hours, post_windows
from linktrack.clicks.vocabulary import HOURS_KEPT, HUMAN
from linktrack.links.models import Post
from linktrack.reports.queries import Chosen


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
    counts = post_windows.c
    clicked = (
        select(Post.id, Post.account_id, Post.posted_at, func.sum(counts.clicks).label("clicks"))
        .join(post_windows, counts.post_id == Post.id)
        .where(chosen)
        .group_by(Post.id, Post.account_id, Post.posted_at)
        .having(func.sum(counts.clicks) >= fewest)
        .subquery()
    )
    newest_first = (clicked.c.posted_at.desc(), clicked.c.id.desc())
    place = func.row_number().over(partition_by=clicked.c.account_id, order_by=newest_first)
    placed = select(clicked, place.label("place")).subquery()
    found: dict[int, ClickedPost] = {}
    newest = select(placed).where(placed.c.place <= most).order_by(placed.c.place)
    for post_id, account_id, posted_at, total, _ in session.execute(newest):
        by_hour = [0] * HOURS_KEPT
        found[post_id] = ClickedPost(post_id, account_id, posted_at, int(total), by_hour)
    hours = post_hours.c
    by_hours = (
        select(hours.post_id, hours.hour, hours.clicks)
        .join(placed, hours.post_id == placed.c.id)
        .where(placed.c.place <= most)
    )
    for post_id, hour, count in session.execute(by_hours):
        found[post_id].by_hour[hour] = count
    all_of_them = session.scalar(select(func.count()).select_from(clicked)) or 0
    return list(found.values()), all_of_them - len(found)


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

"""What reports of goals read: clicks that carried an id, and goals that clicks reached."""

from collections.abc import Collection, Iterable
from functools import reduce
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.clicks.conversions.models import GoalReached, link_click_ids
from linktrack.ids import LinkId, PostId, SegmentId
from linktrack.links.models import Link
from linktrack.reports.figures.rate import Rate


class Sums(NamedTuple):
    """Clicks that carried an id, those of them that reached a goal, and what that is worth."""

    clicks: int = 0
    reached: int = 0
    value: int = 0

    def plus(self, other: "Sums") -> "Sums":
        """Return both together."""
        return Sums(*(one + more for one, more in zip(self, other, strict=True)))

    @property
    def rate(self) -> Rate:
        """Of these clicks alone: how many reached it."""
        return Rate.of(self.reached, self.clicks)


def added(sums: Iterable[Sums]) -> Sums:
    """Add up."""
    return reduce(Sums.plus, sums, Sums())


class Row(NamedTuple):
    """Clicks of one link, day and segment (0: unattributed), or those that reached a goal."""

    link_id: LinkId
    post_id: PostId | None
    day: int
    segment_id: SegmentId
    goal_id: int | None
    sums: Sums


def rows_of(
    session: Session, account_id: int, links: Collection[LinkId] | None = None
) -> list[Row]:
    """Return the clicks of an account that carried an id, and what they reached.

    With `links` those of these alone.
    """
    wanted = [Link.account_id == account_id]
    if links is not None:
        wanted.append(Link.id.in_(links))
    counts = link_click_ids.c
    carried = (
        select(counts.link_id, Link.post_id, counts.day, counts.segment_id, counts.clicks)
        .join(Link, Link.id == counts.link_id)
        .where(*wanted)
    )
    reached = (
        select(
            GoalReached.link_id,
            Link.post_id,
            GoalReached.clicked_day,
            GoalReached.segment_id,
            GoalReached.goal_id,
            func.count().label("many"),
            func.coalesce(func.sum(GoalReached.value), 0).label("worth"),
        )
        .join(Link, Link.id == GoalReached.link_id)
        .where(*wanted)
        .group_by(
            GoalReached.link_id,
            Link.post_id,
            GoalReached.clicked_day,
            GoalReached.segment_id,
            GoalReached.goal_id,
        )
    )
    rows = [
        Row(link_id, post_id, day, SegmentId(segment_id), goal_id=None, sums=Sums(clicks))
        for link_id, post_id, day, segment_id, clicks in session.execute(carried)
    ]
    for link_id, post_id, day, segment_id, goal_id, many, worth in session.execute(reached):
        sums = Sums(0, many, int(worth or 0))
        rows.append(Row(link_id, post_id, day, segment_id, goal_id=goal_id, sums=sums))
    return rows


def codes_of(session: Session, links: Collection[LinkId]) -> dict[LinkId, str]:
    """Return the codes of links."""
    found = session.execute(select(Link.id, Link.code).where(Link.id.in_(links)))
    return {link_id: code or "" for link_id, code in found}

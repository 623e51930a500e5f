"""Narrow reports to clicks from one source, of one segment, or both."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, func, select, true
from sqlalchemy.orm import Session

from linktrack.audience.models import Segment
from linktrack.clicks.counts.windows import within_window
from linktrack.clicks.models import (
    account_referrer_days,
    post_segments,
    post_sources,
    referrers,
    sources,
)
from linktrack.clicks.vocabulary import UNATTRIBUTED
from linktrack.ids import AccountId
from linktrack.links.models import Post
from linktrack.reports.days import DayCounts
from linktrack.reports.queries import Chosen, PostSums

UNKNOWN: Final = ""
"""As a source: no referrer was sent. As a segment: we can't tell who."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which clicks are meant, by names as pages show them; None is any, "" is `UNKNOWN`."""

    source: str | None = None
    segment: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is all clicks."""
        return self.source is None and self.segment is None

    def has(self, source: str | None, segment: str | None) -> bool:
        """Whether clicks of this source and segment, as reports name them, are in it."""
        return self.source in (None, source or UNKNOWN) and self.segment in (
            None,
            segment or UNKNOWN,
        )


WHOLE: Final = Part()


def part_series(
    session: Session, account_ids: Iterable[AccountId], first: date, last: date, part: Part
) -> Mapping[int, list[DayCounts]]:
    """Return the days on which these accounts had clicks of a part, first to last inclusive.

    What is left out has no segment and is in no part: `not_human` is 0.
    """
    found: defaultdict[int, list[DayCounts]] = defaultdict(list)
    days = account_referrer_days.c
    query = (
        select(days.account_id, days.day, func.sum(days.clicks), func.sum(days.unique_clicks))
        .where(days.account_id.in_(list(account_ids)))
        .where(days.day.between(first.toordinal(), last.toordinal()))
        .group_by(days.account_id, days.day)
        .having(func.sum(days.clicks) > 0)
        .order_by(days.day)
    )
    if part.source is not None:
        named = select(referrers.c.id).join(sources, referrers.c.source_id == sources.c.id)
        query = query.where(days.referrer_id.in_(named.where(sources.c.name == part.source)))
    query = query.where(_of_segment(account_referrer_days, part.segment))
    for account_id, day, clicks, unique_clicks in session.execute(query):
        found[account_id].append(
            DayCounts(date.fromordinal(day), int(clicks), int(unique_clicks), 0)
        )
    return found


def part_sums(session: Session, chosen: Chosen, window: int, part: Part) -> list[PostSums]:
    """Return the sums of every chosen post for a part by source or by segment, not by both.

    Posts are counted by the one and by the other, so `segment` is not looked at where there is a
    source. `without_visitor` is 0 and `unattributed` too, but for those we can't tell.
    """
    clicks: ColumnElement[int]
    people: ColumnElement[int]
    if part.source is not None:
        table = post_sources
        named = select(sources.c.id).where(sources.c.name == part.source)
        within = and_(table.c.source_id.in_(named), table.c.window <= window)
        clicks, people = table.c.clicks, table.c.unique_clicks
    else:
        table = post_segments
        within = and_(_of_segment(table, part.segment))
        clicks = within_window(table, "clicks", window)
        people = within_window(table, "unique_clicks", window)
    query = (
        select(
            Post.account_id,
            Post.posted_at,
            Post.measured_from,
            func.coalesce(func.sum(clicks), 0),
            func.coalesce(func.sum(people), 0),
            Post.id,
        )
        .outerjoin(table, and_(table.c.post_id == Post.id, within))
        .where(chosen)
        .group_by(Post.id, Post.account_id, Post.posted_at, Post.measured_from)
    )
    unknown = part.source is None and part.segment == UNKNOWN
    return [
        PostSums(
            account_id=account_id,
            posted_at=at,
            measured_from=measured_from,
            clicks=int(clicks),
            unique_clicks=int(unique),
            without_visitor=0,
            unattributed=int(unique) * unknown,
            post_id=post_id,
        )
        for account_id, at, measured_from, clicks, unique, post_id in session.execute(query)
    ]


def _of_segment(table: Table, segment: str | None) -> ColumnElement[bool]:
    if segment is None:
        return true()
    if segment == UNKNOWN:
        return table.c.segment_id == UNATTRIBUTED
    return table.c.segment_id.in_(select(Segment.id).where(Segment.name == segment))

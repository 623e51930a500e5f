"""The best of a week's entries in a community's feed, once the week is over.

Posts of several accounts are compared with their own account's usual, so that a small account's
best has its chance. Of what nobody can tell that yet (own words, an account with few posts), the
owner's choice is taken for the usual.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.counts import count_histories
from linktrack.calendar.ranges import DayRange
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.community.feed.bringing_in import keep_ranks
from linktrack.community.models import FeedEntry
from linktrack.ids import AccountId, PostId
from linktrack.links.models import Post
from linktrack.reports import queries
from linktrack.reports.community.candidates import times_usual
from linktrack.reports.counting import Counting
from linktrack.reports.rated import rated_people
from linktrack.reports.standing import standings, year_around

AS_USUAL: Final = 1.0


def rank_weeks(session: Session, today: date, timezone: ZoneInfo, now: datetime) -> int:
    """Give the entries of weeks that are over their places; return how many got one.

    A place stays, so that nobody's feed changes later. All clicks before `now` are loaded.
    """
    monday = today - timedelta(days=today.weekday())
    over = DayRange(monday, monday, timezone).since
    query = select(FeedEntry).where(FeedEntry.week_rank.is_(None), FeedEntry.brought_at < over)
    entries = session.scalars(query.order_by(FeedEntry.id)).all()
    if not entries:
        return 0
    scores = _scores(session, [each.post_id for each in entries if each.post_id is not None], now)
    weeks: defaultdict[tuple[AccountId, date], list[FeedEntry]] = defaultdict(list)
    for entry in entries:
        day = entry.brought_at.astimezone(timezone).date()
        weeks[entry.account_id, day - timedelta(days=day.weekday())].append(entry)
    for members in weeks.values():
        ranked = sorted(members, key=lambda each: -_score(each, scores))
        keep_ranks(session, [each.id for each in ranked])
    return len(entries)


def _score(entry: FeedEntry, scores: dict[PostId, float]) -> float:
    return AS_USUAL if entry.post_id is None else scores.get(entry.post_id, AS_USUAL)


def _scores(session: Session, post_ids: Sequence[PostId], now: datetime) -> dict[PostId, float]:
    """Return how many times the usual rate these posts' are, where that can be told."""
    dated = session.execute(
        select(Post.account_id, Post.posted_at).where(
            Post.id.in_(post_ids), Post.posted_at.is_not(None)
        )
    ).all()
    if not dated:
        return {}
    moments = [row.posted_at for row in dated]
    ids = {row.account_id for row in dated}
    around = queries.chosen_posts(ids, *year_around(min(moments), max(moments)))
    counting = Counting(DEFAULT_WINDOW, now)
    rated = rated_people(session, around, count_histories(session, ids), counting)
    stands = standings(rated, set(post_ids))
    return {
        post.post_id: times_usual(post, stands[post.post_id].rate.value or 0.0)
        for post in rated
        if post.post_id in stands and post.low is not None
    }

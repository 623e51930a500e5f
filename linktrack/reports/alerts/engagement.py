"""Engagement beyond an account's usual: what its posts gained on a day."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from linktrack.engagement.models import EngagementCount, EngagementWatch, NetworkPost
from linktrack.engagement.vocabulary import KIND_NUMBER, NAMED
from linktrack.ids import AccountId
from linktrack.reports.alerts.finding import BySlot, Finding, Look, by_account, days_in_a_row
from linktrack.reports.alerts.missed import days_missed
from linktrack.reports.figures.statistics.alarms import Usual

NEW: Final = timedelta(days=1)
"""What an older post has when it is read first was gained nobody knows when."""

LIVELY: Final = timedelta(days=3)
"""Posts of so many days must have been read since, before anything is said to be missing."""

_KINDS: Final = [KIND_NUMBER[kind] for kind in NAMED]


def engagement_findings(
    session: Session, account_ids: Sequence[AccountId], look: Look
) -> Iterator[Finding]:
    """Yield days that gained more than usual, today included, or less, yesterday."""
    first, last = look.history
    gains = _gains(session, account_ids, look)
    unread = _not_read_since(session, account_ids, look)
    missing = days_missed(session, account_ids, "engagement.drop", look)
    for number, counts in gains.items():
        days = days_in_a_row(counts, first, last, 1, missing[number])
        usual = Usual.of(days[:-1])
        if usual is None or look.watched_since > look.moment(last):
            continue  # what was gained while nobody looked is found in one lump
        today, yesterday = look.today.weekday(), days[-1]
        count, most = counts.get((last + 1, 0), 0), usual.most(today, 0)
        least = usual.least(1, usual.expected[yesterday.weekday][0])
        if count > most:
            begun = look.moment(last + 1)
            yield Finding(number, "engagement.spike", begun, look.at, count, usual=most)
        elif sum(yesterday.counts) < least and number not in unread:
            begun, end = look.moment(last), look.moment(last + 1)
            yield Finding(number, "engagement.drop", begun, end, sum(yesterday.counts), usual=least)


def _gains(
    session: Session, account_ids: Sequence[AccountId], look: Look
) -> Mapping[AccountId, BySlot]:
    """Return how much likes, reposts, replies and quotes rose, by the day it was read."""
    counted = EngagementCount.counted_at
    query = (
        select(
            NetworkPost.account_id,
            EngagementCount.network_post_id,
            EngagementCount.kind,
            NetworkPost.posted_at,
            counted,
            EngagementCount.count,
        )
        .join(NetworkPost, NetworkPost.id == EngagementCount.network_post_id)
        .where(
            NetworkPost.account_id.in_(account_ids),
            EngagementCount.kind.in_(_KINDS),
            counted >= look.moment(look.history[0]),
        )
        .order_by(EngagementCount.network_post_id, EngagementCount.kind, counted)
    )

    def rises() -> Iterator[tuple[AccountId, int, int, int]]:
        for _, rows in groupby(session.execute(query), key=lambda row: (row[1], row[2])):
            before = None
            for account_id, _, _, posted_at, counted_at, count in rows:
                is_known = before is not None or counted_at - posted_at <= NEW
                rise = max(0, count - (before or 0)) if is_known else 0
                before = count
                yield account_id, counted_at.astimezone(look.timezone).toordinal(), 0, rise

    return by_account(rises(), account_ids)


def _not_read_since(
    session: Session, account_ids: Sequence[AccountId], look: Look
) -> set[AccountId]:
    """Return the accounts of which nobody knows what yesterday brought."""
    midnight = look.moment(look.today.toordinal())
    lively = select(NetworkPost.account_id).where(
        NetworkPost.account_id.in_(account_ids),
        NetworkPost.posted_at > midnight - LIVELY,
        NetworkPost.gone_at.is_(None),
        or_(NetworkPost.read_at.is_(None), NetworkPost.read_at < midnight),
    )
    failing = select(EngagementWatch.account_id).where(
        EngagementWatch.account_id.in_(account_ids), EngagementWatch.problem.is_not(None)
    )
    return {*session.scalars(lively.distinct()), *session.scalars(failing)}

"""From findings to alerts: each episode is one, and ends silently."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from linktrack.ids import AccountId
from linktrack.reports.alerts.finding import Finding
from linktrack.reports.alerts.models import Alert

CALM: Final = timedelta(days=1)
"""After so long without anything unusual of its kind an episode has ended."""

SEEN_EVERY: Final = timedelta(hours=1)
"""How often it is written down that one goes on."""


def keep(session: Session, findings: Iterable[Finding], at: datetime) -> list[Alert]:
    """Make alerts of findings that belong to no episode that goes on; return them, and commit.

    Several machines may find the same: one of them keeps it.
    """
    going_on = {
        (alert.account_id, alert.kind): alert
        for alert in session.scalars(select(Alert).where(Alert.ended_at.is_(None)))
    }
    new: list[Alert] = []
    for found in findings:
        known = going_on.get((found.account_id, found.kind))
        if known is not None and at - known.seen_at <= CALM:
            if at - known.seen_at >= SEEN_EVERY:
                known.seen_at = at
            continue
        new.append(
            Alert(
                account_id=found.account_id,
                kind=found.kind,
                since=found.since,
                until=found.until,
                count=found.count,
                usual=found.usual,
                noticed_at=at,
                seen_at=at,
            )
        )
    session.execute(
        update(Alert)
        .where(Alert.ended_at.is_(None), Alert.seen_at < at - CALM)
        .values(ended_at=Alert.seen_at)
    )
    session.commit()
    return [alert for alert in new if _is_kept(session, alert)]


def _is_kept(session: Session, alert: Alert) -> bool:
    session.add(alert)
    try:
        session.commit()
    except IntegrityError:  # another machine's, or one that ended and is still in sight
        session.rollback()
        return False
    return True


def alerts_since(
    session: Session, since: datetime, account_ids: Sequence[AccountId]
) -> Sequence[Alert]:
    """Return the alerts of some accounts that were noticed since a moment, newest first."""
    query = select(Alert).where(Alert.noticed_at >= since, Alert.account_id.in_(account_ids))
    return session.scalars(query.order_by(Alert.noticed_at.desc(), Alert.id.desc())).all()

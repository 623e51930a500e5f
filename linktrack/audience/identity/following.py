"""Which follower of an account somebody is, once they have shown who they are."""

from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from linktrack.audience.forgetting import handle_key
from linktrack.audience.models import (
    Account,
    Follower,
    FollowerSegment,
    FollowPeriod,
    Segment,
)
from linktrack.audience.segments import rest_segment
from linktrack.networks.identity import Identity


def segment_of(
    session: Session, account: Account, identity: Identity, now: datetime
) -> Segment | None:
    """Return the segment of somebody who is on the newest follower list; None: they aren't on it.

    It is the one they were sorted into last. The network's id decides, and a handle only where the
    list has no id. Nothing of who they are is kept.
    """
    if identity.network != account.network:
        return None
    by_handle = f"@{handle_key(identity.handle)}"
    follower_id = session.scalar(
        select(Follower.id)
        .join(FollowPeriod, FollowPeriod.follower_id == Follower.id)
        .where(
            Follower.account_id == account.id,
            Follower.network_id.in_((identity.network_id, by_handle)),
            FollowPeriod.ended_by.is_(None),
        )
        .order_by(case((Follower.network_id == by_handle, 1), else_=0))
        .limit(1)
    )
    if follower_id is None:
        return None
    segment = session.scalar(
        select(Segment)
        .join(FollowerSegment, FollowerSegment.segment_id == Segment.id)
        .where(FollowerSegment.follower_id == follower_id)
        .order_by(FollowerSegment.sorted_at.desc())
        .limit(1)
    )
    if segment is None or segment.removed_at is not None:
        return rest_segment(session, account, now)
    return segment

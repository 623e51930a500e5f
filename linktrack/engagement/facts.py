"""How often each follower does anything with an account's posts: a fact that rules can ask for.

It is a column of the followers, since sorting them into segments must not know this room. Whatever
has read engagement brings it up to date; the next sorting finds it there.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from linktrack.audience.models import Follower
from linktrack.engagement.models import Engagement, NetworkPost
from linktrack.ids import AccountId

LAST: Final = timedelta(days=90)
"""How far back it is counted."""


def keep_engaged(session: Session, account_id: AccountId, now: datetime) -> None:
    """Bring `Follower.engaged` up to date for an account: what they did in the last 90 days.

    Until posts have been read for so long, who did nothing that was read may have done something
    before: then it is unknown, not zero.
    """
    since = now - LAST
    oldest = session.scalar(
        select(func.min(NetworkPost.posted_at)).where(
            NetworkPost.account_id == account_id, NetworkPost.names_read_at.is_not(None)
        )
    )
    if oldest is None:
        return
    nothing = 0 if oldest <= since else None
    counts = (
        select(Engagement.follower_id, func.count())
        .join(NetworkPost, NetworkPost.id == Engagement.network_post_id)
        .where(NetworkPost.account_id == account_id, Engagement.first_seen_at >= since)
        .group_by(Engagement.follower_id)
    )
    did = {row[0]: row[1] for row in session.execute(counts)}
    known = select(Follower.id, Follower.engaged).where(
        Follower.account_id == account_id, Follower.engaged > 0
    )
    before = {row[0]: row[1] for row in session.execute(known)}
    changed = [
        {"id": number, "engaged": did.get(number, nothing)}
        for number in sorted({*did, *before})
        if before.get(number) != did.get(number, nothing)
    ]
    if changed:
        session.execute(update(Follower), changed)
    if nothing == 0:
        session.execute(
            update(Follower)
            .where(Follower.account_id == account_id, Follower.engaged.is_(None))
            .values(engaged=0)
            .execution_options(synchronize_session=False)
        )
    session.flush()

"""Forget a person: no click names them any more, and every count stays what a rebuild makes."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from linktrack.audience.forgetting import find_people, forget_people
from linktrack.clicks.models import clicks
from linktrack.clicks.recount import remark_post
from linktrack.clicks.rollups import Days
from linktrack.clicks.vocabulary import ATTRIBUTION_NUMBER, UNATTRIBUTED
from linktrack.db import take_turns
from linktrack.links.models import Link


def forget_follower(session: Session, name: str, key: bytes, days: Days, now: datetime) -> None:
    """Remove a person from follower lists and clicks, for good.

    `name` is what `find_people` takes. Their clicks stay, of nobody we can tell; those still in
    journals are loaded so too, since the follower is gone (`store.py`). A link made for them goes
    on redirecting. Raises `NotFound`.
    """
    connection = session.connection()
    take_turns(connection)
    people = find_people(session, name)
    numbers = [follower.id for follower, _ in people]
    theirs = clicks.c.follower_id.in_(numbers)
    posts = connection.scalars(
        select(Link.post_id)
        .join(clicks, clicks.c.link_id == Link.id)
        .where(theirs, Link.post_id.is_not(None))
        .distinct()
    ).all()
    connection.execute(
        update(clicks)
        .where(theirs)
        .values(
            follower_id=None,
            segment_id=UNATTRIBUTED,
            attribution=ATTRIBUTION_NUMBER[None],
        )
    )
    for post_id in posts:  # the posts one person has clicked: few
        assert post_id is not None
        remark_post(connection, post_id, days)
    forget_people(session, people, key, now)

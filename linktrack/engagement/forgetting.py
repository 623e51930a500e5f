"""Forget a person: what they did with posts, and all else that is known of them."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from linktrack.audience.forgetting import find_people
from linktrack.calendar.days import Days
from linktrack.clicks.loading.forgetting import forget_clicker
from linktrack.db import take_write_lock
from linktrack.engagement.models import Engagement


def forget_follower(session: Session, name: str, key: bytes, days: Days, now: datetime) -> None:
    """Remove a person from follower lists, clicks and engagement, for good.

    `name` is what `find_people` takes. Counts stay: they name nobody. The next reading leaves the
    person out, since they are no follower any more, and never become one again. Raises `NotFound`.
    """
    take_write_lock(session.connection())
    people = find_people(session, name)
    session.execute(
        delete(Engagement)
        .where(Engagement.follower_id.in_([follower.id for follower, _ in people]))
        .execution_options(synchronize_session=False)
    )
    forget_clicker(session, people, key, days, now)

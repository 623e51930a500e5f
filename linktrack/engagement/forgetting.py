"""Forget a person: what they did with posts, and all else that is known of them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from linktrack.audience.forgetting import find_people
from linktrack.audience.models import Follower
from linktrack.calendar.days import Days
from linktrack.clicks.loading.forgetting import forget_clicker
from linktrack.db import take_write_lock
from linktrack.engagement.models import Engagement
from linktrack.engagement.tallies import drop_tallies


def forget_follower(session: Session, name: str, key: bytes, days: Days, now: datetime) -> None:
    """Remove a person from follower lists, clicks and engagement, for good.

    `name` is what `find_people` takes. Counts stay: they name nobody; how many people it was is
    counted anew. The next reading leaves the person out, since they are no longer a follower, and
    never become one again. Raises `NotFound`.
    """
    take_write_lock(session.connection())
    forget_those(session, find_people(session, name), key, days, now)


def forget_those(
    session: Session,
    people: Sequence[tuple[Follower, str]],
    key: bytes,
    days: Days,
    now: datetime,
) -> None:
    """Remove followers as `forget_follower` does; the caller holds the write lock.

    `people` are one person's rows, as `find_people` gives them.
    """
    theirs = Engagement.follower_id.in_([follower.id for follower, _ in people])
    posts = session.scalars(select(Engagement.network_post_id).where(theirs).distinct()).all()
    session.execute(delete(Engagement).where(theirs).execution_options(synchronize_session=False))
    drop_tallies(session, posts)
    forget_clicker(session, people, key, days, now)

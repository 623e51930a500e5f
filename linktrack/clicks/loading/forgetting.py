"""Remove a person from stored clicks, and keep the counts in step."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from linktrack.audience.forgetting import forget_people
from linktrack.audience.models import Account, Follower
from linktrack.audience.sorting import sort_followers
from linktrack.calendar.days import Days
from linktrack.clicks.loading.personal import take_follower_away
from linktrack.owners.audit import note


def forget_clicker(
    session: Session,
    people: Sequence[tuple[Follower, str]],
    key: bytes,
    days: Days,
    now: datetime,
) -> None:
    """Remove a person from follower lists and clicks, for good; the caller holds the write lock.

    `people` are what `find_people` found. Their clicks stay, of nobody we can tell; those still in
    journals are loaded so too, since their agreement is gone (`personal.py`). A link made for
    them keeps working. What they did besides clicking is the caller's part.
    """
    connection = session.connection()
    accounts = {session.get_one(Account, follower.account_id) for follower, _ in people}
    for follower, _ in people:  # one person: as many rows as accounts they follow
        take_follower_away(connection, follower.id, days)
    forget_people(session, people, key, now)
    for account in accounts:
        sort_followers(session, account, now)
    note(session, "Forgot a follower.", now)  # who it was must not be known

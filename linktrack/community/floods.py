"""Limits for what strangers send: by the network they come from, of everybody, within an hour."""

from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from linktrack.community.models import Attempted, StrangerAttempt
from linktrack.errors import TooMany

MOST: Final = 12
"""Attempts of one network within an hour; a household, an office or a café shares one."""

MOST_OF_ALL: Final = 300
"""Attempts of all networks within an hour: whoever has many can fill no disk, and send no flood
of mails in our name."""

_HOUR: Final = 3_600
_SENTENCE: Final = {
    "join": "That's a lot of requests within an hour: try again later.",
    "suggest": "That's a lot of suggestions within an hour: try again later.",
}


def refuse_more(session: Session, attempted: Attempted, network: str, now: datetime) -> None:
    """Raise `TooMany` for a network that has had its attempts: a flood waits for no lock."""
    had = select(StrangerAttempt.number).where(
        StrangerAttempt.hour == int(now.timestamp()) // _HOUR,
        StrangerAttempt.attempted == attempted,
        StrangerAttempt.network == network,
    )
    if (session.scalar(had) or 0) >= MOST:
        raise TooMany(_SENTENCE[attempted])


def count_attempt(session: Session, attempted: Attempted, network: str, now: datetime) -> None:
    """Count what a stranger sends; raises `TooMany` beyond the limits, and counts no more then.

    `network` is the keyed hash of where it comes from (`Keys.network`). Call it in a transaction
    of its own, and commit that before you look at what was sent: what is refused counts, too.
    """
    delete_attempts(session, now)
    hour = int(now.timestamp()) // _HOUR
    in_all = select(func.coalesce(func.sum(StrangerAttempt.number), 0)).where(
        StrangerAttempt.hour == hour, StrangerAttempt.attempted == attempted
    )
    if (session.scalar(in_all) or 0) >= MOST_OF_ALL:
        raise TooMany(_SENTENCE[attempted])
    row = {"hour": hour, "attempted": attempted, "network": network, "number": 1}
    more = {"number": StrangerAttempt.number + 1}
    # One statement, so that of two at the same moment each is counted.
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    counted = (
        insert(StrangerAttempt)
        .values(row)
        .on_conflict_do_update(index_elements=["hour", "attempted", "network"], set_=more)
        .returning(StrangerAttempt.number)
    )
    number = session.scalar(counted)
    if (number or 0) > MOST:
        raise TooMany(_SENTENCE[attempted])


def delete_attempts(session: Session, now: datetime) -> None:
    """Delete what was counted in hours that are over."""
    hour = int(now.timestamp()) // _HOUR
    session.execute(delete(StrangerAttempt).where(StrangerAttempt.hour < hour))

"""Hello pages: a reader says which segment they belong to, and can take it back.

Only their own browser keeps it, in a signed cookie; what is stored here is how many there were.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, HelloDay, HelloNetwork, Segment
from linktrack.audience.segments import get_segment
from linktrack.errors import LinktrackError, NotFound
from linktrack.ids import SegmentId
from linktrack.keys import HELLO, Hello, Markers, Way, said_hello

INVITATION: Final = "invitation"
MOST_A_DAY: Final = 30  # hellos that count, from one network
LIFE: Final = 400 * 86_400
"""Seconds: the longest that browsers keep a cookie (RFC 6265bis)."""


@dataclass(frozen=True, slots=True)
class Hellos:
    """How many browsers have said hello as one of a segment, and how many took it back.

    `by_network` and `network_back` are those of them that signed in with the network.
    """

    said: int = 0
    taken_back: int = 0
    by_network: int = 0
    network_back: int = 0

    @property
    def most_now(self) -> int:
        """How many can be recognised now at most: browsers may have deleted the cookie."""
        return max(0, self.said - self.taken_back)

    @property
    def most_by_network(self) -> int:
        """How many of those came by sign-in with the network."""
        return min(self.most_now, max(0, self.by_network - self.network_back))


@dataclass(frozen=True, slots=True)
class Said:
    """What a browser's reader says, or had said: one of a segment, by a way.

    `day` is the one from which that holds; None: not known, or today.
    """

    segment: Segment
    way: Way = "button"
    day: date | None = field(default=None, compare=False)


def cookie_name(account: Account) -> str:
    """Return the name of an account's cookie."""
    return f"{HELLO}{account.id}"


def cookie_value(markers: Markers, account: Account, said: Said, today: date) -> str:
    """Return the content of an account's cookie for what was said.

    It has the segment, the day and the way, and nothing that tells who it was. Saying again what
    the network told doesn't make that newer.
    """
    day = said.day if said.way == "network" else None
    hello = Hello(said.segment.id, day or today, said.way)
    return markers.sign(cookie_name(account), hello.written)


def invitation(markers: Markers, segment: Segment) -> str:
    """Return what is put behind /hello/ACCOUNT/ to invite a segment; nobody can guess it.

    It is given out in the place that only the segment sees.
    """
    return markers.sign(INVITATION, str(segment.id))


def invited(session: Session, markers: Markers, account: Account, token: str) -> Segment:
    """Return the segment of an account that an invitation is for.

    Raises `NotFound` for any other text, and where the segment was removed.
    """
    value = markers.read(INVITATION, f"{INVITATION}={token}")
    segment = get_segment(session, int(value)) if value is not None else None
    if segment is None or segment.account_id != account.id or segment.removed_at is not None:
        raise NotFound("This invitation isn't valid: ask for a new one.")
    return segment


def remembered(session: Session, markers: Markers, account: Account, cookies: str) -> Said | None:
    """Return what this browser has said hello as, None if it has not."""
    hello = said_hello(markers, account.id, cookies)
    if hello is None:
        return None
    try:
        segment = get_segment(session, hello.segment_id)
    except LinktrackError:
        return None
    if segment.account_id != account.id:
        return None
    return Said(segment, hello.way, hello.day)


def count_hello(
    session: Session, day: date, network: str, said: Said | None, before: Said | None
) -> None:
    """Count a browser that says hello as `said` (None: takes it back) on a day.

    `before` is what it had said: saying the same again is nothing new. Beyond MOST_A_DAY from a
    network nothing is counted: whoever has no cookie yet may be a script. (This network is that of
    the reader's address, as `Keys.network` tells it.)
    """
    if said == before:
        return
    if not _is_counted(session, day, network):
        return
    if before is not None:
        row = _day(session, before.segment.id, day)
        row.taken_back += 1
        row.network_back += before.way == "network"
    if said is not None:
        row = _day(session, said.segment.id, day)
        row.said += 1
        row.by_network += said.way == "network"
    session.flush()


def _is_counted(session: Session, day: date, network: str) -> bool:
    """Whether a network has said hello, or taken it back, MOST_A_DAY times at most with this."""
    today = day.toordinal()
    session.execute(delete(HelloNetwork).where(HelloNetwork.day < today))
    found = session.get(HelloNetwork, (today, network), with_for_update=True)
    if found is None:
        found = HelloNetwork(day=today, network=network, number=0)
        session.add(found)
    elif found.number >= MOST_A_DAY:
        return False
    found.number += 1
    return True


def hellos(session: Session, account: Account) -> dict[SegmentId, Hellos]:
    """Return how many hellos each segment of an account has had."""
    query = (
        select(
            HelloDay.segment_id,
            func.sum(HelloDay.said),
            func.sum(HelloDay.taken_back),
            func.sum(HelloDay.by_network),
            func.sum(HelloDay.network_back),
        )
        .join(Segment, HelloDay.segment_id == Segment.id)
        .where(Segment.account_id == account.id)
        .group_by(HelloDay.segment_id)
    )
    return {row[0]: Hellos(*map(int, row[1:])) for row in session.execute(query)}


def _day(session: Session, segment_id: int, day: date) -> HelloDay:
    key = (segment_id, day.toordinal())
    found = session.get(HelloDay, key, with_for_update=True)
    if found is None:
        found = HelloDay(
            segment_id=segment_id,
            day=day.toordinal(),
            said=0,
            taken_back=0,
            by_network=0,
            network_back=0,
        )
        session.add(found)
    return found

"""Look once a week whether the destinations of links that are still clicked answer, politely.

A few in an hour, one at a time, with a pause between two of the same host; of a link with rules
all that it leads to. A destination counts as dead at the second failure in a row, at least a day
after the first: sites have bad hours.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from linktrack import __version__
from linktrack.audience.models import Account
from linktrack.clicks.bulk import among
from linktrack.clicks.models import link_days
from linktrack.clicks.nodes.turns import take_turn
from linktrack.db import Database
from linktrack.ids import LinkId
from linktrack.links.models import Link, LinkCheck
from linktrack.links.redirects.ruling import destinations_of_rules
from linktrack.links.visiting import Visit, visit

log = logging.getLogger(__name__)

EVERY: Final = timedelta(days=7)
AGAIN: Final = timedelta(days=1)  # after a failure
CLICKED_WITHIN: Final = timedelta(days=30)
MOST: Final = 50  # in one run: with a run an hour, 8,400 destinations a week
TURN: Final = timedelta(minutes=59)  # of one node for all, which then look again
PAUSE: Final = 2.0  # seconds between two visits to one host
MOST_PROBLEM: Final = 200  # characters of what is kept of one
DEAD_AFTER: Final = 2  # failures in a row


@dataclass(frozen=True, slots=True)
class DeadLink:
    """A link that is still clicked, and whose destination no longer answers."""

    link: Link
    check: LinkCheck
    clicks: int


def agent_of(base_url: str) -> str:
    """Return the name under which visits are made; it says whose they are."""
    return f"linktrack/{__version__} (link check; +{base_url}/)"


def check_links(
    database: Database,
    now: datetime,
    visiting: Callable[[str], Visit],
    most: int = MOST,
    pause: float = PAUSE,
) -> int:
    """Visit the destinations that are due, the longest unchecked first; return how many.

    Nothing of the database is held while a visit lasts.
    """
    with database.session() as session:
        due = session.execute(_due(now).limit(most)).all()
        elsewhere = destinations_of_rules(session, [LinkId(link_id) for link_id, _ in due])
    seen: dict[str, Visit] = {}
    last: dict[str, float] = {}
    for link_id, own in due:
        addresses = (own, *elsewhere.get(LinkId(link_id), ()))[:MOST]
        for destination in addresses:
            if destination not in seen:
                host = urlsplit(destination).hostname or ""
                time.sleep(max(0.0, last.get(host, -pause) + pause - time.monotonic()))
                seen[destination] = visiting(destination)
                last[host] = time.monotonic()
        found = _first_problem([(address, seen[address]) for address in addresses])
        with database.session(writes=True) as session:
            _write_down(session, link_id, own, found, now)
            session.commit()
    return len(seen)


def _first_problem(found: Sequence[tuple[str, Visit]]) -> Visit:
    """Return what was found at a link's own destination, else the first trouble at a rule's."""
    (_, own), *others = found
    if own.problem is None:
        for destination, at_rule in others:
            if at_rule.problem is not None:
                host = urlsplit(destination).hostname or ""
                said = f"Where a rule leads, at {host:.60}: {at_rule.problem}"
                return Visit(said[:MOST_PROBLEM])
    return own


def visitor_for(base_url: str) -> Callable[[str], Visit]:
    """Return what visits a destination in this installation's name."""
    agent = agent_of(base_url)
    return lambda destination: visit(destination, agent)


def _recent_clicks(now: datetime) -> Select[int, int]:
    return (
        select(link_days.c.link_id, func.sum(link_days.c.clicks).label("clicks"))
        .where(link_days.c.day >= _since(now))
        .group_by(link_days.c.link_id)
        .having(func.sum(link_days.c.clicks) > 0)
    )


def _since(now: datetime) -> int:
    return (now - CLICKED_WITHIN).date().toordinal()


def _due(now: datetime) -> Select[int, str]:
    recent = _recent_clicks(now).subquery()
    due = or_(
        LinkCheck.link_id.is_(None),
        LinkCheck.destination != Link.destination,
        LinkCheck.checked_at < now - EVERY,
        and_(LinkCheck.problem.is_not(None), LinkCheck.checked_at < now - AGAIN),
    )
    return (
        select(Link.id, Link.destination)
        .join(recent, recent.c.link_id == Link.id)
        .join(Account, Account.id == Link.account_id)
        .outerjoin(LinkCheck, LinkCheck.link_id == Link.id)
        .where(Link.disabled_at.is_(None), ~Account.simulated, due)
        .order_by(LinkCheck.checked_at.is_not(None), LinkCheck.checked_at, Link.id)
    )


def _write_down(
    session: Session, link_id: int, destination: str, found: Visit, now: datetime
) -> None:
    check = session.get(LinkCheck, link_id)
    if check is None:
        check = LinkCheck(link_id=link_id, failures=0)
        session.add(check)
    elif check.destination != destination:
        check.failures, check.failing_since = 0, None
    check.destination, check.checked_at, check.problem = destination, now, found.problem
    check.failures = 0 if found.problem is None else check.failures + 1
    if found.problem is None:
        check.failing_since = None
    elif check.failing_since is None:
        check.failing_since = now
    session.flush()


def dead_links(session: Session, now: datetime, limit: int) -> Sequence[DeadLink]:
    """Return links that are still clicked and lead to nothing, the most clicked first."""
    # First which: SQLite would look at every link, and all days of a month are many rows.
    failing = select(LinkCheck.link_id).where(LinkCheck.failures >= DEAD_AFTER)
    numbers = session.scalars(failing).all()
    if not numbers:
        return []
    connection = session.connection()
    dead = (
        select(Link, LinkCheck)
        .join(LinkCheck, LinkCheck.link_id == Link.id)
        .where(
            among(connection, Link.id, numbers),
            Link.disabled_at.is_(None),
            LinkCheck.destination == Link.destination,
        )
    )
    recent = _recent_clicks(now).where(among(connection, link_days.c.link_id, numbers))
    clicks = {row.link_id: int(row.clicks) for row in session.execute(recent)}
    found = [
        DeadLink(link, check, clicks[link.id])
        for link, check in session.execute(dead)
        if link.id in clicks
    ]
    return sorted(found, key=lambda one: (-one.clicks, one.link.id))[:limit]


def check_hourly(
    database: Database, base_url: str, stopping: Callable[[], bool], clock: Callable[[], datetime]
) -> None:
    """Check what is due once an hour until `stopping`; the first time after ten minutes.

    One node does it for all. Meant for a thread of its own: a visit takes seconds. A failure is one
    line in the log.
    """
    due = time.monotonic() + 600
    while not stopping():
        if time.monotonic() >= due:
            due = time.monotonic() + 3600
            try:
                # Else a bad hour of a site would be as many failures as there are nodes.
                if take_turn(database, "link_checks", clock(), TURN):
                    check_links(database, clock(), visitor_for(base_url))
            except Exception as error:  # noqa: BLE001 - the next hour is another try
                log.error("Destinations could not be checked: %s", error)
        time.sleep(1)

"""Read the pages behind new links for their cards: in the background, within seconds."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import IntegrityError

from linktrack.clicks.nodes.turns import turn
from linktrack.db import Database
from linktrack.links.cards.cards import Found, agent_of, keep_card, links_to_read, read_page
from linktrack.links.cards.looking import forget_old, keep_copy, lacks_copy, small_copy

log = logging.getLogger(__name__)

INTERVAL: Final = 2.0  # seconds between two looks for new links
AT_ONCE: Final = 20
TURN: Final = timedelta(minutes=5)
"""For which a node that was killed meanwhile keeps the others from reading."""


def read_cards(
    database: Database,
    now: datetime,
    reading: Callable[[str], Found],
    copying: Callable[[str], bytes | None] | None = None,
) -> int:
    """Read the pages that are due, and make small copies of their pictures; return how many.

    One node does it at a time, so that a page isn't read by each. Nothing of the database is held
    while a page is read.
    """
    with database.session() as session:
        if not links_to_read(session, now, 1):
            return 0
    with turn(database, "cards", now, TURN) as ours:
        return _read_due(database, now, reading, copying) if ours else 0


def _read_due(
    database: Database,
    now: datetime,
    reading: Callable[[str], Found],
    copying: Callable[[str], bytes | None] | None,
) -> int:
    with database.session() as session:
        due = links_to_read(session, now, AT_ONCE)
    seen: dict[str, Found] = {}
    for link_id, destination in due:
        if destination not in seen:
            seen[destination] = reading(destination)
        with database.session(writes=True) as session:
            try:
                keep_card(session, link_id, destination, seen[destination], now)
                session.commit()
            except IntegrityError:  # another machine has read it meanwhile
                session.rollback()
    pictures = {found.picture for found in seen.values() if found.picture is not None}
    if copying is not None:
        for picture in pictures:
            _copy(database, picture, copying, now)
    return len(seen)


def _copy(
    database: Database,
    picture: str,
    copying: Callable[[str], bytes | None],
    now: datetime,
) -> None:
    with database.session() as session:
        if not lacks_copy(session, picture):
            return
    body = copying(picture)
    with database.session(writes=True) as session:
        try:
            keep_copy(session, picture, body, now)
            session.commit()
        except IntegrityError:  # another machine has made one meanwhile
            session.rollback()


def follow_cards(
    database: Database, base_url: str, wait: Callable[[float], bool], clock: Callable[[], datetime]
) -> None:
    """Read due pages again and again; `wait(seconds)` returns whether to end.

    Meant for a thread of its own: a page may take seconds. A failure is one line in the log.
    """
    agent = agent_of(base_url)
    failing, forgotten = False, None
    while not wait(INTERVAL):
        try:
            now = clock()
            read_cards(
                database,
                now,
                lambda destination: read_page(destination, agent),
                lambda picture: small_copy(picture, agent),
            )
            if forgotten != now.date():
                with database.session(writes=True) as session:
                    forget_old(session, now)
                    session.commit()
                forgotten = now.date()
            failing = False
        except Exception as error:  # noqa: BLE001 - the next look is another try
            if not failing:
                log.error("Pages could not be read for their cards: %s", error)
            failing = True

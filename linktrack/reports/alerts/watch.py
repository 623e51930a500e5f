"""Looking at every account twice a minute, as long as the service runs."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from linktrack.audience.accounts import list_accounts
from linktrack.clicks.facts import read_fact, write_fact
from linktrack.clicks.loading.loaded import loaded_until
from linktrack.clicks.nodes.seen import last_loss
from linktrack.db import Database, from_ms, take_write_lock, to_ms
from linktrack.ids import AccountId
from linktrack.reports.alerts.clicks import click_findings, usual_clicks
from linktrack.reports.alerts.engagement import engagement_findings
from linktrack.reports.alerts.episodes import keep
from linktrack.reports.alerts.finding import Finding, Look
from linktrack.reports.alerts.followers import follower_findings
from linktrack.reports.alerts.missed import note_unwatched
from linktrack.reports.alerts.models import Alert
from linktrack.reports.figures.statistics.alarms import Usual

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 30.0
SELDOM: Final = timedelta(minutes=5)
"""How often counts of followers and engagement are looked at, which are read far less often."""

UNWATCHED: Final = timedelta(minutes=15)
"""After a longer pause nobody knows what was missed: watching begins anew."""

LEARN_EVERY: Final = timedelta(hours=1)
WATCHED_SINCE: Final = "watched_since"
WATCHED_UNTIL: Final = "watched_until"


class AlertWatch:
    """Finds what is beyond the usual, and keeps it as alerts."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._usual: Mapping[AccountId, Usual] = {}
        self._learn_at: datetime | None = None
        self._seldom_at: datetime | None = None

    def follow(self, wait: Callable[[float], bool]) -> None:
        """Look again and again; `wait(seconds)` returns whether to end."""
        failing, is_over = False, False
        while not is_over:
            try:
                self.look()
                failing = False
            except SQLAlchemyError as error:  # the database is away: that is unknown, not zero
                if not failing:
                    log.warning("Alerts wait: %s", error)
                failing = True
            except Exception:
                log.exception("Looking for alerts failed; it is tried again.")
            is_over = wait(LOOK_SECONDS)

    def look(self) -> list[Alert]:
        """Look once, and return the alerts that are new."""
        at, settings = self._clock(), self._database.settings
        watched_since = self._watched(at)
        with self._database.session() as session:
            lost_at = last_loss(session, settings.journals)
            watched_since = max(watched_since, lost_at or watched_since)
            loaded = loaded_until(session, settings.journals, at)
            look = Look(loaded, watched_since, settings.timezone)
            findings = self._findings(session, look, at)
        with self._database.session(writes=True) as session:
            return keep(session, findings, at)

    def _findings(self, session: Session, look: Look, at: datetime) -> list[Finding]:
        numbers = [each.id for each in list_accounts(session) if not each.simulated]
        if _is_time(self._learn_at, at, LEARN_EVERY):
            self._usual, self._learn_at = usual_clicks(session, numbers, look), at
        known = {number: self._usual[number] for number in numbers if number in self._usual}
        found = [*click_findings(session, known, look)]
        if _is_time(self._seldom_at, at, SELDOM):
            self._seldom_at = at
            found += follower_findings(session, numbers, look)
            found += engagement_findings(session, numbers, look)
        return found

    def _watched(self, at: datetime) -> datetime:
        """Return since when somebody has looked without a pause, and note that we do now."""
        with self._database.session(writes=True) as session:
            connection = session.connection()
            take_write_lock(connection)
            since = read_fact(connection, WATCHED_SINCE)
            until = read_fact(connection, WATCHED_UNTIL)
            if since is None or until is None or abs(at - from_ms(until)) > UNWATCHED:
                if until is not None:
                    note_unwatched(connection, from_ms(until), at, self._database.settings.timezone)
                since = to_ms(at)
                write_fact(connection, WATCHED_SINCE, since)
            write_fact(connection, WATCHED_UNTIL, to_ms(at))
            session.commit()
        return from_ms(since)


def _is_time(last: datetime | None, at: datetime, every: timedelta) -> bool:
    """Whether something is due that was done last at a moment; a clock may jump back."""
    return last is None or not timedelta(0) <= at - last < every

"""One installation opened for use: settings, keys, database and short domain together."""

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final, Self

from sqlalchemy.exc import SQLAlchemyError

# Every table is known wherever the database is used: foreign keys are found by name.
import linktrack.tables  # noqa: F401
from linktrack.audience.credentials import open_host, open_writer
from linktrack.calendar.days import Days
from linktrack.clicks.capture.gate import Gate
from linktrack.clicks.capture.geoip import place_lookup
from linktrack.clicks.capture.journal import Journal
from linktrack.clicks.capture.lane import Lane
from linktrack.clicks.capture.own_clicks import OwnClicks
from linktrack.clicks.capture.own_sites import OwnSites
from linktrack.clicks.capture.ruled import Ruling
from linktrack.clicks.capture.unknown_codes import UnknownCodes
from linktrack.clicks.capture.visitors import Visitors
from linktrack.clicks.click_ids import ClickIds
from linktrack.clicks.conversions.sites import hosts_with_ids
from linktrack.clicks.counts.retention import delete_old
from linktrack.clicks.keeping.elsewhere import with_clicks
from linktrack.clicks.loading.store import ClickStore
from linktrack.clicks.nodes.shared_keys import shared_keys
from linktrack.db import PATIENCE, Database
from linktrack.keys import Keys, load_keys
from linktrack.links.catalog import Shortener
from linktrack.links.codes import Codes
from linktrack.links.redirects.budgets import Budgets
from linktrack.links.redirects.hosts import Hosts
from linktrack.links.redirects.leases import Leases
from linktrack.links.redirects.lookup import changed_links, find_hosts, find_target
from linktrack.links.redirects.targets import Changes, Targets
from linktrack.owners.stored_settings import read_stored, with_stored
from linktrack.settings import Settings, load_settings

if TYPE_CHECKING:
    from linktrack.community.letting_in.messages import Addresses
    from linktrack.community.letting_in.worker import LettingIn
    from linktrack.publishing.sender import Sender

PATIENCE_OF_WORKERS: Final = 3.0
"""Seconds a web worker waits for another writer: its threads answer redirects too."""


@dataclass(slots=True)
class Installation:
    """What every door needs to do its work.

    `settings` are those in force: at first those of the environment, and after `keep_up` those that
    are stored as well.
    """

    settings: Settings
    keys: Keys
    database: Database
    shortener: Shortener
    environment: Settings = field(init=False)
    """The settings as the environment alone has them."""

    def __post_init__(self) -> None:
        """Remember where we began."""
        self.environment = self.settings

    @classmethod
    def open(cls, settings: Settings | None = None, patience: float = PATIENCE) -> Self:
        """Open the installation that the environment names; nothing is connected yet.

        `patience` is how many seconds it waits for another writer of the database.

        Raises `Invalid` for a setting and `Unavailable` for a data folder that cannot be used.
        """
        settings = settings or load_settings()
        keys = load_keys(settings.data)
        codes = Codes(keys.salt, keys.check)
        shortener = Shortener(settings.base_url, codes, settings.timezone)
        database = Database(settings, patience)
        database.engine = with_clicks(database.engine, settings)
        return cls(settings, keys, database, shortener)

    def keep_up(self) -> bool:
        """Take up the settings that are stored by now; return whether any of them is another one.

        It takes one small query. Raises SQLAlchemy's errors while the database is away.
        """
        current = with_stored(self.environment, read_stored(self.database.engine))
        if current == self.settings:
            return False
        self.settings = self.database.settings = current
        self.shortener = replace(self.shortener, timezone=current.timezone)
        return True

    def days(self) -> Days:
        """Return the calendar of the owner's time zone."""
        return Days(self.settings.timezone, self.settings.visitor_period)

    def delete_old_clicks(self, at: datetime) -> int:
        """Delete single clicks older than LINKTRACK_KEEP_DAYS; return how many there were."""
        settings = self.settings
        if settings.keep_days is None:
            return 0
        return delete_old(
            self.database.engine,
            settings.timezone,
            settings.visitor_period,
            settings.keep_days,
            at,
        )

    def lane(self) -> Lane:
        """Return what answers short links and writes their clicks down.

        Threads and files are made at the first click, so that it may cross a fork.
        """
        own_sites = OwnSites(
            ClickIds(self.keys.click_ids()), lambda: hosts_with_ids(self.database.engine)
        )
        with suppress(SQLAlchemyError):  # away just now: it is asked again every second
            self.keep_up()
            own_sites.keep_up()
        visitors = self.visitors()
        visitors.keep_up(time.time())
        self.database.close()  # no connection may cross a fork
        settings, engine, codes = self.settings, self.database.engine, self.shortener.codes
        at_once = self.database.at_once
        hosts = Hosts(lambda: find_hosts(engine, self.shortener.base_url))

        def changes(since: int | None) -> Changes:
            """Follow time zone, own sites, hosts and visitor keys beside the links each second."""
            self.keep_up()
            own_sites.keep_up()
            visitors.timezone = self.settings.timezone
            visitors.keep_up(time.time())
            changed = changed_links(engine, since)
            if changed.number != since:
                hosts.load()
            return changed

        return Lane(
            Targets(
                lambda key: find_target(engine, codes, key),
                changes,
                # A look-up takes SQLite 15 us; an event loop that hands it to a thread, several
                # times that.
                find_at_once=None
                if at_once is None
                else lambda key: find_target(at_once, codes, key),
            ),
            Journal(settings.journals, settings.journal_sync),
            visitors,
            settings.trusted_proxies,
            own=self.own_clicks(),
            place_of=None if settings.geoip is None else place_lookup(settings.geoip),
            markers=self.keys.markers(),
            gate=Gate(self.keys.passes(), Leases(Budgets(engine))),
            ruling=Ruling(self.keys.markers(), secure=settings.is_https),
            hosts=hosts,
            own_sites=own_sites,
            unknown=UnknownCodes(settings.journals),
        )

    def visitors(self) -> Visitors:
        """Return who tells visitors apart, under keys that all nodes share."""
        settings = self.settings
        return Visitors(
            settings.data / "visitor_keys",
            settings.visitor_period,
            settings.timezone,
            shared=shared_keys(self.database.engine),
        )

    def own_clicks(self) -> OwnClicks:
        """Return what tells the owner's own clicks."""
        return OwnClicks(self.keys.markers(), self.settings.ignore)

    def sender(self) -> "Sender":
        """Return what sends the posts that are due, signed in as their accounts."""
        from linktrack.publishing.sender import Sender

        return Sender(
            self.database,
            self.shortener,
            self.days(),
            partial(open_writer, self.database, self.keys),
        )

    def member_addresses(self) -> "Addresses":
        """Return what makes the addresses that are a member's own."""
        from linktrack.community.letting_in.messages import Addresses

        return Addresses(self.settings.base_url, self.keys.markers())

    def letting_in(self) -> "LettingIn":
        """Return what does the steps of letting people in, signed in as their accounts."""
        from linktrack.community.letting_in.worker import LettingIn, Mailing

        return LettingIn(
            self.database,
            Mailing(self.settings.mail, self.keys.sealing(), self.member_addresses()),
            partial(open_host, self.database, self.keys),
        )

    def click_store(self) -> ClickStore:
        """Return a click store of its own for this thread."""
        return ClickStore(
            self.database.engine, self.settings.timezone, self.settings.visitor_period
        )

"""One installation opened for use: settings, keys, database and short domain together."""

from dataclasses import dataclass
from typing import Self

from linktrack.clicks.rollups import Days
from linktrack.clicks.store import ClickStore
from linktrack.db import Database
from linktrack.keys import Keys, load_keys
from linktrack.links.catalog import Shortener
from linktrack.links.codes import Codes
from linktrack.settings import Settings, load_settings


@dataclass(frozen=True, slots=True)
class Installation:
    """What every door needs to do its work."""

    settings: Settings
    keys: Keys
    database: Database
    shortener: Shortener

    @classmethod
    def open(cls, settings: Settings | None = None) -> Self:
        """Open the installation that the environment names; nothing is connected yet.

        Raises `Invalid` for a setting and `Unavailable` for a data folder that cannot be used.
        """
        settings = settings or load_settings()
        keys = load_keys(settings.data)
        shortener = Shortener(settings.base_url, Codes(keys.salt, keys.check))
        return cls(settings, keys, Database(settings), shortener)

    def days(self) -> Days:
        """Return the calendar of the owner's time zone."""
        return Days(self.settings.timezone)

    def click_store(self) -> ClickStore:
        """Return a click store of its own for this thread."""
        return ClickStore(self.database.engine, self.settings.timezone)

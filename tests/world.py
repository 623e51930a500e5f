"""A small linktrack for tests: real database, real lane, real journal, real loader."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from linktrack.audience.accounts import add_account
from linktrack.audience.models import Account
from linktrack.clicks.loading.loader import Loader
from linktrack.clicks.loading.store import ClickStore
from linktrack.clicks.records import ClickRecord
from linktrack.db import Database
from linktrack.keys import load_keys
from linktrack.links.catalog import Shortener
from linktrack.links.codes import Codes
from linktrack.links.models import Post
from linktrack.links.posts import Wish, wrap_post
from linktrack.settings import Settings, load_settings

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
"""When most tests happen."""


@dataclass
class World:
    """One installation; `session` is one open session that may write; `ends` is done at its end."""

    settings: Settings
    database: Database
    shortener: Shortener
    session: Session
    ends: ExitStack = field(default_factory=ExitStack)

    @classmethod
    @contextmanager
    def at(cls, data: Path, database_url: str, **environ: str) -> "Iterator[World]":
        """Open an installation in a folder, on a database that has its tables."""
        settings = load_settings(
            {
                "LINKTRACK_DATA": str(data),
                "LINKTRACK_DATABASE": database_url,
                "LINKTRACK_BASE_URL": "https://go.jessestay.com",
                **environ,
            }
        )
        keys = load_keys(settings.data)
        database = Database(settings)
        session = database.session()
        ends = ExitStack()
        try:
            shortener = Shortener(settings.base_url, Codes(keys.salt, keys.check))
            yield cls(settings, database, shortener, session, ends)
        finally:
            ends.close()
            session.close()
            database.close()

    def account(
        self, handle: str = "@JessesLinks", network: str = "x", role: str | None = "you"
    ) -> Account:
        """Add an account."""
        account = add_account(self.session, network, handle, role, NOON)
        self.session.commit()
        return account

    def post(
        self, account: Account, text: str, at: datetime = NOON, segments: tuple[str, ...] = ()
    ) -> Post:
        """Wrap and publish a text with at least one address."""
        wish = Wish(text, posted_at=at, segments=segments)
        post = wrap_post(self.session, self.shortener, account, wish, at)
        assert post is not None
        assert post.links  # loaded now: reading them later would begin a transaction
        self.session.commit()
        return post

    def store(self) -> ClickStore:
        """Return a new click store, with nothing remembered."""
        settings = self.settings
        return ClickStore(self.database.engine, settings.timezone, settings.visitor_period)

    def click(self, records: Sequence[ClickRecord]) -> int:
        """Store clicks in one batch."""
        store = self.store()
        with store.transaction() as connection:
            return store.append(connection, records)

    def loader(self) -> Loader[ClickRecord]:
        """Return a new loader of this installation's journals."""
        return Loader(self.store(), self.settings.journals)

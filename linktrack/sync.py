"""Reading the networks on a schedule: beside the loader, never in a web worker."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

from linktrack.audience.credentials import (
    connections,
    open_engagement,
    open_mentions,
    open_writer,
)
from linktrack.audience.follow_back.worker import (
    FollowedBack,
    claim_follow_back,
    due_follow_backs,
    follow_back,
)
from linktrack.audience.models import Account
from linktrack.audience.syncing import Synced, claim, due_accounts, sync_account
from linktrack.community.suggestions.leaving import tidy
from linktrack.community.suggestions.reading import (
    Taken,
    claim_suggestions,
    due_for_suggestions,
    take_suggestions,
)
from linktrack.community.suggestions.saying import Mailing, say_due
from linktrack.db import Session, now
from linktrack.db_failures import is_database_away
from linktrack.engagement.reading import (
    Engaged,
    claim_engagement,
    due_engagement,
    read_engagement,
)
from linktrack.errors import Invalid
from linktrack.installation import Installation
from linktrack.networks.engagement import EngagementReader
from linktrack.networks.protocols import Feed, Reader
from linktrack.networks.registry import network_of
from linktrack.publishing.unwrapped.watching import Watched, claim_watch, due_watches, watch_account

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 60.0
"""How often is looked whether an account's time has come."""


def sync_one(installation: Installation, account: Account, *, confirmed: bool = False) -> Synced:
    """Read one account now; raises `Invalid` for an account that cannot be read.

    A connected account is read by itself: that shows more. One whose network does not take the
    sign-in is read without signing in.
    """

    def open_network(account: Account) -> Reader:
        with installation.database.session() as session:
            connection = connections(session).get(account.id)
        if connection is not None and connection.problem is None:
            return open_writer(installation.database, installation.keys, account)
        open_reader = network_of(account.network).open_reader
        if open_reader is None:
            raise Invalid(f"{account.handle} is on no network that shows it without a password.")
        return open_reader(account.handle, installation.settings)

    hours = installation.settings.sync_hours or 24
    return sync_account(
        installation.database,
        account,
        open_network,
        key=installation.keys.forgetting,
        every=timedelta(hours=hours),
        confirmed=confirmed,
    )


def watch_one(installation: Installation, account: Account) -> Watched:
    """Read an account's own posts now; what nobody may read gives nothing."""

    def open_feed(account: Account) -> Feed | None:
        public = network_of(account.network).open_feed
        if public is not None:
            return public(account.handle, account.network_id, installation.settings)
        with installation.database.session() as session:
            connection = connections(session).get(account.id)
        if connection is None or connection.problem is not None:
            return None
        return open_writer(installation.database, installation.keys, account)

    return watch_account(
        installation.database, installation.shortener, account, open_feed, installation.days()
    )


def engage_one(installation: Installation, account: Account) -> Engaged:
    """Read the engagement with an account's posts now; what nobody may read gives nothing.

    A connected account is asked as itself where that shows more.
    """

    def open_reader(account: Account) -> EngagementReader | None:
        with installation.database.session() as session:
            connection = connections(session).get(account.id)
        if connection is not None and connection.problem is None:
            own = open_engagement(installation.database, installation.keys, account)
            if own is not None:
                return own
        public = network_of(account.network).open_engagement
        if public is None:
            return None
        return public(account.handle, account.network_id, installation.settings)

    return read_engagement(installation.database, account, open_reader)


class Done(Protocol):
    """What came of one account."""

    @property
    def problem(self) -> str | None:
        """Why it went wrong, in a sentence."""


D = TypeVar("D", bound=Done)


def sync_due(installation: Installation) -> list[Synced]:
    """Read the accounts whose time has come; what went wrong is logged, and tried again."""
    return _each_due(installation, due_accounts, claim, sync_one)


def watch_due(installation: Installation) -> list[Watched]:
    """Read the own posts of the accounts whose time has come; what went wrong is logged."""
    return _each_due(installation, due_watches, claim_watch, watch_one)


def engage_due(installation: Installation) -> list[Engaged]:
    """Read the engagement of the accounts whose time has come; what went wrong is logged."""
    return _each_due(installation, due_engagement, claim_engagement, engage_one)


def follow_back_one(installation: Installation, account: Account) -> FollowedBack:
    """Follow back for an account that is claimed, and take back what its owner wants undone."""
    database, keys = installation.database, installation.keys
    return follow_back(database, account, lambda account: open_writer(database, keys, account))


def follow_back_due(installation: Installation) -> list[FollowedBack]:
    """Follow back for the accounts whose time has come; what went wrong is logged."""
    return _each_due(installation, due_follow_backs, claim_follow_back, follow_back_one)


def take_suggestions_of(installation: Installation, account: Account) -> Taken:
    """Read who speaks to an account that is claimed, and take in what they suggest."""
    database, keys = installation.database, installation.keys
    return take_suggestions(
        database,
        account,
        lambda account: open_mentions(database, keys, account),
        key=keys.forgetting,
        base_url=installation.settings.base_url,
    )


def take_suggestions_due(installation: Installation) -> list[Taken]:
    """Take in suggestions for the accounts whose time has come; what went wrong is logged."""
    return _each_due(installation, due_for_suggestions, claim_suggestions, take_suggestions_of)


def answer_due(installation: Installation) -> int:
    """Answer whoever the owner wants answered about a suggestion, and delete what is old of them.

    Returns how many answers were tried; what went wrong is kept with each.
    """
    database, keys, settings = installation.database, installation.keys, installation.settings
    tried = say_due(
        database,
        lambda account: open_writer(database, keys, account),
        Mailing(settings.mail, keys.sealing(), settings.base_host),
    )
    with database.session(writes=True) as session:
        tidy(session, now())
        session.commit()
    return tried


def _each_due(
    installation: Installation,
    due: Callable[[Session, datetime], Sequence[Account]],
    claim_one: Callable[[Session, int, datetime], bool],
    do: Callable[[Installation, Account], D],
) -> list[D]:
    """Do something for each account that is due, and that no other machine is at."""
    with installation.database.session() as session:
        accounts = due(session, now())
    done = []
    for account in accounts:
        with installation.database.session(writes=True) as session:
            ours = claim_one(session, account.id, now())
            session.commit()
        if not ours:
            continue
        found = do(installation, account)
        if found.problem is not None:
            log.warning("%s", found.problem)
        done.append(found)
    return done


class Schedule:
    """Looks every minute, in a thread of its own, as long as the process lives."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        """Begin; where the settings say that nothing is read by itself, nothing is."""
        self._thread.start()

    def stop(self) -> None:
        """End after the page that is being read; what is read already is kept."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._installation.settings.sync_hours:
                    sync_due(self._installation)
                    watch_due(self._installation)
                    engage_due(self._installation)
                follow_back_due(self._installation)
                take_suggestions_due(self._installation)
                answer_due(self._installation)
            except Exception as error:
                if not is_database_away(error):
                    log.exception("Reading the networks failed; it is tried again.")
            self._stopping.wait(LOOK_SECONDS)

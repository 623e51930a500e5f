"""The loader's process: clicks come into the database, and beside it runs what nobody waits for."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import SQLAlchemyError

from linktrack.clicks.capture.unknown_codes import FOLDER, AskedFor
from linktrack.clicks.loading.loader import Loader
from linktrack.clicks.nodes.telling import Telling
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.unknown.counting import UnknownStore
from linktrack.db import now
from linktrack.installation import Installation
from linktrack.logs import begin_logging
from linktrack.upkeep.counting_ahead import count_ahead
from linktrack.upkeep.tidying import tidy
from linktrack.web.serving.keeper import BLOCKED

if TYPE_CHECKING:
    from linktrack.webhooks.dispatch import Dispatcher
    from linktrack.webhooks.feed_mails import FeedMails

WEBHOOK_SECONDS: Final = 12  # for what is just being sent to webhooks
SENDING_SECONDS: Final = 5  # for what is just being sent or followed; cut off, it is looked for
NICE: Final = 10
"""How much the loader gives way to the workers: readers wait for a redirect, nobody for a count."""

KEY_CHECK_SECONDS: Final = 3600.0
COUNT_SECONDS: Final = 600.0  # until what can be counted ahead is looked for again
UNKNOWN_SECONDS: Final = 60.0  # until a journal of unknown codes that is counted is deleted
SETTINGS_SECONDS: Final = 2.0  # a changed setting is followed within so many


def follow(installation: Installation, parent: int | None = None) -> bool:
    """Load clicks as they come, until SIGTERM, or Ctrl-C, or a setting was changed.

    Returns whether it was a setting: then the caller begins anew (`begin_anew`).

    With a `parent` (the master's process number, which may be gone before we have begun) it ends
    with that one, and leaves Ctrl-C and hang-ups, which reach the whole terminal, to it: the
    master ends us when the workers have ended. Old visitor keys are destroyed on the way; beside
    it the networks are read, and posts that are due are sent to them.
    """
    settings = installation.settings
    begin_logging(settings.log)
    if parent is not None:
        os.nice(max(0, NICE - os.nice(0)))  # it may be the same process, begun anew
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, BLOCKED)
    signal.signal(signal.SIGINT, stop if parent is None else signal.SIG_IGN)
    signal.signal(signal.SIGHUP, stop if parent is None else signal.SIG_IGN)
    visitors = installation.visitors()
    hourly = _every(KEY_CHECK_SECONDS, lambda: tidy(installation, visitors, now()))
    by_and_by = _every(COUNT_SECONDS, lambda: count_ahead(database.engine, now()))
    changed = threading.Event()

    def look() -> None:
        with suppress(SQLAlchemyError):  # away just now: looked for again
            if installation.keep_up():
                changed.set()

    often = _every(SETTINGS_SECONDS, look)

    def ending() -> bool:
        hourly()
        by_and_by()
        often()
        return stopping.is_set() or changed.is_set() or parent not in (None, os.getppid())

    from linktrack.community.asking.mails import Post, follow_asking
    from linktrack.owners.signing_in.new_devices import follow_mails
    from linktrack.reports.alerts.watch import AlertWatch
    from linktrack.sync import Schedule
    from linktrack.upkeep.card_visits import follow_cards

    database, base_url, wait = installation.database, settings.base_url, stopping.wait
    webhooks = _beside("webhooks", partial(_dispatcher(installation).follow, wait))
    _beside("alerts", partial(AlertWatch(database, now).follow, wait))
    if settings.check_links:
        from linktrack.upkeep.link_checks import check_hourly

        _beside("link-checks", partial(check_hourly, database, base_url, stopping.is_set, now))
    _beside("sign-in-mails", partial(follow_mails, database, settings.mail, wait, now))
    _beside("feed-mails", partial(_feed_mails(installation).follow, wait))
    post = Post(database, settings.mail, installation.keys, base_url)
    _beside("asking", partial(follow_asking, post, wait, now))
    _beside("cards", partial(follow_cards, database, base_url, wait, now))
    letting_in = _beside("letting-in", partial(installation.letting_in().follow, wait))
    sending = _beside("sending", partial(installation.sender().follow, wait))
    node = Telling(database, installation.keys, now)
    telling = _beside("node", partial(node.follow, wait))
    schedule = Schedule(installation)
    schedule.start()
    try:
        make_loader(installation).follow(ending)
    finally:
        schedule.stop()
        stopping.set()
        webhooks.join(WEBHOOK_SECONDS)
        sending.join(SENDING_SECONDS)
        letting_in.join(SENDING_SECONDS)
        telling.join(SENDING_SECONDS)
        if parent in (None, os.getppid()):  # else it was killed, and another may have begun
            with suppress(SQLAlchemyError, OSError):  # then the others see it by and by
                node.tell(is_end=not changed.is_set())
    return changed.is_set()


def begin_anew() -> None:
    """Replace this process by one that does the same with the settings of now.

    A signal meanwhile waits until that one listens.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED)
    os.execv(sys.executable, [sys.executable, "-m", "linktrack", *sys.argv[1:]])  # noqa: S606


def _dispatcher(installation: Installation) -> "Dispatcher":
    from linktrack.webhooks.dispatch import Dispatcher

    return Dispatcher(
        installation.database,
        installation.shortener,
        installation.keys.sealing(),
        installation.settings.webhook_networks,
    )


def _feed_mails(installation: Installation) -> "FeedMails":
    from linktrack.webhooks.feed_mails import FeedMails

    return FeedMails(installation.database, installation.shortener, installation.keys, now)


def make_loader(installation: Installation) -> Loader[ClickRecord]:
    """Return a loader of this installation's journals: of clicks, and beside it of other things."""
    settings = installation.settings
    return Loader(
        installation.click_store(),
        settings.journals,
        settings.journal_keep,
        beside=(_loader_of_unknown_codes(installation),),
    )


def _loader_of_unknown_codes(installation: Installation) -> Loader[AskedFor]:
    store = UnknownStore(installation.database.engine, installation.days())
    folder = installation.settings.journals / FOLDER
    return Loader(store, folder, timedelta(0), delete_seconds=UNKNOWN_SECONDS)


def _beside(name: str, task: Callable[[], None]) -> threading.Thread:
    """Run what nobody waits for in a thread of its own; it ends with the process."""
    thread = threading.Thread(target=task, name=name, daemon=True)
    thread.start()
    return thread


def _every(seconds: float, task: Callable[[], None]) -> Callable[[], None]:
    due = 0.0

    def run() -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + seconds
            task()

    return run

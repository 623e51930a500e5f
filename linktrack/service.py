"""The running service: gunicorn's workers, and the loader beside them."""

import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from gunicorn.app.base import BaseApplication
from sqlalchemy.exc import SQLAlchemyError

from linktrack.audience.accounts import list_accounts
from linktrack.clicks.capture.unknown_codes import FOLDER, AskedFor
from linktrack.clicks.counts.counted_by import changed_settings, keep_of_old_counts
from linktrack.clicks.loading.loader import Loader
from linktrack.clicks.nodes.telling import Telling
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.unknown.counting import UnknownStore
from linktrack.db import now
from linktrack.installation import PATIENCE_OF_WORKERS, Installation
from linktrack.links.own_addresses import former_addresses, remember_address
from linktrack.logs import begin_logging, server_logger
from linktrack.owners import access
from linktrack.setting_texts import UNIX
from linktrack.settings import LOOPBACK, Settings
from linktrack.sync import Schedule
from linktrack.upkeep.tidying import tidy
from linktrack.web.serving.listening import Bind

if TYPE_CHECKING:
    from a2wsgi.asgi_typing import ASGIApp

    from linktrack.webhooks.dispatch import Dispatcher
    from linktrack.webhooks.feed_mails import FeedMails

log = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS: Final = 5  # an idle connection is kept
LAST_BATCH_SECONDS: Final = 30  # for the loader to finish when the service ends
WEBHOOK_SECONDS: Final = 12  # for what is just being sent to webhooks
SENDING_SECONDS: Final = 5  # for what is just being sent or followed; cut off, it is looked for
RESTART_SECONDS: Final = 1.0
NICE: Final = 10
"""How much the loader gives way to the workers: readers wait for a redirect, nobody for a count."""

KEY_CHECK_SECONDS: Final = 3600.0
UNKNOWN_SECONDS: Final = 60.0  # until a journal of unknown codes that is counted is deleted
SETTINGS_SECONDS: Final = 2.0  # a changed setting is followed within so many


class Service(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with our settings; its master keeps the loader running.

    One tree of processes: when the master is killed, workers and loader see it and end.
    """

    def __init__(self, settings: Settings, bind: Bind, workers: int, greeting: str) -> None:
        self._settings = settings
        self._bind = bind
        self._workers = workers
        self._greeting = greeting
        self._keeper = LoaderKeeper()
        super().__init__(prog="linktrack")

    def load_config(self) -> None:
        """Configure gunicorn (called by it)."""
        options: dict[str, object] = {
            "bind": str(self._bind),
            "workers": self._workers,
            "worker_class": "linktrack.web.serving.connections.Worker",
            "http_parser": "python",
            "asgi_lifespan": "on",
            "keepalive": KEEP_ALIVE_SECONDS,
            # Else a proxy on this machine passes a stranger's SCRIPT_NAME on, and with it
            # /x/owner/ gets past the proxy's own rule for /owner/.
            "forwarder_headers": "",
            "loglevel": "warning",
            "logger_class": server_logger(self._settings.log),
            "proc_name": "linktrack",
            "control_socket_disable": True,
            "when_ready": self._begin,
            "on_exit": self._end,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> "ASGIApp":
        """Make the application, in each worker after its fork (called by gunicorn)."""
        from linktrack.asgi import create_asgi_app

        begin_logging(self._settings.log)
        application = create_asgi_app(Installation.open(self._settings, PATIENCE_OF_WORKERS))
        gc.freeze()  # it lives as long as the worker: no collection need look at it
        return application

    def _begin(self, _server: object) -> None:
        self._keeper.start()
        print(self._greeting, flush=True)

    def _end(self, _server: object) -> None:
        self._keeper.stop()


def run(settings: Settings, bind: Bind, workers: int, greeting: str) -> None:
    """Serve with gunicorn until SIGTERM or Ctrl-C; SIGHUP replaces the workers."""
    Service(settings, bind, workers, greeting).run()


class LoaderKeeper:
    """Starts the loader as a process of its own, and again where it dies.

    By `posix_spawn`: `subprocess` learns of a failing start through a pipe, whose other end a
    worker that gunicorn forks at that moment would keep open, and then waits for ever.
    """

    def __init__(self) -> None:
        self._process: int | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name="loader-keeper", daemon=True)

    def start(self) -> None:
        """Start the loader."""
        self._thread.start()

    def _keep(self) -> None:
        command = [sys.executable, "-m", "linktrack", "load", "--follow"]
        command += ["--parent", str(os.getpid())]
        while True:
            with self._lock:
                if self._stopping.is_set():
                    return
                # A SIGTERM while it is still starting waits until it listens: the clicks that the
                # workers have just written are then loaded all the same.
                self._process = os.posix_spawn(
                    sys.executable,
                    command,
                    os.environ,
                    file_actions=[(os.POSIX_SPAWN_CLOSE, file) for file in _inherited()],
                    setsigmask=[signal.SIGTERM],
                )
            with suppress(ChildProcessError):  # gunicorn's master may have waited for it first
                os.waitpid(self._process, 0)
            with self._lock:
                self._process = None
            if not self._stopping.wait(RESTART_SECONDS):
                log.error("The loader ended; starting it again.")

    def stop(self) -> None:
        """End the loader after its last batch: the workers have ended, their clicks are there."""
        with self._lock:
            self._stopping.set()
            self._signal(signal.SIGTERM)
        self._thread.join(LAST_BATCH_SECONDS)
        with self._lock:
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process, number)


def _inherited() -> list[int]:
    """Return the open files that a new process would have too, but for the first three.

    gunicorn makes its listening socket one of them: a loader that outlives a killed master by a
    second would keep the port from the next one.
    """
    found = []
    for file in Path("/dev/fd").iterdir():
        with suppress(OSError):  # the one that listed them is closed by now
            if int(file.name) > 2 and os.get_inheritable(int(file.name)):
                found.append(int(file.name))
    return found


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
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # blocked by the keeper
    signal.signal(signal.SIGINT, stop if parent is None else signal.SIG_IGN)
    signal.signal(signal.SIGHUP, stop if parent is None else signal.SIG_IGN)
    visitors = installation.visitors()
    hourly = _every(KEY_CHECK_SECONDS, lambda: tidy(installation, visitors, now()))
    changed = threading.Event()

    def look() -> None:
        with suppress(SQLAlchemyError):  # away just now: looked for again
            if installation.keep_up():
                changed.set()

    often = _every(SETTINGS_SECONDS, look)

    def ending() -> bool:
        hourly()
        often()
        return stopping.is_set() or changed.is_set() or parent not in (None, os.getppid())

    from linktrack.community.asking.mails import Post, follow_asking
    from linktrack.owners.signing_in.new_devices import follow_mails
    from linktrack.reports.alerts.watch import AlertWatch
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

    A SIGTERM meanwhile waits until that one listens.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
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


def share_memory(installation: Installation) -> None:
    """Import before the fork what all workers come to need: they share its memory then.

    Detecting links takes up to 60 MB in each process that does it for itself.
    """
    import linktrack.asgi
    import linktrack.web.serving.connections  # noqa: F401
    from linktrack.networks.registry import network_of

    with installation.database.session() as session:
        networks = {account.network for account in list_accounts(session)}
    for found in map(network_of, networks):
        if found.shares_detector:
            found.detect("@a.example")
    gc.freeze()  # a collection would write to every page, and so copy it


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


def greeting(installation: Installation) -> str:
    """Return what is printed when the service answers: the first time, a sign-in address.

    Also what has changed since the last time: settings that counts hang on, and the base address.
    """
    base_url = installation.settings.base_url
    with installation.database.session(writes=True) as session:
        remember_address(session, base_url, now())
        keep_of_old_counts(session.connection(), installation.days())
        changed = changed_settings(session.connection(), installation.days())
        said = [each.sentence for each in changed]
        said += [
            f"Links posted under {former} are ours too: keep it leading here."
            for former in former_addresses(session, base_url)
        ]
        if access.ever_signed_in(session):
            way = "Sign in with an address from: linktrack owner link"
        else:
            owner = access.first_owner(session, now())
            secret = access.make_sign_in_link(session, owner, now())
            way = f"Sign in (once, within 15 minutes): {access.sign_in_url(base_url, secret)}"
        session.commit()
    return "\n".join([f"linktrack answers on {base_url}", *said, way])


def serving_settings(settings: Settings, bind: Bind, base_url_is_set: bool) -> Settings:
    """Return the settings a service on `bind` runs with.

    Without LINKTRACK_BASE_URL short links begin with the address it listens on; on loopback and on
    a Unix socket only a proxy on this machine can connect, so it is trusted.
    """
    if bind.path is not None:
        trusted = settings.trusted_proxies or (*LOOPBACK, UNIX)
        return replace(settings, trusted_proxies=trusted)
    host = "127.0.0.1" if bind.host in ("0.0.0.0", "::") else bind.host  # noqa: S104 - compared
    if not base_url_is_set:
        settings = replace(settings, base_url=f"http://{Bind(host, bind.port)}")
    if bind.is_loopback and not settings.trusted_proxies:
        settings = replace(settings, trusted_proxies=LOOPBACK)
    return settings

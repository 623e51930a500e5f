"""The running service: workers that redirect, a process for the pages, and the loader."""

import gc
import os
import shutil
import signal
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gunicorn.app.base import BaseApplication
from sqlalchemy.exc import SQLAlchemyError

from linktrack.audience.accounts import list_accounts
from linktrack.clicks.counts.counted_by import changed_settings, keep_of_old_counts
from linktrack.db import now
from linktrack.errors import Unavailable
from linktrack.installation import PATIENCE_OF_WORKERS, Installation
from linktrack.links.own_addresses import former_addresses, remember_address
from linktrack.logs import begin_logging, server_logger
from linktrack.owners import access
from linktrack.setting_texts import UNIX
from linktrack.settings import LOOPBACK, Settings
from linktrack.web.serving.elsewhere import Elsewhere, as_passed_on
from linktrack.web.serving.keeper import BLOCKED, Keeper, end_with
from linktrack.web.serving.listening import Bind
from linktrack.web.serving.site import THREADS, with_redirects

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from a2wsgi.asgi_typing import ASGIApp


KEEP_ALIVE_SECONDS: Final = 5  # an idle connection is kept
LAST_BATCH_SECONDS: Final = 30  # for the loader to finish when the service ends
PAGES_SECONDS: Final = 10  # for the last pages, whose readers have gone with the workers
LONGEST_FOLDER: Final = 90  # bytes: the address of a socket has room for some 100
PAGES_NICE: Final = 5  # how much pages give way to redirects


class Service(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with our settings for redirects; its master keeps pages and loader running.

    One tree of processes: when the master is killed, all others see it and end.
    """

    def __init__(self, settings: Settings, bind: Bind, workers: int, greeting: str) -> None:
        self._settings = settings
        self._bind = bind
        self._workers = workers
        self._greeting = greeting
        self._beside = Beside(bind, workers)
        super().__init__(prog="linktrack")

    def load_config(self) -> None:
        """Configure gunicorn (called by it)."""
        options: dict[str, object] = {
            **_common(self._settings),
            "bind": str(self._bind),
            "workers": self._workers,
            "worker_class": "linktrack.web.serving.connections.Worker",
            "http_parser": "python",
            "asgi_lifespan": "on",
            "keepalive": KEEP_ALIVE_SECONDS,
            "on_starting": lambda _server: self._beside.start(),
            "when_ready": lambda _server: print(self._greeting, flush=True),
            "on_reload": lambda _server: self._beside.pages.hang_up(),
            "on_exit": lambda _server: self._beside.stop(),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> "ASGIApp":
        """Make the application, in each worker after its fork (called by gunicorn)."""
        begin_logging(self._settings.log)
        lane = Installation.open(self._settings, PATIENCE_OF_WORKERS).lane()
        application = with_redirects(Elsewhere(self._beside.socket), lane)
        gc.freeze()  # it lives as long as the worker: no collection need look at it
        return application


class PagesService(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's threads, which make the pages that a `Service` passes on to them."""

    def __init__(self, settings: Settings, socket: Path, workers: int, parent: int) -> None:
        self._settings = settings
        self._socket = socket
        self._workers = workers
        self._parent = parent
        super().__init__(prog="linktrack pages")

    def load_config(self) -> None:
        """Configure gunicorn (called by it)."""
        options: dict[str, object] = {
            **_common(self._settings),
            "bind": f"unix:{self._socket}",
            "workers": pages_workers(self._workers),
            "worker_class": "gthread",
            "threads": THREADS * self._workers,
            "preload_app": True,  # the workers share its memory
            # What a client sends was measured and judged when it came.
            "limit_request_line": 0,
            "limit_request_field_size": 0,
            "limit_request_fields": 1_000,
            "secure_scheme_headers": {},
            "when_ready": lambda _server: self._begin(),
            "on_exit": lambda _server: self._end(),
            "post_worker_init": lambda _worker: signal.signal(signal.SIGINT, signal.SIG_IGN),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> "WSGIApplication":
        """Make the application, before the workers are forked (called by gunicorn)."""
        from linktrack.app import create_app

        begin_logging(self._settings.log)
        installation = Installation.open(self._settings, PATIENCE_OF_WORKERS)
        application = as_passed_on(create_app(installation))
        _share_detectors(installation)
        installation.database.close()  # no connection may cross a fork
        gc.freeze()  # a collection would write to every page of memory, and so copy it
        return application

    def _begin(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the master's, which ends us
        signal.pthread_sigmask(signal.SIG_UNBLOCK, BLOCKED)
        os.nice(PAGES_NICE)
        end_with(self._parent, PAGES_SECONDS)

    def _end(self) -> None:
        if os.getppid() != self._parent:  # else it starts us again, or clears away by itself
            shutil.rmtree(self._socket.parent, ignore_errors=True)


class Beside:
    """What a service's master keeps running beside its workers: the pages, and the loader."""

    def __init__(self, bind: Bind, workers: int) -> None:
        self._folder = _own_folder()
        self.socket = self._folder / "pages"
        serve = ["serve", "--bind", str(bind), "--workers", str(workers)]
        serve += ["--pages", str(self.socket)]
        self.pages = Keeper("process of the pages", serve, PAGES_SECONDS)
        self._loader = Keeper("loader", ["load", "--follow"], LAST_BATCH_SECONDS)

    def start(self) -> None:
        """Start both."""
        self.pages.start()
        self._loader.start()

    def stop(self) -> None:
        """End both, when the workers have ended: their clicks are there to be loaded."""
        for keeper in (self.pages, self._loader):
            keeper.tell_to_end()
        for keeper in (self.pages, self._loader):
            keeper.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _own_folder() -> Path:
    """Return a new folder for a socket, which only this user may enter; raises `Unavailable`."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="linktrack-"))
    except OSError as error:
        raise Unavailable(
            f"There is no folder for temporary files ({error.strerror}): name one in TMPDIR."
        ) from error
    if len(bytes(folder)) > LONGEST_FOLDER:
        folder.rmdir()
        raise Unavailable(f"{folder.parent} is too long a path for a socket: set TMPDIR to /tmp.")
    return folder


def _common(settings: Settings) -> dict[str, object]:
    return {
        # Else a proxy on this machine passes a stranger's SCRIPT_NAME on, and with it
        # /x/owner/ gets past the proxy's own rule for /owner/.
        "forwarder_headers": "",
        "loglevel": "warning",
        "logger_class": server_logger(settings.log),
        "proc_name": "linktrack",
        "control_socket_disable": True,
    }


def pages_workers(workers: int) -> int:
    """Return how many processes make pages beside so many that redirect."""
    return max(1, workers // 2)


def run(settings: Settings, bind: Bind, workers: int, greeting: str) -> None:
    """Serve with gunicorn until SIGTERM or Ctrl-C; SIGHUP replaces the workers."""
    Service(settings, bind, workers, greeting).run()


def run_pages(settings: Settings, socket: Path, workers: int, parent: int) -> None:
    """Make pages for a service with so many workers until SIGTERM, or as long as it lives."""
    PagesService(settings, socket, workers, parent).run()


def share_memory() -> None:
    """Import before the fork what all workers come to need: they share its memory then."""
    import linktrack.web.serving.connections  # noqa: F401

    gc.freeze()  # a collection would write to every page, and so copy it


def _share_detectors(installation: Installation) -> None:
    """Make what detects links: it takes up to 60 MB in each process that does it for itself."""
    from linktrack.networks.registry import network_of

    with suppress(SQLAlchemyError), installation.database.session() as session:
        networks = {account.network for account in list_accounts(session)}
        for found in map(network_of, networks):
            if found.shares_detector:
                found.detect("@a.example")


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

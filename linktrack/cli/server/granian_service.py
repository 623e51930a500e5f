"""The service under granian instead of gunicorn: the same application, the same loader.

An extra: pip install 'linktrack[granian]'. Imported only where `--server granian` asks for it.
"""

import os
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from linktrack.errors import Invalid
from linktrack.installation import PATIENCE_OF_WORKERS, Installation
from linktrack.logs import begin_logging
from linktrack.service import Beside
from linktrack.settings import Settings
from linktrack.web.serving.elsewhere import Elsewhere
from linktrack.web.serving.keeper import end_with
from linktrack.web.serving.listening import Bind
from linktrack.web.serving.site import with_redirects

if TYPE_CHECKING:
    from a2wsgi.asgi_typing import ASGIApp

try:
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server
except ImportError as error:
    raise Invalid(
        "granian is not installed: pip install 'linktrack[granian]', or serve with gunicorn."
    ) from error

HEAD_MILLISECONDS: Final = 10_000  # from connecting to the end of the headers
MOST_AT_ONCE: Final = 4_000  # requests in each worker, half-sent ones included
END_SECONDS: Final = 30  # for a worker to answer what it has begun


def run(settings: Settings, bind: Bind, workers: int, greeting: str) -> None:
    """Serve until SIGTERM or Ctrl-C; SIGHUP replaces the workers one by one."""
    if bind.path is not None:
        raise Invalid("granian does not listen on a Unix socket here: serve with gunicorn.")
    beside = Beside(bind, workers)
    server = Server(
        target="linktrack",
        address=bind.host,
        port=bind.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,  # the deadlines are of HTTP/1 alone; no proxy asks for more
        workers=workers,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_MILLISECONDS),
        backpressure=MOST_AT_ONCE,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=1.0,
        workers_kill_timeout=END_SECONDS,
    )

    def begin() -> None:
        beside.start()
        click.echo(greeting)

    server.on_startup(begin)
    server.on_reload(beside.pages.hang_up)
    server.on_shutdown(beside.stop)
    server.serve(
        target_loader=partial(_load, settings, beside.socket, os.getpid()), wrap_loader=False
    )


def _load(settings: Settings, pages: Path, master: int) -> "ASGIApp":
    """Make the application, in each worker. It ends with its master, however that one ends."""
    # Else one that is still starting takes SIGTERM by its master's handler, and the service ends
    # only when that one is killed, END_SECONDS later. It has answered nothing yet.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    begin_logging(settings.log)
    end_with(master, END_SECONDS)
    lane = Installation.open(settings, PATIENCE_OF_WORKERS).lane()
    return with_redirects(Elsewhere(pages), lane)

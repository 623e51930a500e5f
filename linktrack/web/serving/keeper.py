"""Keeping a process beside the web workers: the loader, and the one that makes pages."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

RESTART_SECONDS: Final = 1.0
WATCH_SECONDS: Final = 1.0

BLOCKED: Final = frozenset({signal.SIGTERM, signal.SIGHUP})
"""Signals that wait until the process that was started unblocks them: when it can take them.

The clicks that the workers have just written are loaded also where the loader is just starting.
"""


class Keeper:
    """Starts `linktrack COMMAND --parent PID`, and again where it dies, until it is stopped.

    By `posix_spawn`: `subprocess` learns of a failing start through a pipe, whose other end a
    worker that gunicorn forks at that moment would keep open, and then waits for ever.
    """

    def __init__(self, name: str, command: Sequence[str], last_seconds: float) -> None:
        """`name` is what the log calls it; `last_seconds` are for it to end in good order."""
        self._name = name
        self._command = command
        self._last_seconds = last_seconds
        self._process: int | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name=f"{name}-keeper", daemon=True)

    def start(self) -> None:
        """Start it."""
        self._thread.start()

    def _keep(self) -> None:
        command = [sys.executable, "-m", "linktrack", *self._command]
        command += ["--parent", str(os.getpid())]
        while True:
            with self._lock:
                if self._stopping.is_set():
                    return
                self._process = os.posix_spawn(
                    sys.executable,
                    command,
                    os.environ,
                    file_actions=[(os.POSIX_SPAWN_CLOSE, file) for file in _inherited()],
                    setsigmask=BLOCKED,
                )
            with suppress(ChildProcessError):  # gunicorn's master may have waited for it first
                os.waitpid(self._process, 0)
            with self._lock:
                self._process = None
            if not self._stopping.wait(RESTART_SECONDS):
                log.error("The %s ended; starting it again.", self._name)

    def hang_up(self) -> None:
        """Pass a SIGHUP on."""
        with self._lock:
            self._signal(signal.SIGHUP)

    def tell_to_end(self) -> None:
        """Send it a SIGTERM, and start it no more."""
        with self._lock:
            self._stopping.set()
            self._signal(signal.SIGTERM)

    def wait(self) -> None:
        """Return when it has ended, which it must within its time."""
        self._thread.join(self._last_seconds)
        with self._lock:
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process, number)


def end_with(parent: int, seconds: int) -> None:
    """End this process when its parent has ended, however that one did.

    By SIGTERM, again each second: one that is still starting takes the first for its parent's.
    After so many `seconds` it is killed.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH_SECONDS)
        for _ in range(seconds):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(WATCH_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)  # what was answered is in the journal

    threading.Thread(target=watch, name="parent", daemon=True).start()


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

"""Running linktrack as its users do: `linktrack serve` in a process of its own."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from waiting import ROOM, wait_until
from werkzeug.datastructures import Headers

from linktrack.cli import main

START_SECONDS = 120
"""Starting takes a second; on a machine with much else to do it took more than 30."""

END_SECONDS = 100
"""Workers have 30 to end, then pages and loader as long; the rest is for a busy machine."""


def free_port() -> int:
    """Return a port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(data: Path, database_url: str | None = None, **more: str) -> dict[str, str]:
    """Return an environment with these settings and none of the tester's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LINKTRACK_")}
    settings = {"LINKTRACK_DATA": str(data), **more}
    if database_url is not None:
        settings["LINKTRACK_DATABASE"] = database_url
    return kept | settings


def command(
    environ: Mapping[str, str], *arguments: str, text: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one linktrack command to its end.

    It runs in this process, since starting another takes most of a second: what is about processes
    starts them itself.
    """
    own = {name: None for name in os.environ if name.startswith("LINKTRACK_")}
    done = CliRunner().invoke(
        main, arguments, input=text, env={**own, **environ}, catch_exceptions=False
    )
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def answer(environ: Mapping[str, str], *arguments: str, text: str | None = None) -> Any:
    """Run a command with --json that must succeed, and return what it printed."""
    done = command(environ, *arguments, "--json", text=text)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Server:
    """A running service; `log` is what it has printed."""

    def __init__(
        self, environ: Mapping[str, str], log: Path, *options: str, before: Sequence[str] = ()
    ) -> None:
        self.port = free_port()
        self.environ = environ
        self.log = log
        self.options = options
        self.before = before
        self.process: subprocess.Popen[bytes]
        self.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *self.before,
                    sys.executable,
                    "-m",
                    "linktrack",
                    "serve",
                    "--bind",
                    f"127.0.0.1:{self.port}",
                    *self.options,
                ],
                env=dict(self.environ),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self._is_ready, START_SECONDS, why=f"it answers; see {self.log}")

    def _is_ready(self) -> bool:
        try:
            return self.request("/healthz")[0] == 200
        except OSError:
            assert self.process.poll() is None, self.log.read_text()
            return False

    def request(self, path: str, method: str = "GET", **headers: str) -> tuple[int, Headers, bytes]:
        """Ask once on a connection of its own; return status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ROOM)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=named)
            response = connection.getresponse()
            return response.status, Headers(response.getheaders()), response.read()
        finally:
            connection.close()

    def sign_in_path(self) -> str:
        """Return the path of the sign-in link that was printed at the first start."""
        link = re.compile(r"http://[^/]+(/owner/sign-in/\S+)")
        wait_until(lambda: link.search(self.log.read_text()), why="a sign-in link is printed")
        found = link.search(self.log.read_text())
        assert found is not None
        return found[1]

    def stop(self) -> int:
        """End it with SIGTERM, and return its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(END_SECONDS)

    def kill_all(self) -> None:
        """Kill every process of the service at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def serving(
    environ: Mapping[str, str], log: Path, *options: str, before: Sequence[str] = ()
) -> Iterator[Server]:
    """Run a service for the time of a test, by a command that is put `before` its own."""
    server = Server(environ, log, *options, before=before)
    try:
        yield server
    finally:
        server.stop()
        server.kill_all()

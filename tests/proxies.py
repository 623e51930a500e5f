"""Proxies that the guide names, in front of a service."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from waiting import wait_until


@contextmanager
def proxy(command: list[str], port: int, folder: Path) -> Iterator[None]:
    """Run a proxy for the time of a test."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not here: Debian's packages nginx-light and caddy")
    with (folder / "proxy.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={"HOME": str(folder), "PATH": "/usr/bin:/usr/sbin"}
        )
    try:
        wait_until(lambda: _listens(port), why=f"{command[0]} listens")
        yield
    finally:
        process.terminate()
        process.wait(20)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False

"""Processes that tests kill, each forked from one that has imported what they run.

Starting Python and importing it all takes a second of a processor's time, a fork some milliseconds.
The process that forks has no thread and no database of the tests.
"""

import multiprocessing
import os
from collections.abc import Callable
from functools import cache
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Final

IMPORTED: Final = ["pytest", "killhost", "killmails", "killnetwork"]


@cache
def _forking() -> ForkServerContext:
    """Start the process that forks; it ends with this one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    path = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path(__file__).parent), path)))
    try:
        forkserver.ensure_running()
    finally:
        if path is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = path
    return context


def run_apart(
    do: Callable[..., None],
    *arguments: object,
    told: Callable[[int], None] = lambda _: None,
    seconds: float = 120,
) -> int:
    """Do something in a process of its own, whose number is `told` before it begins.

    Return how it ended: its status, or the signal that killed it, below zero.
    """
    context = _forking()
    waits, begins = context.Pipe(duplex=False)
    process = context.Process(target=_do, args=(waits, do, arguments))
    process.start()
    assert process.pid is not None
    told(process.pid)
    begins.send_bytes(b"now")
    process.join(seconds)
    assert process.exitcode is not None, f"it goes on after {seconds} seconds"
    return process.exitcode


def _do(waits: Connection, do: Callable[..., None], arguments: tuple[object, ...]) -> None:
    waits.recv_bytes()
    do(*arguments)

"""Pools: a few threads for work that waits, beside an event loop that must not."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class Busy(Exception):
    """All threads are taken, and no more may wait for them; or one did not answer in time."""


class Pool:
    """At most `threads` at a time work, `most` work or wait, each for `seconds` altogether.

    Threads are made when they are needed first: after a fork.
    """

    def __init__(self, name: str, threads: int, most: int, seconds: float) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._room = threading.Semaphore(most)
        self._seconds = seconds

    async def run(self, function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        """Return what the function returns, or raise what it raises; raises `Busy`.

        A function that has begun goes on to its end, whoever waits for it.
        """
        if not self._room.acquire(blocking=False):
            raise Busy
        future = self._executor.submit(function, *arguments)
        future.add_done_callback(self._free)
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise Busy from error

    def _free(self, _future: Future[Result]) -> None:
        self._room.release()

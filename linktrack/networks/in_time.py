"""One answer of a network comes within a minute: a client's own limit holds for each read alone."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Timer
from typing import Final

import httpx
import requests

TOTAL: Final = 60.0
"""Seconds from a request to the end of its answer. Else a server that sends a byte now and then
would keep us for hours, and all accounts behind it."""

_END: Final = "linktrack_end"


def httpx_hooks() -> dict[str, list[Callable[..., None]]]:
    """Return hooks for an httpx client; an answer that takes longer is `httpx.ReadTimeout`."""

    def asked(request: httpx.Request) -> None:
        request.extensions = {**request.extensions, _END: time.monotonic() + TOTAL}

    def answered(response: httpx.Response) -> None:
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Until(response.stream, response.request.extensions[_END])

    return {"request": [asked], "response": [answered]}


class _Until(httpx.SyncByteStream):
    """A body that must come to its end by a moment of the monotonic clock."""

    def __init__(self, stream: httpx.SyncByteStream, end: float) -> None:
        self._stream = stream
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        for block in self._stream:
            if time.monotonic() > self._end:
                raise httpx.ReadTimeout("its answer does not come to an end")
            yield block

    def close(self) -> None:
        """Give back the connection."""
        self._stream.close()


def read_in_time(session: requests.Session) -> None:
    """Let a session of requests end with its own error where an answer's body takes longer.

    Each read waits for a whole block, so another thread ends it.
    """

    def answered(response: requests.Response, *_: object, **__: object) -> None:
        timer = Timer(TOTAL, _end, (response,))
        timer.daemon = True
        timer.start()
        try:
            response.content  # noqa: B018 - read here, and kept
        finally:
            timer.cancel()

    session.hooks["response"].append(answered)


def _end(response: requests.Response) -> None:
    with suppress(OSError, RuntimeError, ValueError):  # it has just come to its end
        response.raw.shutdown()

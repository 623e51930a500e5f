"""Rate limits: how many requests per minute each token gets on this machine."""

import fcntl
import logging
import math
import os
import struct
import time
from pathlib import Path
from typing import Final

from flask import Response, current_app, g

from linktrack.context import installation
from linktrack.errors import TooMany

log = logging.getLogger(__name__)

SECONDS: Final = 60
NAME: Final = "rate-limits"
_ENTRY: Final = struct.Struct("<dQ")  # when a token's minute began (steady clock), and its requests


class Limiter:
    """Counts requests by token in windows of a minute, in a file that all processes share.

    Each token has a few bytes of it, at an offset given by its number.
    """

    def __init__(self, most: int, path: Path) -> None:
        self.most = most
        self._path = path

    def count(self, token_id: int, at: float) -> tuple[int, int]:
        """Count a request `at` (seconds of the machine's steady clock).

        Returns how many are left, and in how many seconds the window ends. Below zero means
        that this request is one too many. Raises `OSError` if the file can't be used.
        """
        offset = token_id * _ENTRY.size
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)  # threads too: each has opened the file itself
            known = os.pread(file, _ENTRY.size, offset)
            begun, used = _ENTRY.unpack(known) if len(known) == _ENTRY.size else (at, 0)
            if not 0 <= at - begun < SECONDS:  # over, or of before the machine was started
                begun, used = at, 0
            os.pwrite(file, _ENTRY.pack(begun, used + 1), offset)
        finally:
            os.close(file)
        return self.most - used - 1, math.ceil(begun + SECONDS - at)


def count_request(token_id: int) -> None:
    """Count this request against its token's limit; raises `TooMany`.

    If it can't be counted (a full disk), it is answered without the headers.
    """
    settings = installation().settings
    limiter: Limiter = current_app.extensions.setdefault(
        "limiter", Limiter(settings.rate_limit, settings.data / NAME)
    )
    try:
        left, seconds = limiter.count(token_id, time.monotonic())
    except OSError as error:
        log.warning("A request is not counted against its token's limit: %s", error)
        return
    g.rate_limit = (limiter.most, max(0, left), seconds)
    if left < 0:
        raise TooMany(
            f"This token has made {limiter.most:,} requests in a minute: try again in {seconds} s."
        )


def add_limit_headers(response: Response) -> Response:
    """Add headers on what is left of the limit (draft-ietf-httpapi-ratelimit-headers)."""
    if "rate_limit" in g:
        most, left, seconds = g.rate_limit
        response.headers["RateLimit-Policy"] = f'"token";q={most};w={SECONDS}'
        response.headers["RateLimit"] = f'"token";r={left};t={seconds}'
        if response.status_code == 429:
            response.headers["Retry-After"] = str(seconds)
    return response

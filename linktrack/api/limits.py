"""Rate limits: how many requests a minute one token gets from this web process."""

import math
import threading
import time
from typing import Final

from flask import Response, current_app, g

from linktrack.context import installation
from linktrack.errors import TooMany

SECONDS: Final = 60
MOST_REMEMBERED: Final = 10_000


class Limiter:
    """Counts requests by token in windows of a minute, in the memory of one process."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._counts: dict[int, tuple[float, int]] = {}

    def count(self, token_id: int, at: float) -> tuple[int, int]:
        """Count a request `at` (seconds of a steady clock).

        Returns how many are left and in how many seconds the window ends. Below zero left means
        that this request is one too many.
        """
        with self._lock:
            begun, used = self._counts.get(token_id, (at, 0))
            if at - begun >= SECONDS:
                begun, used = at, 0
            if len(self._counts) > MOST_REMEMBERED:
                self._counts.clear()
            self._counts[token_id] = (begun, used + 1)
        return self.most - used - 1, math.ceil(begun + SECONDS - at)


def count_request(token_id: int) -> None:
    """Count this request against its token's limit; raises `TooMany`."""
    limiter: Limiter = current_app.extensions.setdefault(
        "limiter", Limiter(installation().settings.rate_limit)
    )
    left, seconds = limiter.count(token_id, time.monotonic())
    g.rate_limit = (max(0, left), seconds)
    if left < 0:
        raise TooMany(
            f"This token has made {limiter.most:,} requests in a minute: go on in {seconds} s."
        )


def add_limit_headers(response: Response) -> Response:
    """Say how much of the limit is left (draft-ietf-httpapi-ratelimit-headers)."""
    if "rate_limit" in g:
        left, seconds = g.rate_limit
        most = installation().settings.rate_limit
        response.headers["RateLimit-Policy"] = f'"token";q={most};w={SECONDS}'
        response.headers["RateLimit"] = f'"token";r={left};t={seconds}'
        if response.status_code == 429:
            response.headers["Retry-After"] = str(seconds)
    return response

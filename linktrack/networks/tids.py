"""Keys of messages, which say when they were made: Bluesky's record keys, used everywhere. Pure.

A TID is 13 characters in order of time (atproto.com/specs/tid).
"""

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Final

_DIGITS: Final = "234567abcdefghijklmnopqrstuvwxyz"
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def new_tid() -> str:
    """Return the key of this microsecond, and ten bits by chance."""
    number = (time.time_ns() // 1_000) << 10 | secrets.randbelow(1024)
    return "".join(_DIGITS[number >> shift & 31] for shift in range(60, -1, -5))


def tid_moment(tid: str) -> datetime:
    """Return when a key was made."""
    number = 0
    for digit in tid:
        number = number << 5 | _DIGITS.index(digit)
    return _BEGINNING + timedelta(microseconds=number >> 10)

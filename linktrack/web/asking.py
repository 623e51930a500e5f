"""Asking a network while the owner waits for the page."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from linktrack.errors import Unavailable

_ASKING: Final = threading.Lock()


@contextmanager
def asking() -> Iterator[None]:
    """Keep all but one thread of this worker for those who click, however slow a network is.

    Raises `Unavailable` where the one is at it already.
    """
    if not _ASKING.acquire(blocking=False):
        raise Unavailable("A network is just being asked for somebody else: try again in a minute.")
    try:
        yield
    finally:
        _ASKING.release()

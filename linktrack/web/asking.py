"""Ask a network while the owner waits for the page."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from linktrack.errors import Unavailable

_ASKING: Final = threading.Lock()


@contextmanager
def asking() -> Iterator[None]:
    """Let only one thread of this worker wait for a network; the others stay free for clicks.

    Raises `Unavailable` if another request is waiting already.
    """
    if not _ASKING.acquire(blocking=False):
        raise Unavailable(
            "A network is being asked for somebody else right now: try again in a minute."
        )
    try:
        yield
    finally:
        _ASKING.release()

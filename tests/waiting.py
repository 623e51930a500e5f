"""Waiting for what another process, thread or server is about to do."""

import time
from collections.abc import Callable
from typing import Final

ROOM: Final = 60.0
"""Seconds for what nobody has promised a time for: a busy machine takes many times its usual."""


def wait_until(
    condition: Callable[[], object], seconds: float = ROOM, every: float = 0.05, why: str = ""
) -> None:
    """Return as soon as a condition holds; fail if it does not within these seconds.

    It is asked once more when they are over, so that a slow machine gets a last look.
    """
    deadline = time.monotonic() + seconds
    while True:
        late = time.monotonic() >= deadline
        if condition():
            return
        assert not late, f"not so within {seconds} s{': ' if why else ''}{why}"
        time.sleep(every)

"""One service for a data folder: two would write each other's journals, and load them twice."""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from linktrack.errors import Conflict, Unavailable

LOCK: Final = "serving.lock"
PATIENCE_SECONDS: Final = 5.0  # for one that is just ending
_LOOK_SECONDS: Final = 0.2


def serve_alone(data: Path, patience: float = PATIENCE_SECONDS) -> None:
    """Hold the data folder until this process ends, however it ends.

    Workers do not hold it: a service that was killed is followed by the next at once. Raises
    `Conflict` where another service holds it, `Unavailable` for a folder that cannot be written.
    """
    data.mkdir(parents=True, exist_ok=True)
    try:
        file = os.open(data / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unavailable(f"{data} cannot be written to ({error.strerror}).") from error
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() < until:
                time.sleep(_LOOK_SECONDS)
                continue
            other = os.pread(file, 20, 0).decode("ascii", "replace").strip()
            os.close(file)
            raise Conflict(
                f"A service is running on {data} already (process {other}): stop that one first, "
                "or give this one a data folder of its own with LINKTRACK_DATA."
            ) from error
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        return

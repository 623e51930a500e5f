"""The `linktrack` command in a process of its own; `python -m linktrack` is the same."""

import atexit
import gc
from typing import Final

from linktrack.cli import main

YOUNG: Final = 50_000
"""How many new objects are looked at for garbage together; Python's own are 700."""


def run() -> None:
    """Run the command, without looking for garbage in what stays to the end.

    Modules and tables do. Looking at them again and again while they are made, and once more
    before the process ends, took a third of the time of a short command.
    """
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)
    main(prog_name="linktrack")


if __name__ == "__main__":
    run()

"""A place in a newsletter where an address is written. Pure."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spot:
    """An address of a newsletter.

    It is at `start` to `end` (code points), and means `address`. `write` says how
    another address is written in its place. `why` is a sentence where it is not to be wrapped.
    """

    start: int
    end: int
    address: str
    write: Callable[[str], str]
    why: str | None = None

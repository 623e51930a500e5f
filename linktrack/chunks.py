"""Split long sequences into parts, for the limits of statements and transactions."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def chunked(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the values in their order, `size` at a time; the last part may be shorter.

    It takes no more of them than the part asked for; nothing yields nothing.
    """
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part

"""Names in a row, as sentences have them. Pure."""

from collections.abc import Iterable


def any_of(names: Iterable[str]) -> str:
    """Return "a, b or c"."""
    return _joined(names, "or")


def all_of(names: Iterable[str]) -> str:
    """Return "a, b and c"."""
    return _joined(names, "and")


def _joined(names: Iterable[str], last: str) -> str:
    *before, end = names
    return f"{', '.join(before)} {last} {end}" if before else end

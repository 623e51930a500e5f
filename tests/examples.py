"""How many examples a property is tried with: all in `make test`, a fifth in `make check`."""

from hypothesis import settings

FULL = 100
"""What Hypothesis itself tries, unless a profile says otherwise."""


def examples(number: int) -> int:
    """Return the part of this number of examples that the chosen profile tries, at least 4."""
    return max(number * min(settings().max_examples, FULL) // FULL, min(number, 4))

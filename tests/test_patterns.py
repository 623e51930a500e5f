"""Every regular expression reads what a stranger sends in time: linear, or of bounded texts."""

import re
import time
from typing import Final

import pytest
from fuzzing import limited
from patterns import ANYWHERE, Found, hostile, patterns

LONG: Final = 100_000
BOUND: Final = 2.0
"""Seconds of the processor's time. A pattern that takes a square of the length takes ten or more;
a linear one takes milliseconds."""

SHORT: Final = {
    "clicks/classify/agents.py": 1_000,  # a user agent is cut (LONGEST)
    "clicks/classify/referrers.py": 255,  # and a host too (LONGEST_KEY)
    "links/excerpts.py": 1_000,  # of a text that much is read for its title (_READ)
    "links/left.py": 500,  # what is shown of an address (SHOWN)
    "settings.py": 10_000,  # the owner's own environment
}
"""Files whose patterns get no more characters than this, and why."""

LISTS: Final = {
    "linktrack/clicks/classify/agents.py:crawlerdetect.get_compiled_exclusions_regex().pattern.lower()",
    "linktrack/clicks/classify/agents.py:crawlerdetect.get_compiled_crawler_regex().pattern.lower()",
    "linktrack/clicks/classify/agents.py:pattern",
}
"""Lists of programs that come with packages: they read at most 400 characters of a user agent."""


class Slow(Exception):
    """A pattern has had its time."""


def slowest(found: Found, size: int, bound: float = BOUND) -> tuple[float, str]:
    """Return how long the slowest text takes, in seconds of the processor's, and its beginning.

    One that takes longer than `bound` is read no further.
    """
    worst = (0.0, "")
    for text in hostile(found.pattern, size):
        written = (
            text if isinstance(found.pattern.pattern, str) else text.encode("latin-1", "replace")
        )
        begun = time.process_time()
        try:
            with limited(bound, Slow):
                if found.functions & ANYWHERE:
                    for _ in found.pattern.finditer(written):  # type: ignore[arg-type]
                        pass
                else:
                    for function in found.functions:
                        getattr(found.pattern, function)(written)
        except Slow:
            return bound, text[:60]
        worst = max(worst, (time.process_time() - begun, text[:60]))
    return worst


@pytest.mark.slow
def test_every_pattern_is_known() -> None:
    """A pattern that a function makes needs a stand-in for what it is made of (STANDING_IN)."""
    found, unknown = patterns()
    assert len(found) > 200
    assert set(unknown) == LISTS


@pytest.mark.slow
def test_every_pattern_reads_100_kb_made_to_be_slow_for_it_in_time() -> None:
    """Of what its own loops repeat, and of what any text may be full of."""
    late = []
    for found in patterns()[0]:
        bound = SHORT.get(found.place.removeprefix("linktrack/"), LONG)
        taken, text = slowest(found, bound)
        if taken >= BOUND:
            late.append(f"{found.name} has not read {bound:,} characters of {text!r} in {BOUND} s")
    assert not late, "\n" + "\n".join(late)


@pytest.mark.slow
def test_a_slow_pattern_would_be_found() -> None:
    """One that takes a square of the length, and one that takes it to the power of the length."""
    for written in (r"\s+\Z", r"(?:a+)+b", r"(a|a)*b", r"\w+@"):
        found = Found("here", re.compile(written), frozenset({"search"}))
        taken, _ = slowest(found, LONG, bound=BOUND / 4)
        assert taken >= BOUND / 4, written

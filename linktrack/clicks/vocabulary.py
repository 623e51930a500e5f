"""The small fixed vocabularies of clicks and the numbers they are stored as. Pure.

The numbers are part of the database's format: append, never renumber.
"""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from linktrack.errors import Invalid
from linktrack.ids import SegmentId
from linktrack.keys import Way

Reason: TypeAlias = Literal[
    "head", "prefetch", "embedded", "owner", "no-agent", "preview", "bot", "burst"
]
"""Why a click is left out."""

LEFT_OUT: Final[tuple[Reason, ...]] = (
    "head", "prefetch", "embedded", "owner", "no-agent", "preview", "bot", "burst",
)  # fmt: skip
"""The reasons in the order in which they are asked, and shown: the first that holds is the one."""

_STORED: Final[tuple[Reason, ...]] = (
    "head", "prefetch", "owner", "no-agent", "preview", "bot", "burst", "embedded",
)  # fmt: skip
REASONS: Final = ("human", *_STORED)
"""The reasons at the numbers they are stored as; 0 is a person."""

REASON_OF: Final[Mapping[int, Reason]] = dict(enumerate(_STORED, start=1))
"""Why a click was left out, by number."""

REASON_NUMBER: Final[Mapping[str, int]] = {reason: number for number, reason in enumerate(REASONS)}
HUMAN: Final = 0
BURST: Final = REASON_NUMBER["burst"]

ATTRIBUTIONS: Final = (None, "personal", "variant", "recognised", "recognised-network")
"""How a click got its segment, as it is stored; 0 is unattributed.

Of clicks that are recognised, the last says that the network told who follows; before it stands
the reader's own button. Exports say `recognised` of both, and beside it by what.
"""

ATTRIBUTION_NUMBER: Final = {name: number for number, name in enumerate(ATTRIBUTIONS)}

RECOGNISED_BY: Final[Mapping[int, Way]] = {
    ATTRIBUTION_NUMBER["recognised"]: "button",
    ATTRIBUTION_NUMBER["recognised-network"]: "network",
}
"""How a reader said hello whose click was recognised, by the number of the attribution."""

RECOGNISED_AS: Final[Mapping[Way, str]] = {
    way: str(ATTRIBUTIONS[number]) for number, way in RECOGNISED_BY.items()
}
"""The same the other way round: the attribution of a click, by how its reader said hello."""

UNATTRIBUTED: Final = SegmentId(0)  # as a segment: none is known

HEAD: Final = 1
PREFETCH: Final = 2
NO_VISITOR: Final = 4  # the reader's browser asked not to be tracked (Sec-GPC or DNT)
OWNER: Final = 8  # from a device or a network of the owner's own
NO_LANGUAGES: Final = 16  # without Accept-Language, which every browser sends
FORWARDED: Final = 32  # a proxy that is not trusted said for whom it asks: the address is its own
EMBEDDED: Final = 64  # a picture or a part of a page was wanted, not the page
IMPORTED: Final = 128  # from an old log or an export, not captured here
CLICK_ID: Final = 256  # its destination, on an own site, got a click id

WINDOWS: Final = ("1h", "24h", "7d", "30d", "all")
"""Counting windows after a post, narrowest first. Stored counts lie in the narrowest that fits."""

WINDOW_LENGTHS: Final = tuple(
    length // timedelta(milliseconds=1)
    for length in (timedelta(hours=1), timedelta(days=1), timedelta(days=7), timedelta(days=30))
)
"""Milliseconds of every window but the last, which has no end."""

MINUTE: Final = 60_000  # milliseconds
HOUR: Final = 3_600_000
MOST_HOURS: Final = WINDOW_LENGTHS[-1] // HOUR
"""Hours after a post from which on its clicks count alike."""

HOURS_KEPT: Final = 168
"""Hours after a post for which its clicks are kept by the hour."""

DEFAULT_WINDOW: Final = "7d"


def attribution_name(number: int) -> str | None:
    """Return how a click got its segment, in the words of exports; None if nobody can tell."""
    return "recognised" if number in RECOGNISED_BY else ATTRIBUTIONS[number]


def narrowest_window(clicked_at: int, posted_at: int | None) -> int:
    """Return the number of the narrowest window that holds a click (both in milliseconds).

    Clicks before the post lie in the narrowest one; without a time of posting only `all` holds.
    """
    if posted_at is None:
        return len(WINDOW_LENGTHS)
    return bisect_right(WINDOW_LENGTHS, clicked_at - posted_at)


def pack_country(code: str | None) -> int | None:
    """Return an ISO 3166 alpha-2 code as a small number, None for anything else."""
    if code is None or len(code) != 2 or not (code.isascii() and code.isalpha()):
        return None
    first, second = code.upper().encode()
    return (first - 65) * 26 + second - 65


def unpack_country(number: int | None) -> str | None:
    """Undo `pack_country`."""
    return None if number is None else chr(number // 26 + 65) + chr(number % 26 + 65)


def first_language(header: str | None) -> str | None:
    """Return the primary subtag of the language named first in Accept-Language (RFC 9110 12.5.4).

    Browsers name the preferred one first. None where it isn't 2 or 3 letters.
    """
    return _first_language(header[:40]) if header else None


@lru_cache(maxsize=1024)
def _first_language(begins: str) -> str | None:
    tag = begins.partition(",")[0].partition(";")[0].strip().partition("-")[0].lower()
    return tag if len(tag) in (2, 3) and tag.isascii() and tag.isalpha() else None


def pack_language(code: str | None) -> int:
    """Return a language's primary subtag (ISO 639, 2 or 3 letters) as a small number.

    Anything else is 0. "en-GB" is "en": what follows the subtag is not kept.
    """
    if code is None or len(code) not in (2, 3) or not (code.isascii() and code.isalpha()):
        return 0
    number = 0
    for letter in code.lower().encode():
        number = number * 27 + letter - 96
    return number


def unpack_language(number: int) -> str | None:
    """Undo `pack_language`."""
    letters = ""
    while number:
        number, letter = divmod(number, 27)
        letters = chr(letter + 96) + letters
    return letters or None


FACETS: Final = ("country", "device", "language", "city")
"""What clicks are counted by besides time, segment and source; the place here is the number.

The values: of a country `pack_country` + 1, of a device the number of its row in `devices`, of a
language `pack_language`, of a city the number of its row in `cities`; 0 where it isn't known.
"""

CITY: Final = FACETS.index("city")
"""Counted by month and by link, not by day, and only where it is known."""


def window_number(window: str) -> int:
    """Return the number of a counting window; raises `Invalid`."""
    if window not in WINDOWS:
        raise Invalid(
            f"{window[:40]!r} isn't a counting window: choose one of {', '.join(WINDOWS)}."
        )
    return WINDOWS.index(window)

"""Reading single values of what networks give: texts, numbers, moments. Pure."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from linktrack.calendar.times import parse_moment
from linktrack.errors import Invalid

MOST_ID: Final = 512
MOST_HANDLE: Final = 255
MOST_NUMBER: Final = 2**62
_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
_YES: Final = ("true", "yes", "1", "y", "t")
_NO: Final = ("false", "no", "0", "n", "f")
_ROOT: Final = re.compile(r"(https?://[^/?#]+)/", re.IGNORECASE)
_UTC: Final = ZoneInfo("UTC")


def text(value: object) -> str | None:
    """Return a text that every database stores, or None if it isn't a text or empty."""
    if not isinstance(value, str):
        return None
    if value.isascii() and "\0" not in value:  # nearly all: lists of a million pass through here
        return value.strip() or None
    cleaned = value.strip().replace("\0", "\ufffd")
    return cleaned.encode("utf-8", "replace").decode("utf-8") or None


def distinct_links(addresses: Iterable[str], is_own_post: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the links of a post: each address once, and none that is a post of the network.

    "https://example.org/" is "https://example.org".
    """
    found: dict[str, str] = {}
    for address in addresses:
        if not is_own_post(address):
            found.setdefault(without_root(address), address)
    return tuple(found.values())


def without_root(address: str) -> str:
    """Return an address without the slash of a site's first page, which means the same."""
    root = _ROOT.fullmatch(address)
    return root[1] if root else address


def is_alike(address: str, other: str) -> bool:
    """Whether two addresses differ in scheme, capitals of the host or a last slash at most."""
    return _bare(address) == _bare(other)


def _bare(address: str) -> str:
    host, slash, rest = address.partition("://")[2].partition("/")
    return f"{host.casefold()}{slash}{rest}".removesuffix("/")


def is_short_for(label: str, address: str) -> bool:
    """Whether a label is an address as apps shorten it; else it is words that lead there."""
    begun = label.strip().rstrip("….").removeprefix("https://").removeprefix("http://").casefold()
    bare = address.partition("://")[2].casefold().removeprefix("www.")
    begun = begun.removeprefix("www.")
    host = bare.partition("/")[0]
    is_cut = label.rstrip().endswith(("…", "...")) and "." in begun
    return bare.startswith(begun) and (is_cut or len(begun) >= len(host) > 0)


def stable_id(value: object) -> str | None:
    """Return a network's id of a person or post, or None."""
    if type(value) is int:
        value = str(value)
    found = text(value)
    return found if found is not None and len(found) <= MOST_ID else None


def handle(value: object) -> str | None:
    """Return a handle with its @, or None."""
    found = text(value)
    if found is None:
        return None
    found = "@" + found.removeprefix("@")
    return found if 1 < len(found) <= MOST_HANDLE and found.split() == [found] else None


def whole(value: object) -> int | None:
    """Return a number, written as one or as digits (with commas), or None."""
    if isinstance(value, str):
        if value.isdecimal() and value.isascii() and len(value) < 19:
            return int(value)
        digits = value.strip().replace(",", "").removesuffix(".0")
        value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
    return value if type(value) is int and 0 <= value < MOST_NUMBER else None


def flag(value: object) -> bool | None:
    """Return yes or no, or None if it says neither."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    return True if word in _YES else False if word in _NO else None


def is_filled(value: object) -> bool:
    """Return whether something stands there."""
    return text(value) is not None


def moment(value: object) -> datetime | None:
    """Return the moment of an ISO date or time, UTC where it names no zone, or None."""
    written = text(value)
    if written is None:
        return None
    try:
        return parse_moment(written, _UTC)
    except Invalid:
        return x_moment(written)


def x_moment(written: str) -> datetime | None:
    """Return the moment of `Wed Oct 10 20:19:24 +0000 2018`, whatever the locale, or None."""
    try:
        _, month, day, clock, zone, year = written.split()
        hour, minute, second = map(int, clock.split(":"))
        number = _MONTHS.index(month) + 1
        if zone != "+0000":
            return None
        return datetime(int(year), number, int(day), hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None

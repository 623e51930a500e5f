"""Reading single values of what networks give: texts, numbers, moments. Pure."""

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
_UTC: Final = ZoneInfo("UTC")


def text(value: object) -> str | None:
    """Return a text that every database stores, or None where it is no text or empty."""
    if not isinstance(value, str):
        return None
    if value.isascii() and "\0" not in value:  # nearly all: lists of a million pass through here
        return value.strip() or None
    cleaned = value.strip().replace("\0", "\ufffd")
    return cleaned.encode("utf-8", "replace").decode("utf-8") or None


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
    """Return yes or no, or None where it says neither."""
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

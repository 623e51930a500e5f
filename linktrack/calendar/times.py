"""Reading the times people write. Pure."""

import re
from datetime import UTC, datetime, tzinfo
from typing import overload

from linktrack.errors import Invalid

_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")


def parse_moment(written: str, timezone: tzinfo) -> datetime:
    """Return the aware UTC moment of a date or time as people and programs write it.

    ISO 8601 (`2026-05-04`, `2026-05-04T12:00`, `…Z`, `…+02:00`), with a space for the T, with
    `UTC` or `GMT` at the end, or a compact date (`20260504`). Without an offset it is local time
    in `timezone`; a date alone is its first moment. Raises `Invalid`.
    """
    text = written.strip()
    for name in (" UTC", " GMT"):
        if text.upper().endswith(name):
            text = text[: -len(name)].rstrip() + "+00:00"
            if "T" not in text.upper() and " " not in text:
                text = text.replace("+00:00", "T00:00+00:00")
    text = _COMPACT.sub(r"\1-\2-\3", text) if _COMPACT.fullmatch(text) else text
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(
            f"{written[:40]!r} isn't a date or time: write it like 2026-05-04 or 2026-05-04T12:00."
        ) from error
    if not 1970 < moment.year < 9999:
        raise Invalid(f"{written[:40]!r} is outside the years that can be stored.")
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@overload
def utc(moment: datetime) -> str: ...


@overload
def utc(moment: None) -> None: ...


def utc(moment: datetime | None) -> str | None:
    """Return a moment as JSON has it: UTC, ending in Z, milliseconds only where there are some.

    None stays None, so that a moment that is not known is null.
    """
    if moment is None:
        return None
    text = moment.astimezone(UTC).isoformat(
        timespec="milliseconds" if moment.microsecond else "seconds"
    )
    return text.replace("+00:00", "Z")

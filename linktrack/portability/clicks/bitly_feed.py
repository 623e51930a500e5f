"""Clicks from Bitly's public click feed: JSON lines, as 1.usa.gov published them.

Each link of the feed (its `h`) becomes a link in a post published when it was made. The feed has
no addresses: a visitor is what it says of browser, language and place.
"""

from pathlib import Path
from typing import Final

from linktrack.clicks.classify.referrers import referrer_key
from linktrack.clicks.records import MOST_AGENT, clean
from linktrack.clicks.vocabulary import first_language
from linktrack.errors import Invalid
from linktrack.portability.clicks.lines import json_object, line_by_line
from linktrack.portability.clicks.old_clicks import ClickFormat, OldClick, checked_time
from linktrack.portability.files.lines import read_lines


def parse_line(line: bytes, latest: float) -> OldClick | None:
    """Return the click of a line, or None for a heartbeat. Pure.

    `latest` (seconds since 1970 UTC) is the last moment a click can have. Raises `ValueError`
    with a clause that says what is wrong.
    """
    fields = json_object(line)
    if fields is None:
        raise ValueError("it is not a JSON object")
    if "_heartbeat_" in fields:
        return None
    key, url = fields.get("h"), fields.get("u")
    if not isinstance(key, str) or not (0 < len(key) <= 64 and key.isascii() and key.isprintable()):
        raise ValueError("it has no hash of a link (h)")
    if not isinstance(url, str):
        raise ValueError("it has no destination (u)")
    agent, referrer = _text(fields, "a"), _text(fields, "r")
    country = _text(fields, "c")
    return OldClick(
        keys=(key,),
        url=url,
        clicked_at=_time(fields, "t", latest),
        created_at=_time(fields, "hc", latest),
        agent=clean(agent, MOST_AGENT) if agent else None,
        referrer=None if referrer in (None, "direct") else referrer_key(referrer),
        country=country,
        language=first_language(_text(fields, "al")),
        traits=(
            agent or "",
            _text(fields, "al") or "",
            country or "",
            _text(fields, "gr") or "",
            _text(fields, "cy") or "",
            str(fields.get("ll") or ""),
        ),
    )


def _time(fields: dict[str, object], name: str, latest: float) -> int:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"it has no time ({name})")
    return checked_time(value, latest, name)


def _text(fields: dict[str, object], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None


def _check_is_feed(path: Path) -> None:
    if not any(_is_shaped(line) for _, line, _ in read_lines(path)):
        raise Invalid(
            f"{path.name} is not a click feed of Bitly: no line of it is a JSON object with the "
            "fields h, u and t."
        )


def _is_shaped(line: bytes) -> bool:
    fields = json_object(line)
    return fields is not None and ("_heartbeat_" in fields or {"h", "u", "t"} <= fields.keys())


BITLY_FEED: Final = ClickFormat(
    "bitly-feed", line_by_line(parse_line), "bitly-feed", makes_links=True, check=_check_is_feed
)

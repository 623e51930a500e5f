"""What rivals call the parts of a link, in CSV headers and JSON alike. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from linktrack.errors import Invalid

Fields = Mapping[str, object]

_LONG: Final = (
    "longurl", "destinationurl", "originalurl", "targeturl", "destination", "target", "url",
)  # fmt: skip
_CODE: Final = (
    "shortcode", "keyword", "slug", "customslug", "backhalf", "alias", "address", "key", "code",
)  # fmt: skip
_SHORT: Final = ("custombitlinks", "customlink", "shorturl", "shortlink", "bitlink", "link", "path")
_CREATED: Final = ("createdat", "datecreated", "created", "createddate", "timestamp", "date")
_CLICKS: Final = ("clicks", "visitcount", "visits", "totalclicks", "clickcount", "visitssummary")
_MOST_CLICKS: Final = 2**53


class FoundLink(NamedTuple):
    """One link as another shortener tells of it; `clicks` is its own total, where it tells one."""

    key: str
    code: str
    url: str
    created_at: datetime | None = None
    title: str | None = None
    tags: tuple[str, ...] = ()
    clicks: int | None = None
    disabled: bool = False


def normal(name: str) -> str:
    """Return a header or key as it is looked for: "Long URL", long_url and longUrl are one."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def has_destination(names: list[str]) -> bool:
    """Whether a header can be one of links."""
    return any(normal(name) in _LONG for name in names)


def read_link(fields: Fields, parse_time: Callable[[str], datetime]) -> FoundLink:
    """Return the link that a row or object tells of, its names normalised.

    Raises `ValueError` with a clause that says what is wrong.
    """
    url = _text(fields, _LONG)
    if url is None:
        raise ValueError("it has no long address")
    short = _text(fields, _SHORT)
    code = _text(fields, _CODE) or (None if short is None else _last_part(short))
    if code is None:
        raise ValueError("it has no short code")
    domain = _text(fields, ("domain",))
    return FoundLink(
        key=f"{domain}/{code}" if domain else code,
        code=code,
        url=url,
        created_at=_time(fields, parse_time),
        title=_text(fields, ("title", "description", "name")),
        tags=_tags(fields.get("tags")),
        clicks=_clicks(fields),
        disabled=any(_is_true(fields.get(name)) for name in ("banned", "disabled")),
    )


def _text(fields: Fields, names: tuple[str, ...]) -> str | None:
    for name in names:
        value = fields.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def _last_part(address: str) -> str | None:
    """Return the code of a short address, with or without its scheme, or of a bare code."""
    written = address if "://" in address or "/" not in address else f"//{address.lstrip('/')}"
    try:
        path = urlsplit(written).path
    except ValueError:
        return None
    return path.rstrip("/").rpartition("/")[2] or None


def _time(fields: Fields, parse_time: Callable[[str], datetime]) -> datetime | None:
    written = _text(fields, _CREATED)
    if written is None:
        return None
    try:
        if re.fullmatch(r"[0-9]{9,13}", written):
            seconds = int(written) / (1000 if len(written) > 11 else 1)
            return datetime.fromtimestamp(seconds, UTC)
        return parse_time(written)
    except (Invalid, ValueError, OverflowError) as error:
        raise ValueError(f"{written[:40]!r} is no time") from error


def _tags(value: object) -> tuple[str, ...]:
    """Return tags from a list of texts or objects with a name, or a text parted by , or |."""
    if isinstance(value, str):
        value = value.split("," if "," in value else "|")
    if not isinstance(value, list):
        return ()
    names = (item.get("name") if isinstance(item, Mapping) else item for item in value)
    return tuple(name.strip() for name in names if isinstance(name, str) and name.strip())


def _clicks(fields: Fields) -> int | None:
    for name in _CLICKS:
        value = fields.get(name)
        if isinstance(value, Mapping):
            value = value.get("total")
        if isinstance(value, str):
            digits = value.strip().replace(",", "")
            value = int(digits) if re.fullmatch(r"[0-9]{1,15}", digits) else None
        if type(value) is int and 0 <= value < _MOST_CLICKS:
            return value
    return None


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.casefold() in ("1", "true", "yes"))

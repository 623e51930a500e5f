"""What rivals call the parts of a link, in CSV headers and JSON alike. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from linktrack.errors import Invalid
from linktrack.portability.files.addresses import Address, read_address
from linktrack.portability.files.numbers import whole_number
from linktrack.portability.links.behaviour import (
    Fields,
    forwards_query,
    limits_there,
    moment,
    why_disabled,
)
from linktrack.portability.links.limits import NO_LIMITS, FoundLimits

_LONG: Final = (
    "longurl", "destinationurl", "originalurl", "targeturl", "destination", "target", "url",
)  # fmt: skip
_CODE: Final = (
    "shortcode", "keyword", "slug", "slashtag", "customslug", "backhalf", "alias", "address",
    "key", "code",
)  # fmt: skip
_CUSTOM: Final = ("custombitlinks", "customlink")
_SHORT: Final = (*_CUSTOM, "shorturl", "shortlink", "bitlink", "link", "path")
_ALIASES: Final = (*_CUSTOM, "bitlink", "link")
"""Where Bitly tells of several addresses of one link, its own beside those that people chose."""

_DOMAIN: Final = ("domain", "domainfullname", "shortdomain", "domainname", "hostname")
_CREATED: Final = ("createdat", "datecreated", "created", "createddate", "timestamp", "date")
_CLICKS: Final = (
    "clicks", "visitcount", "visits", "totalclicks", "clickcount", "visitssummary", "visitscount",
    "totalvisits", "hits", "clicktotal", "clickscount", "numberofclicks",
)  # fmt: skip
_MANGLED: Final = "\ufffd"
_LIST_MARKS: Final = re.compile(r"[\s,;|'\"\[\]]+")


class FoundLink(NamedTuple):
    """One link as another shortener tells of it; `clicks` is its own total, where it tells one.

    `aliases` are further addresses of it, `limits` what limits it here too. `off` says why it must
    not redirect here, `unread` what of it could not be read, both as clauses. `older` are names
    under which earlier versions of linktrack knew it.
    """

    address: Address
    url: str
    created_at: datetime | None = None
    title: str | None = None
    tags: tuple[str, ...] = ()
    clicks: int | None = None
    forward_query: bool = False
    aliases: tuple[Address, ...] = ()
    off: tuple[str, ...] = ()
    limits: FoundLimits = NO_LIMITS
    unread: tuple[str, ...] = ()
    older: tuple[str, ...] = ()


def normal(name: str) -> str:
    """Return a header or key as it is looked for: "Long URL", long_url and longUrl are one."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def has_destination(names: list[str]) -> bool:
    """Whether a header can be one of links."""
    return any(normal(name) in _LONG for name in names)


def read_link(
    fields: Fields,
    parse_time: Callable[[str], datetime],
    now: datetime,
    domain: str | None = None,
) -> FoundLink:
    """Return the link that a row or object tells of, its names normalised.

    `domain` is that of its short address where it does not say. A date or a total that cannot be
    read is left out, and named in `unread`. Raises `ValueError` with a clause that says what is
    wrong.
    """
    url = _text(fields, _LONG)
    if url is None:
        raise ValueError("it has no long address")
    addresses = _addresses(fields, domain)
    if not addresses:
        raise ValueError("it has no short code")
    first, *others = addresses
    if _MANGLED in url or any(_MANGLED in address.path for address in addresses):
        raise ValueError("its addresses are not text in UTF-8")
    unread: list[str] = []
    clicks = _clicks(fields, unread)
    told = _text(fields, _DOMAIN)
    return FoundLink(
        address=first,
        url=url,
        created_at=_created(fields, parse_time, now, unread),
        title=_title(fields, unread),
        tags=_tags(fields.get("tags")),
        clicks=clicks,
        forward_query=forwards_query(fields),
        aliases=tuple(others),
        off=why_disabled(fields, parse_time, clicks),
        limits=limits_there(fields, parse_time, clicks, now, unread),
        unread=tuple(unread),
        older=tuple({f"{told}/{first.code}" if told else first.code, first.path} - {first.key}),
    )


def _texts(fields: Fields, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = fields.get(name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, int) and not isinstance(item, bool):
                item = str(item)
            if isinstance(item, str) and item.strip():
                yield item.strip()


def _listed(fields: Fields, names: tuple[str, ...]) -> Iterator[str]:
    """Yield the texts of these fields, each of which may be a list in one cell."""
    for text in _texts(fields, names):
        yield from filter(None, _LIST_MARKS.split(text))


def _text(fields: Fields, names: tuple[str, ...]) -> str | None:
    return next(_texts(fields, names), None)


def _addresses(fields: Fields, domain: str | None) -> list[Address]:
    """Return the short addresses of a link, each once, the one to keep first."""
    told = _host(_text(fields, _DOMAIN))
    custom = [found for text in _listed(fields, _CUSTOM) if (found := read_address(text))]
    others = (read_address(text) for text in _texts(fields, _SHORT[len(_CUSTOM) :]))
    short = custom + [found for found in others if found is not None]
    code = _text(fields, _CODE)
    if code is not None:
        path = code.strip("/")
        whole = next((found for found in short if _ends_in(found.path, path)), None)
        first = whole or Address(None, path)
        addresses = [first._replace(domain=told or first.domain or domain)] if path else []
    else:
        addresses = short[:1]
        if addresses and addresses[0].domain is None:
            addresses = [addresses[0]._replace(domain=told or domain)]
    aliases = _ALIASES if _text(fields, _CUSTOM) else ()
    also = (read_address(text) for text in _listed(fields, aliases))
    addresses += [found for found in also if found is not None and found.domain is not None]
    return list(dict.fromkeys(addresses))


def _ends_in(path: str, code: str) -> bool:
    return path == code or path.endswith(f"/{code}")


def _host(written: str | None) -> str | None:
    if written is None:
        return None
    found = read_address(f"{written.rstrip('/')}/x")
    return found.domain if found else None


def _created(
    fields: Fields,
    parse_time: Callable[[str], datetime],
    now: datetime,
    unread: list[str],
) -> datetime | None:
    """Return when a link was made; what says no such moment is named in `unread`."""
    written = _text(fields, _CREATED)
    if written is None:
        return None
    try:
        at = moment(written, parse_time)
    except (Invalid, ValueError, OverflowError):
        unread.append(f"{written[:40]!r} isn't a time")
        return None
    if at > now:
        unread.append(f"its time {written[:40]!r} lies in the future")
        return None
    return at


def _title(fields: Fields, unread: list[str]) -> str | None:
    title = _text(fields, ("title", "description", "name"))
    if title is not None and _MANGLED in title:
        unread.append("its title is not text in UTF-8")
        return None
    return title


def _tags(value: object) -> tuple[str, ...]:
    """Return tags from a list of texts or objects with a name, or a text parted by , or |."""
    if isinstance(value, str):
        value = value.split("," if "," in value else "|")
    if not isinstance(value, list):
        return ()
    names = (item.get("name") if isinstance(item, Mapping) else item for item in value)
    return tuple(name.strip() for name in names if isinstance(name, str) and name.strip())


def _clicks(fields: Fields, unread: list[str]) -> int | None:
    """Return a link's total; what says none is named in `unread`."""
    for name in _CLICKS:
        value = fields.get(name)
        if isinstance(value, Mapping):
            value = value.get("total")
        if (
            value is None
            or isinstance(value, list)
            or (isinstance(value, str) and not value.strip())
        ):
            continue
        found = None if isinstance(value, bool) else whole_number(str(value))
        if found is None:
            unread.append(f"{str(value)[:40]!r} isn't a number of clicks")
        return found
    return None

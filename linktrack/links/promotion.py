"""Rules for which person a link promotes, and whose site it leads to. Pure."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from linktrack.errors import Invalid
from linktrack.links.destinations import parse_destination

HOST: Final = "host"
MENTION: Final = "mention"

# A handle as the networks write it: @name, @name.bsky.social, @name@server.
_MENTION = re.compile(r"@?([A-Za-z0-9_](?:[A-Za-z0-9_.@-]{0,98}[A-Za-z0-9_])?)")


@dataclass(frozen=True, slots=True)
class Rule:
    """A link is a person's where its destination is on a host, or its post mentions a handle."""

    person_id: int
    kind: str
    value: str

    def holds(self, destination: str, text: str | None) -> bool:
        """Whether a link with this destination, in a post with this text, is the person's."""
        if self.kind == HOST:
            return is_on_host(destination, self.value)
        return text is not None and mentions(text, self.value)


def is_on_host(destination: str, host: str) -> bool:
    """Whether an address is on a host or on one below it; `www.` is no different place."""
    name = (urlsplit(destination).hostname or "").removeprefix("www.")
    return name == host or name.endswith("." + host)


def mentions(text: str, handle: str) -> bool:
    """Whether a text mentions a handle as a whole: @jo is not in @joanna or in me@jo.com."""
    return _whole(handle).search(text) is not None


@lru_cache(maxsize=1024)
def _whole(handle: str) -> re.Pattern[str]:
    name = re.escape(handle.removeprefix("@"))
    # A full stop behind it ends a sentence, unless the handle goes on.
    return re.compile(rf"(?<![\w@.-])@{name}(?![\w@-]|\.\w)", re.IGNORECASE)


def check_host(written: str) -> str:
    """Return a host as rules keep it: lower case, ASCII, without `www.`; raises `Invalid`."""
    text = written.strip()
    address = text if "//" in text else f"http://{text}"
    try:
        host = urlsplit(parse_destination(address)).hostname or ""
    except (Invalid, ValueError) as error:
        raise Invalid(f"{text[:80]!r} is no site: write it like example.org.") from error
    host = host.removeprefix("www.")
    if "." not in host or len(host) > 253:
        raise Invalid(f"{text[:80]!r} is no site: write it like example.org.")
    return host


def check_mention(written: str) -> str:
    """Return a handle as rules keep it: with one @ before it, lower case; raises `Invalid`."""
    found = _MENTION.fullmatch(written.strip())
    if found is None:
        raise Invalid(f"{written[:80]!r} is no handle: write it like @name.")
    return f"@{found[1].lower()}"

"""Rules for which person a link promotes, and whose site it leads to. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from linktrack.errors import Invalid
from linktrack.links.destinations import parse_destination

HOST: Final = "host"
MENTION: Final = "mention"

# A handle as the networks write it: @name, @name.bsky.social, @name@server.
_MENTION = re.compile(r"@?([A-Za-z0-9_](?:[A-Za-z0-9_.@-]{0,98}[A-Za-z0-9_])?)")

# A full stop behind a handle ends a sentence, unless the handle goes on.
_WHOLE: Final = r"(?<![\w@.-])@(?:{})(?![\w@-]|\.\w)"


@dataclass(frozen=True, slots=True)
class Rule:
    """A link is a person's where its destination is on a host, or its post mentions a handle."""

    person_id: int
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Many rules, asked all at once: what a link costs does not grow with their number."""

    hosts: Mapping[str, frozenset[int]]
    handles: Mapping[str, frozenset[int]]
    mentioned: re.Pattern[str] | None

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> "Rules":
        """Return these rules."""
        hosts: defaultdict[str, set[int]] = defaultdict(set)
        handles: defaultdict[str, set[int]] = defaultdict(set)
        for rule in rules:
            (hosts if rule.kind == HOST else handles)[rule.value.lower()].add(rule.person_id)
        names = "|".join(re.escape(handle.removeprefix("@")) for handle in handles)
        return cls(
            hosts={host: frozenset(people) for host, people in hosts.items()},
            handles={handle: frozenset(people) for handle, people in handles.items()},
            mentioned=re.compile(_WHOLE.format(names), re.IGNORECASE) if handles else None,
        )

    def people(self, destination: str, text: str | None) -> set[int]:
        """Return whom a link with this destination, in a post with this text, promotes."""
        found: set[int] = set()
        parts = _host(destination).split(".")
        for first in range(len(parts)):
            found |= self.hosts.get(".".join(parts[first:]), frozenset())
        if text is not None and self.mentioned is not None:
            for match in self.mentioned.finditer(text):
                found |= self.handles.get(match[0].lower(), frozenset())
        return found


def is_on_host(destination: str, host: str) -> bool:
    """Whether an address is on a host or on one below it; `www.` is no different place."""
    name = _host(destination)
    return name == host or name.endswith("." + host)


def _host(destination: str) -> str:
    return (urlsplit(destination).hostname or "").removeprefix("www.")


def check_host(written: str) -> str:
    """Return a host as rules keep it: lower case, ASCII, without `www.`; raises `Invalid`."""
    text = written.strip()
    address = text if "//" in text else f"http://{text}"
    try:
        host = urlsplit(parse_destination(address)).hostname or ""
    except (Invalid, ValueError) as error:
        raise Invalid(f"{text[:80]!r} isn't a site: write it like example.org.") from error
    host = host.removeprefix("www.")
    if "." not in host or len(host) > 253:
        raise Invalid(f"{text[:80]!r} isn't a site: write it like example.org.")
    return host


def check_mention(written: str) -> str:
    """Return a handle as rules keep it: with one @ before it, lower case; raises `Invalid`."""
    found = _MENTION.fullmatch(written.strip())
    if found is None:
        raise Invalid(f"{written[:80]!r} isn't a handle: write it like @name.")
    return f"@{found[1].lower()}"

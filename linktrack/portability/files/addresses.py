"""Short addresses of other shorteners, and what links are known by that came from there. Pure."""

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

MOST_KEY: Final = 64
SOURCES: Final = (
    "yourls", "bitly", "shlink", "kutt", "dub", "csv",
    "bitly-feed", "goatcounter", "combined-log", "ndjson",
)  # fmt: skip
"""Every source under which old names of links are remembered."""

_HOST: Final = re.compile(
    r"(?:(?:[\w-]+\.)+[\w-]+|localhost|\[[0-9a-f:.]+\])(?::\d+)?", re.IGNORECASE
)


class Address(NamedTuple):
    """A short address: its domain, where that is known, and its whole path without slashes."""

    domain: str | None
    path: str

    @property
    def key(self) -> str:
        """What an imported link is known by."""
        return f"{self.domain}/{self.path}" if self.domain else self.path

    @property
    def code(self) -> str:
        """What is likest to its path among codes: the last part of it."""
        return self.path.rpartition("/")[2]


def read_address(written: str) -> Address | None:
    """Return a short address, with or without its scheme, or a bare path; None if it is none."""
    text = written
    if "://" not in text:
        host, slash, rest = text.partition("/")
        if not (slash and rest and _HOST.fullmatch(host.casefold())):
            path = text.partition("?")[0].partition("#")[0].strip("/")
            return Address(None, path) if path else None
        text = f"//{text}"
    try:
        parts = urlsplit(text)
        port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
        path = unquote(parts.path).strip("/")
    except ValueError:
        return None
    if not parts.hostname or not path:
        return None
    return Address(f"{_ascii(parts.hostname)}{port}", path)


def _ascii(host: str) -> str:
    """Return a host as browsers ask for it; one that they could not ask for stays as it is."""
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def has_domain(names: Iterable[str]) -> bool:
    """Whether one of a link's old names begins with a domain."""
    for name in names:
        host, slash, _ = name.partition("/")
        if slash and ("." in host or ":" in host or host == "localhost"):
            return True
    return False


def link_key(name: str) -> str:
    """Return what an old link is known by: its name there, or a digest where that is too long."""
    if len(name) <= MOST_KEY and name.isprintable():
        return name
    return blake2b(name.encode("utf-8", "replace"), digest_size=16).hexdigest()


def apart_key(path: str, destination: str) -> str:
    """Return what a link is known by where another one has its path: that, and where it leads."""
    both = f"{path} {destination}".encode("utf-8", "replace")
    return f"={blake2b(both, digest_size=16).hexdigest()}"

"""Lead destinations elsewhere: a host, or how addresses begin, is replaced. Pure."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from linktrack.errors import Invalid
from linktrack.links.destinations import parse_destination

_WHOLE = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#]*)(?P<rest>.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Move:
    """From a host to another (`old.example`), or from a beginning (`https://old.example/blog`).

    A host is replaced with its port; a beginning ends where a part of the address does: /blog
    stands for /blog and /blog/1, not for /blogger. What comes behind it stays.
    """

    scheme: str | None
    host: str
    rest: str
    to: str

    @classmethod
    def parse(cls, old: str, new: str) -> Self:
        """Read what a person wrote; raises `Invalid`."""
        has_scheme = "://" in old
        found = _WHOLE.fullmatch(_address(old))
        if found is None:
            raise Invalid(f"{old[:80]!r} is neither a host nor the beginning of an address.")
        host = _named(found)
        if not has_scheme:
            if "/" in old.strip().rstrip("/"):
                raise Invalid(
                    f"Write {old[:80]!r} with its http:// or https://, or as a host alone."
                )
            to = _WHOLE.fullmatch(_address(new))
            if to is None or to["rest"].strip("/"):
                raise Invalid("A host is replaced by a host: write it without a path.")
            scheme = f"{to['scheme']}://" if "://" in new else ""
            return cls(None, host, "", f"{scheme}{to['host']}")
        if "://" not in new:
            raise Invalid("Write the new beginning with its http:// or https://, as the old one.")
        bare = old.strip().endswith(found["host"])  # no slash was written behind the host
        rest = "" if bare and found["rest"] == "/" else found["rest"]
        return cls(found["scheme"].lower(), host, rest, _as_long(new, parse_destination(new)))

    def moved(self, destination: str) -> str | None:
        """Return where an address leads after the move, None where it isn't moved.

        Raises `Invalid` for what is no address then.
        """
        found = _WHOLE.fullmatch(destination)
        if found is None or _named(found) != self.host:
            return None
        if self.scheme is None:
            scheme = "" if "://" in self.to else f"{found['scheme']}://"
            return parse_destination(f"{scheme}{self.to}{found['rest']}")
        if found["scheme"].lower() != self.scheme or not found["rest"].startswith(self.rest):
            return None
        behind = found["rest"][len(self.rest) :]
        if self.rest and self.rest[-1].isalnum() and behind[:1] not in ("", "/", "?", "#"):
            return None
        return parse_destination(f"{self.to}{behind}")


def _address(written: str) -> str:
    """Return what was written as an address: a host gets a scheme."""
    written = written.strip()
    return parse_destination(written if "://" in written else f"https://{written}")


def _as_long(written: str, address: str) -> str:
    """Return an address without the slash that nobody wrote behind its host."""
    return address[:-1] if address.endswith("/") and not written.strip().endswith("/") else address


def _named(found: re.Match[str]) -> str:
    """Return the host and port of an address as they are compared."""
    parts = urlsplit(f"{found['scheme']}://{found['host']}")
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    return f"{parts.hostname or ''}{port}"

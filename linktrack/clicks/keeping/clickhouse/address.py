"""Where ClickHouse is: what LINKTRACK_CLICKS says. Pure."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

PORTS: Final = {"http": 8123, "https": 8443}
"""The ports of ClickHouse's HTTP interface."""


@dataclass(frozen=True, slots=True)
class Address:
    """A server, who asks it, and the table's place on it.

    `url` has neither user nor password, so it may be shown. `cluster` is None for a server on its
    own. An insert waits until `quorum` replicas of a shard have it; 0: one is enough.
    """

    url: str
    user: str
    password: str = field(repr=False)
    database: str
    cluster: str | None = None
    quorum: int = 0


def read_address(written: str) -> Address:
    """Return what a text says that `setting_texts.clicks_url` has let in."""
    parts = urlsplit(written)
    scheme = "https" if parts.scheme == "clickhouses" else "http"
    host = parts.hostname or ""
    place = f"[{host}]" if ":" in host else host
    options = dict(parse_qsl(parts.query))
    return Address(
        url=f"{scheme}://{place}:{parts.port or PORTS[scheme]}",
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=parts.path.strip("/") or "default",
        cluster=options.get("cluster"),
        quorum=int(options.get("quorum", "0")),
    )

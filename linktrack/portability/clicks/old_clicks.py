"""What an old log is read as: lines, each with a click, and kinds of logs. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from linktrack.clicks.classify.agents import Agent
from linktrack.portability.clicks.overlap import Origin

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC).timestamp()

Progress: TypeAlias = Callable[[int], None]


class OldClick(NamedTuple):
    """One click of an old log with checked types; times are in milliseconds since 1970 UTC.

    `keys` are the names its link may have, the likeliest first, on its `domain`, where that is
    known. With a `url` a link that is not there is made, at `created_at`; without one it must be
    there, and lead to `led_to`, where that is known. `traits` are what tells visitors
    apart; with none the click has the visitor it brings, or none. `told` is what the log itself
    says of the agent, where it has no user agent. `origin` is who counted it, in our own exports.
    """

    keys: tuple[str, ...]
    clicked_at: int
    agent: str | None = None
    referrer: str | None = None
    url: str | None = None
    created_at: int | None = None
    country: str | None = None
    language: str | None = None
    traits: tuple[str, ...] = ()
    visitor: int | None = None
    flags: int = 0
    told: Agent | None = None
    origin: Origin | None = None
    domain: str | None = None
    led_to: str | None = None


class OldLine(NamedTuple):
    """A line of a log: a click, or why it is broken, or neither where it says of none.

    `raw` is what tells this line from others, the same whenever it is read.
    """

    number: int
    raw: bytes
    click: OldClick | None = None
    broken: str | None = None
    blank: bool = False


@dataclass(frozen=True, slots=True)
class ClickFormat:
    """A kind of old log: how it is read, and which importer of links knows its links' names.

    `read(path, latest, progress)` yields its lines; `latest` (seconds since 1970 UTC) is the last
    moment a click can have. `check` raises `Invalid` where a file is not of this kind. A log of
    more than clicks leaves out what is not about known links (`others_too`); one that says where
    its links led makes those that are missing (`makes_links`). What this very linktrack may have
    counted is compared with it (`counted_as`): the requests of a proxy in front of it, or clicks
    of an export. Where a file is a page of a list (`pages`), equal lines on two pages are two
    clicks.
    """

    name: str
    read: Callable[[Path, float, Progress], Iterator[OldLine]]
    links_of: str
    makes_links: bool = False
    others_too: bool = False
    counted_as: Literal["requests", "clicks"] | None = None
    pages: bool = False
    check: Callable[[Path], None] = lambda _: None


def checked_time(seconds: float, latest: float, name: str) -> int:
    """Return a time in milliseconds; raises `ValueError` with a clause where it cannot be one."""
    if not EARLIEST <= seconds <= latest:  # false for NaN too
        raise ValueError(f"its time ({name}) lies before 2000 or in the future")
    return int(seconds * 1000)

"""Visitors: pseudonyms that hold for one period and cannot be turned back into an address."""

import ipaddress
import logging
import threading
import time as clocks
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from linktrack.calendar.periods import period_start
from linktrack.keys import read_or_create, write_whole
from linktrack.settings import Network, VisitorPeriod

log = logging.getLogger(__name__)

KEY_BYTES: Final = 32
EVEN_SECONDS: Final = 300.0
"""How far a clock may drift between two looks; more, and somebody has set it, or it slept."""
AHEAD_SECONDS: Final = 12 * 3600.0
"""How long before a period begins its key is agreed on, so that the turn itself asks nobody."""

AGAIN_SECONDS: Final = 30.0  # between two looks whether there is a key to agree on
RETRY_SECONDS: Final = 1.0
IPV6_SITE: Final = 64  # bits: one household or phone changes the rest at will


def pseudonym(key: bytes, *parts: str) -> int:
    """Return a signed 64-bit number for these parts under a key (keyed BLAKE2b)."""
    message = "\0".join(parts).encode("utf-8", "surrogatepass")
    digest = blake2b(message, key=key, digest_size=8, person=b"visitor").digest()
    return int.from_bytes(digest, "big", signed=True)


class SharedKeys(Protocol):
    """Keys that several nodes have in common. Both may wait, and raise whatever they like."""

    def agree(self, name: str, proposal: bytes) -> bytes:
        """Return the key of that name: the first that any node has proposed."""

    def destroy(self, is_over: Callable[[str], bool], at: float) -> None:
        """Destroy the keys whose names are over."""


class Visitors:
    """Pseudonyms under the current period's key, which is destroyed when the period is over.

    Keys lie in files of their own, outside the database and its backups. Several processes share
    them: the first to need a key makes it. `timezone` may change; the current day's end does not.
    `running` are seconds of a clock that nobody sets. With `shared` keys the files are this node's
    copies of what all nodes agree on (`keep_up`); a click never waits for that.
    """

    def __init__(
        self,
        folder: Path,
        period: VisitorPeriod,
        timezone: ZoneInfo,
        running: Callable[[], float] = clocks.monotonic,
        shared: SharedKeys | None = None,
    ) -> None:
        self._folder = folder
        self._period = period
        self.timezone = timezone
        self._lock = threading.Lock()
        self._current: tuple[float, float, bytes] = (0.0, 0.0, b"")
        self._running = running
        self._seen: tuple[float, float] | None = None
        self._shared = shared
        self._agreed: set[str] = set()
        self._look_at = 0.0
        self._failing = False

    def identify(self, at: float, address: str, user_agent: str, languages: str) -> int:
        """Return the visitor of a request made `at` (seconds since 1970 UTC).

        `address` is the client's; of an IPv6 address its /64 counts. Raises `OSError` if the
        key can be neither read nor made.
        """
        since, until, key = self._current
        if not since <= at < until:  # or the clock was put back
            key = self._turn(at)
        return pseudonym(key, site_of(address), user_agent, languages)

    def _turn(self, at: float) -> bytes:
        with self._lock:
            day = datetime.fromtimestamp(at, self.timezone).date()
            start = period_start(day, self._period)
            key = read_or_create(self._path(start), lambda: token_bytes(KEY_BYTES))
            self._current = (self._midnight(day), self._midnight(day + timedelta(days=1)), key)
            believed = self.believes(at)
        if believed:
            self.destroy_old(at)
        return key

    def keep_up(self, at: float) -> None:
        """Agree with the other nodes on the key of this period, and in time on that of the next.

        For whoever may wait: each key is asked for once by each process. While that is not
        possible, the key in this node's file is used, and proposed later. Never raises.
        """
        running = self._running()
        if self._shared is None or running < self._look_at:
            return
        self._look_at = running + AGAIN_SECONDS
        try:
            for moment in (at, at + AHEAD_SECONDS):
                self._agree(self._shared, moment)
        except Exception as error:  # noqa: BLE001 - whatever a database raises
            self._look_at = running + RETRY_SECONDS
            if not self._failing:
                log.warning("The visitor key isn't compared with that of other nodes: %s", error)
            self._failing = True
        else:
            self._failing = False

    def _agree(self, shared: SharedKeys, at: float) -> None:
        day = datetime.fromtimestamp(at, self.timezone).date()
        path = self._path(period_start(day, self._period))
        if path.stem in self._agreed:
            return
        own = read_or_create(path, lambda: token_bytes(KEY_BYTES))
        common = shared.agree(path.stem, own)
        if common != own:
            write_whole(path, common)
        with self._lock:
            since, until, _ = self._current
            if since <= at < until:
                self._current = (since, until, common)
        self._agreed.add(path.stem)

    def believes(self, at: float) -> bool:
        """Whether the clock, which says `at`, has run evenly since this was asked last.

        What is destroyed by it is gone: not by one that ran ahead for a minute, and not before it
        was seen twice.
        """
        running, seen = self._running(), self._seen
        self._seen = (at, running)
        return seen is not None and abs((at - seen[0]) - (running - seen[1])) <= EVEN_SECONDS

    def _midnight(self, day: date) -> float:
        return datetime.combine(day, time.min, self.timezone).timestamp()

    def _path(self, start: date) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._folder / f"{self._period}-{start.isoformat()}.key"

    def destroy_old(self, at: float) -> None:
        """Delete the keys of periods that were over a day before `at`, or begin a day after it.

        Those to come were made while a clock was wrong.
        """
        is_over = self._ended(at)
        for path in self._folder.glob("*-????-??-??.key"):
            if is_over(path.stem):
                path.unlink(missing_ok=True)
                log.info("Destroyed the visitor key %s.", path.stem)

    def destroy_shared(self, at: float) -> None:
        """Destroy the same keys where the nodes share them. Raises what that raises."""
        if self._shared is not None:
            self._shared.destroy(self._ended(at), at)

    def _ended(self, at: float) -> Callable[[str], bool]:
        # A day of grace: a worker whose clock is behind must not make yesterday's key again.
        moment, grace = datetime.fromtimestamp(at, self.timezone), timedelta(days=1)
        oldest = period_start((moment - grace).date(), self._period).isoformat()
        newest = period_start((moment + grace).date(), self._period).isoformat()

        def is_over(name: str) -> bool:
            period, _, start = name.partition("-")
            return period != self._period or not oldest <= start <= newest

        return is_over


def site_of(address: str) -> str:
    """Return what of an address tells visitors apart: IPv4 whole, IPv6 its /64.

    IPv4 written as IPv6 is IPv4. Anything else (a Unix socket has no address) stays as it is.
    """
    if ":" not in address:
        return address
    parsed = _parse(address)
    if parsed is None:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), IPV6_SITE), strict=False).network_address)
    return str(parsed)


def client_address(environ: Mapping[str, object], trusted: tuple[Network, ...]) -> str:
    """Return who asks: the nearest address that is not a trusted proxy's.

    X-Forwarded-For is read from the right, and only as far as trusted proxies wrote it: what
    stands further left is whatever the client made up.
    """
    address = str(environ.get("REMOTE_ADDR", ""))
    forwarded = environ.get("HTTP_X_FORWARDED_FOR")
    if not forwarded or not trusted:
        return address
    for hop in reversed(str(forwarded).split(",")):
        if not lies_in(address, trusted):
            break
        candidate = _bare(hop.strip())
        if candidate is None:
            break
        address = candidate
    return address


def lies_in(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address is one of these networks'.

    Who connects to a Unix socket has none: that is 0.0.0.0 here (`setting_texts.UNIX`). What else
    is no address lies in none.
    """
    parsed = _parse(address or "0.0.0.0")  # noqa: S104 - compared
    if parsed is None:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks)


def _bare(hop: str) -> str | None:
    """Return a hop without port and brackets, or None if it isn't an address."""
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    parsed = _parse(hop)
    return None if parsed is None else str(parsed)


@lru_cache(maxsize=1024)  # parsing takes 8 µs, and a proxy's own address comes with every click
def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None

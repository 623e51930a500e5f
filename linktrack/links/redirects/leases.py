"""Leases: clicks that a process draws ahead from what is left of a link's. Pure.

The database counts what was drawn, so processes together never answer more clicks than a link has.
One that is killed takes with it what it had drawn and not used: fewer are answered then.
"""

import atexit
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from linktrack.ids import LinkId
from linktrack.links.redirects.limits import Limits

log = logging.getLogger(__name__)

MOST: Final = 1_000  # clicks in a lease: drawing waits for the loader, up to its 250 ms
SHARE: Final = 50  # of what is left: 2% go into a lease, one click near the end
IDLE_SECONDS: Final = 10.0  # after which what is unused goes back
SPENT_SECONDS: Final = 1.0  # for which a link without clicks is not asked about again


class Drawn(NamedTuple):
    """Clicks that were drawn, of which round: 0 where none is left."""

    round: int
    clicks: int


def lease_of(left: int) -> int:
    """Return how many clicks to draw where so many are left."""
    return max(0, min(left, max(1, min(MOST, left // SHARE))))


@dataclass(slots=True)
class _Stock:
    round: int
    clicks: int
    touched: float


class Leases:
    """What a process has drawn of links' clicks, in front of `draw` and `give_back`.

    `take` is for an event loop: it never waits. Both functions may wait for the database, and raise
    what that raises.
    """

    def __init__(
        self,
        draw: Callable[[LinkId], Drawn],
        give_back: Callable[[LinkId, Drawn], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._draw = draw
        self._give_back = give_back
        self._clock = clock
        self._stocks: dict[LinkId, _Stock] = {}
        self._spent: dict[LinkId, tuple[int, int | None, float]] = {}
        self._lock = threading.Lock()
        self._drawing: defaultdict[LinkId, threading.Lock] = defaultdict(threading.Lock)
        self._tidier: threading.Thread | None = None
        self._stop = threading.Event()

    def take(self, link_id: LinkId, limits: Limits) -> bool | None:
        """Take one click: True if there was one, False if none is left, None if nobody knows."""
        with self._lock:
            stock = self._stocks.get(link_id)
            if stock is not None and stock.clicks > 0 and stock.round >= limits.round:
                stock.clicks -= 1
                stock.touched = self._clock()
                return True
        return False if limits.is_used_up or self.is_spent(link_id, limits) else None

    def is_spent(self, link_id: LinkId, limits: Limits) -> bool:
        """Whether no click was left of these limits, a moment ago."""
        spent = self._spent.get(link_id)
        return spent is not None and (
            spent[:2] == (limits.round, limits.most_clicks) and self._clock() < spent[2]
        )

    def draw(self, link_id: LinkId, limits: Limits) -> bool:
        """Take one click, and draw more where this process has none; whether there was one."""
        with self._drawing[link_id]:  # whoever waits here finds what the first has drawn
            taken = self.take(link_id, limits)
            if taken is not None:
                return taken
            drawn = self._draw(link_id)
            now = self._clock()
            with self._lock:
                if drawn.clicks:
                    self._spent.pop(link_id, None)
                    self._stocks[link_id] = _Stock(drawn.round, drawn.clicks - 1, now)
                else:
                    until = now + SPENT_SECONDS
                    self._spent[link_id] = (limits.round, limits.most_clicks, until)
        self._begin_tidying()
        return drawn.clicks > 0

    def tidy(self, idle: float = IDLE_SECONDS) -> None:
        """Give back what was not used for so many seconds."""
        now = self._clock()
        with self._lock:
            self._spent = {key: spent for key, spent in self._spent.items() if spent[2] > now}
            idle_ones = [k for k, stock in self._stocks.items() if now - stock.touched >= idle]
            given = {link_id: self._stocks.pop(link_id) for link_id in idle_ones}
        for link_id, stock in given.items():
            if stock.clicks:
                try:
                    self._give_back(link_id, Drawn(stock.round, stock.clicks))
                except Exception as error:  # noqa: BLE001 - whatever the database raises
                    log.warning("%d clicks of a link are lost: %s", stock.clicks, error)

    def close(self) -> None:
        """Give everything back: the process ends."""
        self._stop.set()
        self.tidy(0)

    def _begin_tidying(self) -> None:
        if self._tidier is None and not self._stop.is_set():
            with self._lock:
                if self._tidier is None:
                    self._tidier = threading.Thread(target=self._tidy, name="leases", daemon=True)
                    self._tidier.start()
                    atexit.register(self.close)

    def _tidy(self) -> None:
        while not self._stop.wait(1):
            self.tidy()

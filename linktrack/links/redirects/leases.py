"""Leases: clicks that a process draws ahead from what is left of a link's. Pure.

The database counts what was drawn, so processes together never answer more clicks than a link has.
One that is killed takes with it what it had drawn and not used: fewer are answered then. That is at
most half of a lease and the next one, which is drawn while that half is left: by `MOST` and `SHARE`
both together are at most 1,000 clicks, and 2% of what was left.
"""

import atexit
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final, NamedTuple

from linktrack.ids import LinkId
from linktrack.links.redirects.limits import Limits

log = logging.getLogger(__name__)

MOST: Final = 660  # clicks in a lease: drawing waits for the loader, up to its 250 ms
SHARE: Final = 75  # of what is left: such a part goes into a lease, one click near the end
TIDY_SECONDS: Final = 1.0
END_SECONDS: Final = 5.0  # for what is just being drawn
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
    low: int
    """When so few are left, more are drawn; -1 where they are being drawn, or not at all."""


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
        self._low: SimpleQueue[LinkId | None] = SimpleQueue()
        self._beside: threading.Thread | None = None
        self._is_closed = False

    def take(self, link_id: LinkId, limits: Limits) -> bool | None:
        """Take one click: True if there was one, False if none is left, None if nobody knows."""
        with self._lock:
            stock = self._stocks.get(link_id)
            if stock is not None and stock.clicks > 0 and stock.round >= limits.round:
                stock.clicks -= 1
                stock.touched = self._clock()
                if stock.clicks <= stock.low:
                    stock.low = -1
                    self._low.put(link_id)
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
            with self._lock:
                if drawn.clicks:
                    self._keep(link_id, drawn._replace(clicks=drawn.clicks - 1), drawn.clicks)
                else:
                    until = self._clock() + SPENT_SECONDS
                    self._spent[link_id] = (limits.round, limits.most_clicks, until)
        self._begin_beside()
        return drawn.clicks > 0

    def draw_ahead(self, link_id: LinkId) -> None:
        """Draw more where few are left, so that no click waits for it."""
        with self._drawing[link_id]:
            with self._lock:
                stock = self._stocks.get(link_id)
                if stock is None or stock.low != -1:  # drawn or given back meanwhile
                    return
            drawn = self._draw(link_id)
            with self._lock:
                left = self._stocks.get(link_id)
                is_kept = drawn.clicks > 0 and not self._is_closed
                if is_kept:
                    had = left.clicks if left is not None and left.round == drawn.round else 0
                    self._keep(link_id, drawn._replace(clicks=had + drawn.clicks), drawn.clicks)
        if drawn.clicks and not is_kept:
            self._give(link_id, drawn)

    def _keep(self, link_id: LinkId, kept: Drawn, lease: int) -> None:
        # The last clicks are drawn one by one, as they are needed: none lies here meanwhile.
        low = lease // 2 if lease > 1 else -1
        self._spent.pop(link_id, None)
        self._stocks[link_id] = _Stock(kept.round, kept.clicks, self._clock(), low)

    def tidy(self, idle: float = IDLE_SECONDS) -> None:
        """Give back what was not used for so many seconds."""
        now = self._clock()
        with self._lock:
            self._spent = {key: spent for key, spent in self._spent.items() if spent[2] > now}
            idle_ones = [k for k, stock in self._stocks.items() if now - stock.touched >= idle]
            given = {link_id: self._stocks.pop(link_id) for link_id in idle_ones}
        for link_id, stock in given.items():
            if stock.clicks:
                self._give(link_id, Drawn(stock.round, stock.clicks))

    def _give(self, link_id: LinkId, drawn: Drawn) -> None:
        try:
            self._give_back(link_id, drawn)
        except Exception as error:  # noqa: BLE001 - whatever the database raises
            log.warning("%d clicks of a link are lost: %s", drawn.clicks, error)

    def close(self) -> None:
        """Give everything back: the process ends."""
        with self._lock:
            self._is_closed = True
        self._low.put(None)
        if self._beside is not None:
            self._beside.join(END_SECONDS)
        self.tidy(0)

    def _begin_beside(self) -> None:
        if self._beside is None and not self._is_closed:
            with self._lock:
                if self._beside is None:
                    self._beside = threading.Thread(target=self._follow, name="leases", daemon=True)
                    self._beside.start()
                    atexit.register(self.close)

    def _follow(self) -> None:
        due = time.monotonic() + TIDY_SECONDS
        while not self._is_closed:
            with suppress(Empty):
                link_id = self._low.get(timeout=TIDY_SECONDS)
                if link_id is not None:
                    try:
                        self.draw_ahead(link_id)
                    except Exception as error:  # noqa: BLE001 - as above; drawn when none is left
                        log.warning("Clicks of a link could not be drawn ahead: %s", error)
            if time.monotonic() >= due:
                due = time.monotonic() + TIDY_SECONDS
                self.tidy()

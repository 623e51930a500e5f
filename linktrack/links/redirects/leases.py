"""Leases: clicks that a process draws ahead from what is left of a link's. Pure.

The database counts what was drawn, so processes together never answer more clicks than a link has.
One that is killed takes with it what it had drawn and not used: fewer are answered then. That is at
most half of a lease and the next one, which is drawn while that half is left: by `MOST` and `SHARE`
both together are at most 1,000 clicks, and 2% of what was left.

A transaction takes much longer than what is done in it, and may wait for the loader's. So who draws
for a link draws for all that are waited for, and for those that were clicked until a while ago.
"""

import atexit
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Final, NamedTuple, Protocol

from linktrack.ids import LinkId
from linktrack.links.redirects.limits import Limits

log = logging.getLogger(__name__)

MOST: Final = 660  # clicks in a lease: drawing waits for the loader, up to its 250 ms
SHARE: Final = 75  # of what is left: such a part goes into a lease, one click near the end
TIDY_SECONDS: Final = 1.0
END_SECONDS: Final = 5.0  # for what is just being drawn
IDLE_SECONDS: Final = 10.0  # after which what is unused goes back
SPENT_SECONDS: Final = 1.0  # for which a link without clicks is not asked about again
LATELY_SECONDS: Final = 600.0  # after its last click a link is drawn for together with others
MOST_LATELY: Final = 1_000  # links for which that is done


class Drawn(NamedTuple):
    """Clicks that were drawn, of which round: 0 where none is left."""

    round: int
    clicks: int


def lease_of(left: int) -> int:
    """Return how many clicks to draw where so many are left."""
    return max(0, min(left, max(1, min(MOST, left // SHARE))))


class Budget(Protocol):
    """What links have left, for all processes. All may wait, and raise what a database raises."""

    def draw(
        self, link_ids: Collection[LinkId], again: Collection[LinkId]
    ) -> Mapping[LinkId, Drawn]:
        """Draw a few clicks of each link, in one transaction; none where none is left.

        Of those in `again`, which nobody waits for, only where it is not one of the last ones:
        they are not among what is returned else.
        """

    def give_back(self, given: Mapping[LinkId, Drawn]) -> None:
        """Give back clicks that were drawn and not used."""


@dataclass(slots=True)
class _Stock:
    round: int
    clicks: int
    touched: float
    low: int
    """When so few are left, more are drawn; -1 where they are being drawn, or not at all."""

    is_used: bool = True
    """Whether a click was taken; a link that was drawn for in vain is not drawn for again."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """Who waits for clicks of a link: for one at once, or with no `limits` for more to lie here.

    `answer` is whether there was one, or None where others have drawn some meanwhile.
    """

    link_id: LinkId
    limits: Limits | None
    answer: "Future[bool | None]" = field(default_factory=Future)


class Leases:
    """What a process has drawn of links' clicks, in front of a `budget`.

    `take` is for an event loop: it never waits.
    """

    def __init__(self, budget: Budget, clock: Callable[[], float] = time.monotonic) -> None:
        self._budget = budget
        self._clock = clock
        self._stocks: dict[LinkId, _Stock] = {}
        self._lately: dict[LinkId, float] = {}
        self._spent: dict[LinkId, tuple[int, int | None, float]] = {}
        self._lock = threading.Lock()
        self._drawing: defaultdict[LinkId, threading.Lock] = defaultdict(threading.Lock)
        self._asking: list[_Asking] = []
        self._turn = threading.Lock()
        self._low: SimpleQueue[LinkId | None] = SimpleQueue()
        self._beside: threading.Thread | None = None
        self._is_closed = False

    def take(self, link_id: LinkId, limits: Limits) -> bool | None:
        """Take one click: True if there was one, False if none is left, None if nobody knows."""
        with self._lock:
            stock = self._stocks.get(link_id)
            if stock is not None and _has_clicks(stock, limits):
                stock.clicks -= 1
                stock.touched, stock.is_used = self._clock(), True
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
        """Take one click, and draw more where this process has none; whether there was one.

        Raises what the budget raises.
        """
        with self._drawing[link_id]:  # whoever waits here finds what the first has drawn
            while (taken := self.take(link_id, limits)) is None:
                taken = self._ask(_Asking(link_id, limits))
                if taken is not None:
                    break
        self._begin_beside()
        return taken

    def draw_ahead(self, link_id: LinkId) -> None:
        """Draw more where few are left, so that no click waits for it."""
        with self._drawing[link_id]:
            with self._lock:
                stock = self._stocks.get(link_id)
                if stock is None or stock.low != -1:  # drawn or given back meanwhile
                    return
            self._ask(_Asking(link_id, None))

    def _ask(self, asking: _Asking) -> bool | None:
        """Draw with all who wait for their turn: the first of them does it for all."""
        with self._lock:
            self._asking.append(asking)
        with self._turn:
            if not asking.answer.done():
                self._draw_for_all()
        return asking.answer.result()

    def _draw_for_all(self) -> None:
        drawing: list[_Asking] = []
        with self._lock:
            asked, self._asking = self._asking, []
            for each in asked:
                stock = self._stocks.get(each.link_id)
                if each.limits and stock is not None and _has_clicks(stock, each.limits):
                    each.answer.set_result(None)
                else:
                    drawing.append(each)
            again = self._again({each.link_id for each in asked})
        if not drawing:
            return
        try:
            drawn = self._budget.draw([each.link_id for each in drawing], again)
        except BaseException as error:  # noqa: BLE001 - whatever a database raises: they raise it
            for each in drawing:
                each.answer.set_exception(error)
            return
        unkept: dict[LinkId, Drawn] = {}
        with self._lock:
            for each in drawing:
                unkept |= self._share_out(each, drawn[each.link_id])
            for link_id in again:
                if link_id in drawn:
                    unkept |= self._keep(link_id, drawn[link_id], is_used=False)
        self._give(unkept)

    def _again(self, asked: Collection[LinkId]) -> list[LinkId]:
        """Return the links that were clicked lately, and of which nothing lies here."""
        since = self._clock() - LATELY_SECONDS
        self._lately = {link_id: at for link_id, at in self._lately.items() if at >= since}
        return [each for each in self._lately if each not in asked and each not in self._stocks]

    def _share_out(self, asking: _Asking, drawn: Drawn) -> dict[LinkId, Drawn]:
        """Answer who waits, and keep the rest; return what comes too late."""
        link_id, limits = asking.link_id, asking.limits
        unkept: dict[LinkId, Drawn] = {}
        if drawn.clicks:
            unkept = self._keep(link_id, drawn, taken=int(limits is not None))
        elif limits is not None:
            until = self._clock() + SPENT_SECONDS
            self._spent[link_id] = (limits.round, limits.most_clicks, until)
        asking.answer.set_result(drawn.clicks > 0)
        return unkept

    def _keep(
        self, link_id: LinkId, drawn: Drawn, *, taken: int = 0, is_used: bool = True
    ) -> dict[LinkId, Drawn]:
        """Put what was drawn and not taken to what lies here; return it where it comes too late."""
        if self._is_closed:
            return {link_id: drawn._replace(clicks=drawn.clicks - taken)}
        stock = self._stocks.get(link_id)
        had = stock.clicks if stock is not None and stock.round == drawn.round else 0
        # The last clicks are drawn one by one, as they are needed: none lies here meanwhile.
        low = drawn.clicks // 2 if drawn.clicks > 1 else -1
        clicks = had + drawn.clicks - taken
        self._spent.pop(link_id, None)
        self._stocks[link_id] = _Stock(drawn.round, clicks, self._clock(), low, is_used)
        return {}

    def tidy(self, idle: float = IDLE_SECONDS) -> None:
        """Give back what was not used for so many seconds."""
        now = self._clock()
        with self._lock:
            self._spent = {key: spent for key, spent in self._spent.items() if spent[2] > now}
            idle_ones = [k for k, stock in self._stocks.items() if now - stock.touched >= idle]
            given = {link_id: self._stocks.pop(link_id) for link_id in idle_ones}
            for link_id, stock in given.items():
                self._lately.pop(link_id, None)
                if stock.is_used:
                    self._lately[link_id] = stock.touched
            for link_id in list(self._lately)[:-MOST_LATELY]:
                del self._lately[link_id]
        self._give({key: Drawn(stock.round, stock.clicks) for key, stock in given.items()})

    def _give(self, drawn: Mapping[LinkId, Drawn]) -> None:
        given = {link_id: each for link_id, each in drawn.items() if each.clicks}
        if not given:
            return
        try:
            self._budget.give_back(given)
        except Exception as error:  # noqa: BLE001 - whatever the database raises
            lost = sum(each.clicks for each in given.values())
            log.warning("%d clicks of %d links are lost: %s", lost, len(given), error)

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


def _has_clicks(stock: _Stock, limits: Limits) -> bool:
    return stock.clicks > 0 and stock.round >= limits.round

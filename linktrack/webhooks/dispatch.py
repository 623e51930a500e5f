"""Dispatch messages: one queue a webhook, so that a slow receiver delays only its own."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event, Lock
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from linktrack.db import Database, now
from linktrack.links.catalog import Shortener
from linktrack.outside.addresses import Network
from linktrack.webhooks.deliver import SECONDS, Deliverer
from linktrack.webhooks.events import enqueue
from linktrack.webhooks.models import Delivery, Webhook

log = logging.getLogger(__name__)

INTERVAL: Final = 5.0  # seconds between passes
RECEIVERS: Final = 8  # that are sent to at the same time

KEPT: Final = timedelta(days=30)
"""How long what was sent, or given up, is kept."""

FORGET_EVERY: Final = timedelta(hours=1)
FOUND_AGAIN: Final = ("post.failed", "clicks.milestone", "followers.jumped")
"""Events that each pass reads from the tables again: their keys say what was told."""


class Dispatcher:
    """Finds what has happened, and sends it to the webhooks that ask for it."""

    def __init__(
        self,
        database: Database,
        shortener: Shortener,
        key: bytes,
        allowed: tuple[Network, ...],
        clock: Callable[[], datetime] = now,
        seconds: float = SECONDS,
    ) -> None:
        """`seconds` is how long one request to a receiver may take in all."""
        self._database = database
        self._shortener = shortener
        self._deliverer = Deliverer(database, key, allowed, clock, seconds)
        self._clock = clock
        self._forget_at = clock()
        self._turn = seconds  # within which a receiver is sent one message after the other
        self._pool = ThreadPoolExecutor(RECEIVERS, "webhook")
        self._ending = Event()
        self._served: set[int] = set()  # webhooks that a thread is sending to
        self._lock = Lock()

    def follow(self, wait: Callable[[float], bool]) -> None:
        """Make one pass after another; `wait(seconds)` returns whether to end."""
        failing = False
        try:
            while not wait(INTERVAL):
                try:
                    self._begin_pass()
                    failing = False
                except SQLAlchemyError as error:  # the database is away: what is due stays due
                    if not failing:
                        log.warning("Webhooks wait: %s", error)
                    failing = True
        finally:
            # What is being sent ends within seconds; what is not begun is due for the next process.
            self._ending.set()
            self._pool.shutdown(cancel_futures=True)

    def dispatch(self) -> int:
        """Make one pass, and wait for its end; return how many were delivered."""
        return sum(turn.result() for turn in self._begin_pass())

    def _begin_pass(self) -> list[Future[int]]:
        """Enqueue what is new, and give each receiver for which something is due its turn."""
        enqueue(self._database, self._shortener, self._clock())
        if self._clock() >= self._forget_at:  # after it: what is found now is known by its key
            self._forget_old()
        turns = []
        for webhook_id in self._due_webhooks():
            with self._lock:
                if webhook_id in self._served:
                    continue
                self._served.add(webhook_id)
            turns.append(self._pool.submit(self._serve, webhook_id))
        return turns

    def _due_webhooks(self) -> list[int]:
        """Return the webhooks for which something is due, the longest waiting first."""
        with self._database.session() as session:
            query = (
                select(Delivery.webhook_id)
                .join(Webhook, Webhook.id == Delivery.webhook_id)
                .where(Delivery.next_at <= self._clock(), Webhook.disabled_at.is_(None))
                .group_by(Delivery.webhook_id)
                .order_by(func.min(Delivery.next_at))
            )
            return list(session.scalars(query))

    def _serve(self, webhook_id: int) -> int:
        """Send to one receiver, in order, what is due; return how much of it was delivered.

        After its turn a slow one waits until all others have had theirs.
        """
        delivered, end = 0, time.monotonic() + self._turn
        try:
            while time.monotonic() < end and not self._ending.is_set():
                outcome = self._deliverer.deliver_next(webhook_id)
                if outcome is None:
                    break
                delivered += outcome.is_delivered
        except SQLAlchemyError as error:  # what is due stays due
            log.warning("A webhook waits: %s", error)
        except Exception:
            log.exception("A webhook could not be sent to.")
            raise
        finally:
            with self._lock:
                self._served.discard(webhook_id)
        return delivered

    def _forget_old(self) -> None:
        """Forget what was sent or given up long ago; of what is found again, its key stays."""
        moment = self._clock()
        self._forget_at = moment + FORGET_EVERY
        over = Delivery.next_at.is_(None), Delivery.created_at < moment - KEPT
        again = Delivery.event.in_(FOUND_AGAIN)
        with self._database.session(writes=True) as session:
            session.execute(delete(Delivery).where(*over, ~again))
            session.execute(
                update(Delivery).where(*over, again, Delivery.body != "").values(body="")
            )
            session.commit()

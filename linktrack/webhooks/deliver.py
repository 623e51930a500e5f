"""Deliver one message, and try again until it is received or given up.

It goes at least once: whoever dies between sending and writing that down is followed, minutes
later, by one who sends it again, under the same number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import select, update

from linktrack.db import Database
from linktrack.errors import Invalid
from linktrack.keys import unseal
from linktrack.outside.addresses import Network, is_allowed
from linktrack.outside.finding import Guard
from linktrack.outside.visit import Limits
from linktrack.webhooks.models import Delivery, Way, Webhook
from linktrack.webhooks.signing import OTHER_KEYS, sign
from linktrack.webhooks.ways import Outcome, mail, message, post

WAITS: Final = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 8 * 60, 24 * 60, 48 * 60)
)
"""How long after each failure it is tried again; after the last it is given up."""

SECONDS: Final = 10.0
"""How long one request may take, from the look-up of the name to the end of the answer."""

LEASE: Final = timedelta(minutes=5)
"""For which a delivery that is being sent is nobody else's. It is taken for one request, which
takes seconds, so that no other process ever sends it as well."""

MOST_READ: Final = 1_000  # bytes of an answer


@dataclass(frozen=True, slots=True)
class _Due:
    """A delivery that this process has taken."""

    id: int
    way: Way
    url: str
    sealed_secret: str
    body: str
    attempts: int


class Deliverer:
    """Takes what is due for a webhook, one after the other, and sends it."""

    def __init__(
        self,
        database: Database,
        key: bytes,
        allowed: tuple[Network, ...],
        clock: Callable[[], datetime],
        seconds: float,
    ) -> None:
        self._database = database
        self._key = key
        self._allowed = allowed
        self._guard = Guard(partial(is_allowed, named=allowed))
        self._clock = clock
        self._limits = Limits(seconds, MOST_READ, is_cut=True)

    def deliver_next(self, webhook_id: int) -> Outcome | None:
        """Send what has been due for longest; return what came of it, None if nothing is due."""
        due = self._take(webhook_id)
        if due is None:
            return None
        outcome = self._send(due)
        self._record(due, outcome)
        return outcome

    def _take(self, webhook_id: int) -> _Due | None:
        """Take what is due next, so that no other process sends it as well."""
        moment = self._clock()
        query = (
            select(Delivery, Webhook)
            .join(Webhook, Webhook.id == Delivery.webhook_id)
            .where(
                Delivery.webhook_id == webhook_id,
                Delivery.next_at <= moment,
                Webhook.disabled_at.is_(None),
            )
            .order_by(Delivery.next_at, Delivery.id)
            .limit(1)
        )
        while True:
            with self._database.session() as session:
                found = session.execute(query).one_or_none()
                if found is None:
                    return None
                delivery, hook = found
                due_at = delivery.next_at
                due = _Due(
                    delivery.id,
                    hook.way,
                    hook.url,
                    sealed_secret=hook.sealed_secret,
                    body=delivery.body,
                    attempts=delivery.attempts,
                )
            with self._database.session(writes=True) as session:
                claim = update(Delivery).where(Delivery.id == due.id, Delivery.next_at == due_at)
                claim = claim.values(next_at=moment + LEASE).returning(Delivery.id)
                is_ours = session.scalar(claim) is not None
                session.commit()
            if is_ours:
                return due

    def _send(self, due: _Due) -> Outcome:
        message_id = f"msg_{due.id}"
        settings = self._database.settings
        if due.way == "mail":
            return mail(settings.mail, due.url, due.body, f"{message_id}@{settings.base_host}")
        try:
            secret = unseal(self._key, due.sealed_secret, OTHER_KEYS)
        except Invalid as error:
            return Outcome(False, error.sentence)
        if due.way == "apprise":
            return message(secret, due.body, self._allowed)
        seconds = int(self._clock().timestamp())
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": sign(secret, message_id, seconds, due.body),
        }
        return post(due.url, headers, due.body, self._limits, self._guard)

    def _record(self, due: _Due, outcome: Outcome) -> None:
        moment = self._clock()
        again = None
        if not outcome.is_delivered and due.attempts < len(WAITS):
            again = moment + WAITS[due.attempts]
        with self._database.session(writes=True) as session:
            session.execute(
                update(Delivery)
                .where(Delivery.id == due.id)
                .values(
                    attempts=due.attempts + 1,
                    next_at=again,
                    delivered_at=moment if outcome.is_delivered else None,
                    answer=outcome.said[:200].replace("\0", "\ufffd"),
                )
            )
            session.commit()

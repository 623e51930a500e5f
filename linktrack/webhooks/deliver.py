"""Sending what is due: signed, to one checked address, again until it was heard or given up."""

import http.client
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from linktrack import __version__
from linktrack.db import Database, now
from linktrack.errors import Invalid
from linktrack.links.catalog import Shortener
from linktrack.sealing import unseal
from linktrack.settings import Network
from linktrack.webhooks.addresses import Place, find_place
from linktrack.webhooks.events import put_down
from linktrack.webhooks.models import Delivery, Webhook
from linktrack.webhooks.signing import OTHER_KEYS, sign

log = logging.getLogger(__name__)

WAITS: Final = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 8 * 60, 24 * 60, 48 * 60)
)
"""How long after each failure it is tried again; after the last it is given up."""

LEASE: Final = timedelta(minutes=5)  # for which one that is being sent is nobody else's
TIMEOUT: Final = 10.0  # seconds for connecting, and for each read
AT_ONCE: Final = 20
MOST_READ: Final = 1_000  # bytes of an answer
INTERVAL: Final = 5.0  # seconds between passes

KEPT: Final = timedelta(days=30)
"""How long what was sent, or given up, is kept."""

FORGET_EVERY: Final = timedelta(hours=1)
FOUND_AGAIN: Final = ("post.failed", "clicks.milestone", "followers.jumped")
"""Events that each pass reads from the tables again: their keys say what was told."""


@dataclass(frozen=True, slots=True)
class _Due:
    """A delivery that this process has taken."""

    id: int
    url: str
    sealed_secret: str
    body: str
    attempts: int


class Teller:
    """Finds what has happened, and tells the webhooks that ask for it."""

    def __init__(
        self,
        database: Database,
        shortener: Shortener,
        key: bytes,
        allowed: tuple[Network, ...],
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._database = database
        self._shortener = shortener
        self._key = key
        self._allowed = allowed
        self._clock = clock
        self._forget_at = clock()

    def follow(self, wait: Callable[[float], bool]) -> None:
        """Make one pass after another; `wait(seconds)` returns whether to end."""
        failing = False
        while not wait(INTERVAL):
            try:
                self.tell()
                failing = False
            except SQLAlchemyError as error:  # the database is away: what is due stays due
                if not failing:
                    log.warning("Webhooks wait: %s", error)
                failing = True

    def tell(self) -> int:
        """Put down what is new and send what is due; return how many were delivered."""
        put_down(self._database, self._shortener, self._clock())
        if self._clock() >= self._forget_at:  # after it: what is found now is known by its key
            self._forget_old()
        return sum(self._send(due) for due in self._take())

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

    def _take(self) -> list[_Due]:
        """Take some of what is due, so that no other process sends it as well."""
        moment = self._clock()
        with self._database.session() as session:
            query = (
                select(Delivery, Webhook)
                .join(Webhook, Webhook.id == Delivery.webhook_id)
                .where(Delivery.next_at <= moment, Webhook.disabled_at.is_(None))
                .order_by(Delivery.next_at)
                .limit(AT_ONCE)
            )
            found = [
                (
                    each.next_at,
                    _Due(each.id, hook.url, hook.sealed_secret, each.body, each.attempts),
                )
                for each, hook in session.execute(query)
            ]
        if not found:
            return []
        taken = []
        with self._database.session(writes=True) as session:
            for due_at, due in found:
                claim = update(Delivery).where(Delivery.id == due.id, Delivery.next_at == due_at)
                claim = claim.values(next_at=moment + LEASE).returning(Delivery.id)
                if session.scalar(claim) is not None:
                    taken.append(due)
            session.commit()
        return taken

    def _send(self, due: _Due) -> bool:
        message_id = f"msg_{due.id}"
        try:
            secret = unseal(self._key, due.sealed_secret, OTHER_KEYS)
            seconds = int(self._clock().timestamp())
            headers = {
                "webhook-id": message_id,
                "webhook-timestamp": str(seconds),
                "webhook-signature": sign(secret, message_id, seconds, due.body),
            }
            status = post(find_place(due.url, self._allowed), headers, due.body)
            heard, said = 200 <= status < 300, f"status {status}"
        except Invalid as error:
            heard, said = False, error.sentence
        except (OSError, http.client.HTTPException) as error:
            heard, said = False, _in_words(error)
        self._write_down(due, heard, said)
        return heard

    def _write_down(self, due: _Due, heard: bool, said: str) -> None:
        moment = self._clock()
        again = None
        if not heard and due.attempts < len(WAITS):
            again = moment + WAITS[due.attempts]
        with self._database.session(writes=True) as session:
            session.execute(
                update(Delivery)
                .where(Delivery.id == due.id)
                .values(
                    attempts=due.attempts + 1,
                    next_at=again,
                    delivered_at=moment if heard else None,
                    answer=said[:200].replace("\0", "\ufffd"),
                )
            )
            session.commit()


def _in_words(error: OSError | http.client.HTTPException) -> str:
    """Return what kept a message from being heard, as its owner reads it."""
    if isinstance(error, socket.gaierror):
        return f"The name of the host is not known ({error.strerror})."
    if isinstance(error, TimeoutError):
        return f"There was no answer within {TIMEOUT:.0f} seconds."
    if isinstance(error, ConnectionRefusedError):
        return "Nobody listens there: the connection was refused."
    return f"{type(error).__name__}: {error}"


def post(place: Place, headers: dict[str, str], body: str) -> int:
    """Send a message to the one address that was checked; return the answer's status.

    A redirect is an answer like another, and is not followed. Raises `OSError` or
    `HTTPException`.
    """
    connection = _Pinned(place)
    try:
        connection.request(
            "POST",
            place.path,
            body.encode(),
            {
                **headers,
                "Content-Type": "application/json",
                "User-Agent": f"linktrack/{__version__} (webhook)",
            },
        )
        response = connection.getresponse()
        response.read(MOST_READ)
        return response.status
    finally:
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to a checked address, under the host's own name for Host and TLS."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.host, place.port, timeout=TIMEOUT)
        self.default_port = 443 if place.scheme == "https" else 80
        self._place = place

    def connect(self) -> None:
        """Connect without asking for the name again: it may stand for something else by now."""
        plain = socket.create_connection((self._place.address, self._place.port), TIMEOUT)
        if self._place.scheme == "https":
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(plain, server_hostname=self._place.host)
        else:
            self.sock = plain

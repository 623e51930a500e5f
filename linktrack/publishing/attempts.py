"""Judge how an attempt to send a post ended: sent, to be tried again, or given up."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from linktrack.errors import LinktrackError, Unavailable
from linktrack.networks.errors import Pause, Refused, SignedOut, Unclear
from linktrack.networks.records import Message, Sent

log = logging.getLogger(__name__)

WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 30, 60, 120, 240))
"""How long after each failure it is tried again; the last wait is repeated."""

PATIENCE: Final = timedelta(hours=24)
"""So long after its time a post is no longer sent, unless the owner says so."""


class Publisher(Protocol):
    """What of a network's `Writer` sending needs."""

    def publish(self, message: Message) -> Sent:
        """Send a post."""
        ...

    def find(self, message: Message) -> Sent | None:
        """Look whether a post is there."""
        ...

    def close(self) -> None:
        """Give back the connections."""
        ...


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt sent nothing, as far as is known; `in_doubt`: the network may have it."""

    reason: Exception
    in_doubt: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a post that was not sent: `next_at` is None if it is given up."""

    problem: str
    next_at: datetime | None
    in_doubt: bool


def attempt(writer: Publisher, message: Message, in_doubt: bool) -> Sent | Failure:
    """Send a message, unless it is there already; `in_doubt`: an earlier attempt may have sent it.

    The same key makes no second post where networks heed it, but Mastodon forgets keys after an
    hour and X has none: so what is in doubt is looked for first. Never raises.
    """
    looked = not in_doubt
    try:
        if in_doubt:
            found = writer.find(message)
            if found is not None:
                return found
            looked = True
        return _publish(writer, message, in_doubt)
    except Unclear as error:
        return Failure(error, in_doubt=True)
    except (LinktrackError, Pause) as error:
        return Failure(error, in_doubt=not looked)
    except Exception as error:
        log.exception("Sending a post failed unexpectedly.")
        return Failure(error, in_doubt=True)


def _publish(writer: Publisher, message: Message, in_doubt: bool) -> Sent:
    try:
        return writer.publish(message)
    except SignedOut:
        raise
    except Refused:
        # As the same text twice, perhaps: lists of posts are a little behind on every network.
        found = writer.find(message) if in_doubt else None
        if found is None:
            raise
        return found


def judge(failure: Failure, name: str, attempts: int, due_at: datetime, now: datetime) -> Verdict:
    """Return what a failed attempt, the `attempts`-th, leads to; `name` is the account's handle.

    A refusal is final, as is that nobody is signed in. What may pass is tried again, later and
    later, until a day after `due_at`.
    """
    reason, next_at = failure.reason, now + WAITS[min(max(attempts, 1), len(WAITS)) - 1]
    match reason:
        case Pause():
            problem, next_at = f"{name}: {reason}.", max(reason.until, now + WAITS[0])
        case Unavailable():
            problem = reason.sentence
        case LinktrackError():
            return Verdict(reason.sentence, None, failure.in_doubt)
        case _:
            problem = f"linktrack itself failed ({type(reason).__name__}); it is in the log."
    if next_at > due_at + PATIENCE:
        return Verdict(f"{problem} It is not tried again.", None, failure.in_doubt)
    return Verdict(problem, next_at, failure.in_doubt)

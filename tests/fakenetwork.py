"""A small social network for tests: takes posts, and has the faults that networks have."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from linktrack.errors import Unavailable
from linktrack.networks.errors import Pause, Refused, SignedOut, Unclear
from linktrack.networks.records import Message, Sent


class Killed(BaseException):
    """This process ends here, as by kill -9: nobody catches it."""


BEFORE: Mapping[str | None, BaseException | type[Pause]] = {
    "refuses": Refused("The network does not take this text."),
    "is away": Unavailable("The network is away."),
    "pauses": Pause,
    "signs out": SignedOut("The network does not know this password any more."),
    "loses the question": Unclear("No answer came."),
    "fails strangely": ZeroDivisionError(),
    "kills before": Killed(),
}
"""What can happen to a post that the network then does not have."""

AFTER: Mapping[str | None, BaseException | type[Pause]] = {
    "takes it and loses the answer": Unclear("No answer came."),
    "takes it and fails strangely": ZeroDivisionError(),
    "kills after": Killed(),
}
"""What can happen to a post that the network then has."""

MINUTES_15 = timedelta(minutes=15)
FAULTS = (*BEFORE, *AFTER)


@dataclass
class FakeNetwork:
    """A network whose next attempts have the `faults` in their order; then all goes well.

    With `keyed` it heeds keys, as Bluesky does for ever and Mastodon for an hour; without, the
    same message twice is two posts, as on X.
    """

    clock: "Clock"
    keyed: bool = False
    faults: list[str | None] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    looks: int = 0
    look_is_away: bool = False
    look_is_refused: bool = False
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def publish(self, message: Message) -> Sent:
        self.messages.append(message)
        fault = self.faults.pop(0) if self.faults else None
        if fault in BEFORE:
            raise self._error(BEFORE[fault])
        sent = self._take(message)
        if fault in AFTER:
            raise self._error(AFTER[fault])
        return sent

    def _error(self, error: BaseException | type[Pause]) -> BaseException:
        return error if isinstance(error, BaseException) else error(self.clock.now + MINUTES_15)

    def _take(self, message: Message) -> Sent:
        if self.keyed and message.key in self.by_key:
            number = self.by_key[message.key]
        else:
            number = f"n{next(self._numbers)}"
        self.by_key[message.key] = number
        self.shown[number] = message.text
        return self._sent(number)

    def _sent(self, number: str) -> Sent:
        return Sent(number, f"https://network.example/{number}", self.clock.now)

    def find(self, message: Message) -> Sent | None:
        self.looks += 1
        if self.look_is_refused:  # as on an X plan that may not read
            raise Refused("The network shows this plan no posts.")
        if self.look_is_away:
            raise Unavailable("The network is away.")
        found = [number for number, text in self.shown.items() if text == message.text]
        return self._sent(found[0]) if found else None

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class Clock:
    """A clock that tests move."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def move(self, **later: float) -> datetime:
        self.now += timedelta(**later)
        return self.now

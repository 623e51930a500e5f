"""Who follows the you account of the demonstration, and since when. Pure, and seeded.

Three kinds: people who read; profiles that look empty, which nobody may be using; and accounts that
follow to be followed, by a program. The latter leave when they are unfollowed.
"""

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from linktrack.networks.records import FollowerRecord
from linktrack.portability.demo.story import ACCIDENT, DAYS, MEMBERS, YOU

Kind: TypeAlias = Literal["reads", "empty", "automatic"]

EMPTY: Final = 6_000  # of those who follow on the day before the accident
LEAVE: Final = 6_000  # of the automatic ones, within days of it
COME_BACK: Final = 950  # of these, in the weeks after it
ARRIVE: Final = 9.2  # a day, before the accident
ARRIVE_LATER: Final = 12.0  # a day, after it
LEAVE_LATER: Final = 4.0  # a day, after it: nobody of the automatic ones
AUTOMATIC_SHARE: Final = 0.3
EMPTY_SHARE: Final = 0.262
STAY: Final = 3 * MEMBERS  # of the first followers, from the first day to the last

_FIRST_ID: Final = 9_100_000_000_000_000_000
"""X gives such numbers in about the year 2079: they are nobody's."""


@dataclass(slots=True)
class Fan:
    """One follower: who they are, and the times in which they follow, in days before the end.

    A time without an end goes on; one that begins `DAYS` before the end may have begun earlier.
    """

    number: int
    kind: Kind
    times: list[tuple[float, float | None]] = field(default_factory=list)

    @property
    def network_id(self) -> str:
        """The id that X would have for them."""
        return str(_FIRST_ID + self.number)

    @property
    def handle(self) -> str:
        """A name that is too long for X: nobody has it."""
        return f"@demo_follower_{self.number:05}"


def crowd(seed: int) -> list[Fan]:
    """Return everybody who ever follows in these two years, in order of coming."""
    chance = random.Random(f"{seed} crowd")
    first, eve = (round(YOU.followers(ago)) for ago in (DAYS, 0))
    fans = [Fan(number, _kind(chance), [(DAYS, None)]) for number in range(first)]
    coming = _arrivals(chance, DAYS, ACCIDENT, ARRIVE)
    fans += [Fan(len(fans) + at, _kind(chance), [(ago, None)]) for at, ago in enumerate(coming)]
    leaving = len(fans) - eve
    for fan in chance.sample(fans[STAY:], leaving):
        since = fan.times[0][0]
        fan.times[0] = (since, chance.uniform(ACCIDENT, since))
    there = [fan for fan in fans if fan.times[0][1] is None]
    _correct_empty(there)
    automatic = [fan for fan in there if fan.kind == "automatic"]
    gone = chance.sample(automatic, LEAVE)
    for fan in gone:
        left = ACCIDENT - min(chance.expovariate(1 / 1.5), 8.5)
        fan.times[0] = (fan.times[0][0], left)
    for fan in chance.sample(gone, COME_BACK):
        left = fan.times[0][1] or 0.0
        back = left - 5 - min(chance.expovariate(1 / 22), 60)
        fan.times.append((max(back, 0.5), None))
    later = _arrivals(chance, ACCIDENT, 0, ARRIVE_LATER)
    fans += [Fan(len(fans) + at, _kind(chance), [(ago, None)]) for at, ago in enumerate(later)]
    going = [fan for fan in fans[STAY:] if fan.kind != "automatic" and fan.times[0][1] is None]
    for fan in chance.sample(going, round(ACCIDENT * LEAVE_LATER)):
        since = min(fan.times[0][0], ACCIDENT)
        fan.times[0] = (fan.times[0][0], chance.uniform(0, since))
    return fans


def _arrivals(chance: random.Random, first: float, last: float, daily: float) -> list[float]:
    """Return when people come between two days, so many a day, by chance."""
    number = round((first - last) * daily)
    return sorted((chance.uniform(last, first) for _ in range(number)), reverse=True)


def _kind(chance: random.Random) -> Kind:
    drawn = chance.random()
    if drawn < AUTOMATIC_SHARE:
        return "automatic"
    return "empty" if drawn < AUTOMATIC_SHARE + EMPTY_SHARE else "reads"


def _correct_empty(there: Sequence[Fan]) -> None:
    """Let exactly `EMPTY` of those who follow look empty, so that texts may say the number."""
    found = [fan for fan in there if fan.kind == "empty"]
    others = [fan for fan in there if fan.kind == "reads"][STAY:]
    for fan in found[EMPTY:]:
        fan.kind = "reads"
    for fan in others[: max(0, EMPTY - len(found))]:
        fan.kind = "empty"


def members(fans: Sequence[Fan]) -> list[Fan]:
    """Return those who read the letter too: they follow from the first day to the last."""
    stay = (fan for fan in fans if fan.kind == "reads" and fan.times == [(DAYS, None)])
    return [fan for fan, _ in zip(stay, range(MEMBERS), strict=False)]


def records(fans: Sequence[Fan], end: datetime, seed: int) -> Iterator[FollowerRecord]:
    """Yield what X would say of each of these people at the end."""
    chance = random.Random(f"{seed} profiles")
    for fan in fans:
        yield _record(chance, fan, end)


def _record(chance: random.Random, fan: Fan, end: datetime) -> FollowerRecord:
    age = max(fan.times[0][0], 40.0) + chance.expovariate(1 / 900) + 1
    created = end - timedelta(days=min(age, 5_600))
    if fan.kind == "empty":
        following = round(chance.lognormvariate(6, 0.8)) + 101
        return FollowerRecord(
            network_id=fan.network_id,
            handle=fan.handle,
            followers=chance.choice((0, 0, 1, 1, 2, 3, 4)),
            following=following,
            posts=0 if chance.random() < 0.8 else chance.randrange(1, 4),
            account_created_at=created,
            has_description=False,
            has_picture=chance.random() < 0.1,
            followed_back=False,
        )
    if fan.kind == "automatic":
        followers = round(chance.lognormvariate(9.3, 0.6)) + 5_000
        return FollowerRecord(
            network_id=fan.network_id,
            handle=fan.handle,
            followers=followers,
            following=max(5_001, round(followers * chance.uniform(0.93, 1.08))),
            posts=round(chance.lognormvariate(8, 1)),
            account_created_at=created,
            has_description=True,
            has_picture=True,
            last_active_at=end - timedelta(days=chance.uniform(0, 12)),
            followed_back=False,
        )
    return FollowerRecord(
        network_id=fan.network_id,
        handle=fan.handle,
        followers=round(chance.lognormvariate(5.2, 1.1)) + 6,
        following=round(min(chance.lognormvariate(5.8, 0.8), 4_900)),
        posts=round(chance.lognormvariate(6.5, 1.3)) + 1,
        account_created_at=created,
        has_description=chance.random() < 0.85,
        has_picture=chance.random() < 0.97,
        last_active_at=end - timedelta(days=min(chance.expovariate(1 / 90), age)),
        followed_back=fan.number < STAY or chance.random() < 0.09,
    )


def list_days() -> list[float]:
    """Return when lists of the followers were taken: monthly, daily around the accident."""
    monthly = [float(ago) for ago in range(DAYS, ACCIDENT + 2, -28)]
    around = [ACCIDENT + 1.0 - day for day in range(11)]
    weekly = [float(ago) for ago in range(ACCIDENT - 16, 0, -7)]
    return sorted({*monthly, *around, *weekly, 0.0}, reverse=True)


def sizes(fans: Sequence[Fan], days: Sequence[float]) -> list[int]:
    """Return how many follow on each of these days before the end."""
    since = sorted(-begun for fan in fans for begun, _ in fan.times)
    until = sorted(-ended for fan in fans for _, ended in fan.times if ended is not None)
    return [bisect_right(since, -ago) - bisect_right(until, -ago) for ago in days]

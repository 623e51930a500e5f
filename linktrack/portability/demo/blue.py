"""Who follows the demonstration's account on Bluesky: they come evenly, and some leave again."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment
from linktrack.portability.demo.crowd import Fan, Kind
from linktrack.portability.demo.followers import RULES, add_lists
from linktrack.portability.demo.story import BLUE, BLUESKY, COMMUNITY

LEAVE: Final = 260
"""Of those who come, so many leave before the end."""

MEMBERS: Final = 60  # who read the letter too: of the first who read here, and they stay
SORTED_EVERY: Final = 28  # days
_SHARES: Final[tuple[tuple[Kind, float], ...]] = (("reads", 0.62), ("automatic", 0.84))


class BlueFan(Fan):
    """A follower on Bluesky."""

    @property
    def network_id(self) -> str:
        """The id that Bluesky would have for them, but for its form: nobody has it."""
        return f"did:plc:demo{self.number:05}"

    @property
    def handle(self) -> str:
        """A name below a domain that is kept free for examples."""
        return f"@demo-follower-{self.number:05}.example.com"


def blue_crowd(seed: int) -> list[BlueFan]:
    """Return everybody who ever follows, in order of coming."""
    chance = random.Random(f"{seed} blue crowd")
    first, last = round(BLUE.followers(BLUESKY)), round(BLUE.followers(0))
    came = sorted((chance.uniform(0, BLUESKY) for _ in range(last - first + LEAVE)), reverse=True)
    since = [float(BLUESKY)] * first + came
    fans = [BlueFan(number, _kind(chance), [(ago, None)]) for number, ago in enumerate(since)]
    staying = {fan.number for fan in blue_members(fans)}
    for fan in chance.sample([fan for fan in fans if fan.number not in staying], LEAVE):
        ago = fan.times[0][0]
        fan.times[0] = (ago, chance.uniform(0, ago))
    return fans


def _kind(chance: random.Random) -> Kind:
    drawn = chance.random()
    return next((kind for kind, share in _SHARES if drawn < share), "empty")


def blue_members(fans: Sequence[BlueFan]) -> list[BlueFan]:
    """Return those who read the letter too."""
    return [fan for fan in fans if fan.kind == "reads"][:MEMBERS]


def blue_days() -> list[float]:
    """Return when lists of the followers were taken: each week."""
    return [float(ago) for ago in range(BLUESKY, -1, -7)]


def add_blue_followers(
    session: Session, account: Account, fans: Sequence[BlueFan], now: datetime, seed: int
) -> None:
    """Add the followers with their lists and segments."""
    opened = now - timedelta(days=BLUESKY)
    entries = [fan.network_id for fan in blue_members(fans)]
    add_segment(session, account, COMMUNITY, None, opened, entries=entries)
    for name in ("looks empty", "newcomers"):
        add_segment(session, account, name, None, opened, rules=RULES[name])
    days = blue_days()
    sorted_at = days[:: SORTED_EVERY // 7]
    add_lists(session, account, fans, days=days, sorted_at=sorted_at, now=now, seed=seed)

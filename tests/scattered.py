"""Clicks from everywhere: of many countries, languages and devices, by people and programs."""

import random
from datetime import timedelta

from clicking import FIREFOX
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.clicks.records import ClickRecord
from linktrack.db import to_ms
from linktrack.links.models import Post

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Mobile/15E148 Instagram 390.0.0.28.85 (iPhone15,4; iOS 18_5; de_DE; de; scale=3.00)"
)
BOT = "Twitterbot/1.0"


def some(world: World, number: int = 400) -> tuple[Account, list[Post], list[ClickRecord]]:
    """Two posts, and clicks of 100 days on them from everywhere, by people and programs."""
    account = world.account()
    posts = [world.post(account, f"http://{n}.com/", NOON + timedelta(days=n)) for n in range(2)]
    chance = random.Random(7)
    records = []
    for _ in range(number):
        visitor = chance.choice([None, *range(40)])
        who = random.Random(visitor) if visitor is not None else chance
        records.append(
            ClickRecord(
                to_ms(NOON) + chance.randrange(100 * 86_400_000),
                chance.choice(posts).links[0].id,
                BOT if chance.random() < 0.1 else who.choice([FIREFOX, PHONE]),
                None,
                visitor,
                country=who.choice(["DE", "US", None, "ZZ"]),
                language=who.choice(["de", "en", "fil", None]),
            )
        )
    world.click(records)
    world.session.commit()
    return account, posts, records

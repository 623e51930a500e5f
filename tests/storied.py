"""An installation with a story to tell: three accounts over 40 weeks, a loss, an experiment."""

from datetime import datetime, timedelta
from itertools import product

from audiences import DAY
from clicking import FIREFOX
from world import World

from linktrack.audience.counts import DatedCount, record_counts
from linktrack.audience.models import Account
from linktrack.clicks.records import ClickRecord
from linktrack.db import now, to_ms
from linktrack.links.people import add_person, add_rule
from linktrack.reports.diary.experiments import Question, add_experiment

WEEKS = 40
LOST = 5_000
FALL = 151
"""The day of the loss."""


def midnight() -> datetime:
    """Return when today began."""
    return now().replace(hour=0, minute=0, second=0, microsecond=0)


def storied(world: World, lost: int = LOST) -> list[Account]:
    """Make *you*, *me* and *we*: a post a week or two, a count a day; many of *you* left at once.

    Posts of *you* get twice the clicks from an experiment's beginning on; two people are promoted.
    """
    accounts = [
        world.account("@JessesLinks", role="you"),
        world.account("@Jesse", role="me"),
        world.account("@JesseStay", role="we"),
    ]
    first = midnight() - WEEKS * 7 * DAY
    for number, account in enumerate(accounts):
        counts = [
            DatedCount(
                first + day * DAY,
                20_000 // (number + 1) + 3 * day - (lost if number == 0 and day >= FALL else 0),
            )
            for day in range(WEEKS * 7)
        ]
        record_counts(world.session, account, counts, "entered", now=now())
    for name in ("Ada", "Jun"):
        add_rule(
            world.session, add_person(world.session, name, now()), "mention", f"@{name}", now()
        )
    begun = first + 140 * DAY
    add_experiment(world.session, accounts[0], Question("A question first", begun, days=70), begun)
    world.session.commit()
    clicks = []
    for week, (number, account) in product(range(WEEKS), enumerate(accounts)):
        if number and week % 2:
            continue
        at = first + week * 7 * DAY + timedelta(hours=9)
        name = ("Ada", "Jun", "nobody")[week % 3]
        text = f"Week {week} with @{name}: https://example.com/{number}/{week}"
        link = world.post(account, text, at).links[0].id
        clickers = (40 if at >= begun else 20) + week % 7 if number == 0 else 10 + week % 5
        clicks += [
            ClickRecord(to_ms(at) + 600_000 * who, link, FIREFOX, None, 100 * number + who)
            for who in range(week % 9, week % 9 + clickers)
        ]
    world.click(clicks)
    return accounts

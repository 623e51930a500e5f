"""Accounts' followers, for tests: their count, their list, and facts about them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from world import NOON, World

from linktrack.audience.counts import record_count
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Account, Follower, FollowPeriod, Roster
from linktrack.audience.rosters import take_roster
from linktrack.db import now
from linktrack.networks.records import FollowerRecord


def followers(world: World, account: Account, count: int, days: int = 0) -> None:
    at = NOON + timedelta(days=days)
    record_count(world.session, account, count, at, "entered", now=NOON + timedelta(days=400))
    world.session.commit()


def counted(world: World, account: Account, count: int, days_ago: int = 30) -> None:
    at = now() - timedelta(days=days_ago)
    record_count(world.session, account, count, at, "entered", now=now())
    world.session.commit()


DAY = timedelta(days=1)


def follow(
    world: World,
    account: Account,
    people: Sequence[dict[str, object]],
    at: datetime = NOON - DAY,
) -> list[Follower]:
    """Put a first roster of people with these facts into the tables."""
    found = []
    for number, facts in enumerate(people, 1):
        values = {"network_id": str(number), **facts}
        follower = Follower(account_id=account.id, **values)
        world.session.add(follower)
        world.session.flush()
        world.session.add(FollowPeriod(follower_id=follower.id, account_id=account.id, began_by=at))
        found.append(follower)
    world.session.add(Roster(account_id=account.id, taken_at=at, source="test", size=len(people)))
    world.session.flush()
    return found


KEY = b"k" * 32


def day(number: float) -> datetime:
    return NOON + timedelta(days=number)


def take(world: World, account: Account, number: float, people: Iterable[int | str]) -> None:
    take_roster(
        world.session, account, [FollowerRecord(str(one)) for one in people], day(number), "test",
        forgotten=Forgotten.read(world.session, account.network, KEY), confirmed=True,
        now=day(1000),
    )  # fmt: skip
    world.session.commit()

"""A network where people follow each other, and a process that ends in the middle."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from world import NOON, World

from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Account
from linktrack.audience.rosters import take_roster
from linktrack.networks.bluesky.access import ABILITIES
from linktrack.networks.records import (
    FollowerRecord,
    Message,
    Page,
    PostPage,
    Profile,
    Sent,
    Standing,
)

KEY = b"k" * 32
DAY = timedelta(days=1)


class Killed(BaseException):
    """This process ends here, as by kill -9: nobody catches it."""


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def person(name: str, *, empty: bool = False, followed_back: bool = False) -> FollowerRecord:
    return FollowerRecord(
        f"did:plc:{name}", f"@{name}.test", followers=2 if empty else 50, following=10,
        posts=0 if empty else 7, has_description=not empty, has_picture=not empty,
        followed_back=followed_back,
    )  # fmt: skip


def roster(world: World, account: Account, people: Sequence[FollowerRecord], at: datetime) -> None:
    take_roster(
        world.session, account, people, at, "test",
        forgotten=Forgotten(account.network, KEY, frozenset()), confirmed=True, now=at,
    )  # fmt: skip
    world.session.commit()


def crowd(world: World, names: Sequence[str], network: str = "bluesky") -> Account:
    """A you account with one old follower, and those who came between yesterday and now."""
    handle = {"bluesky": "@you.test", "x": "@you"}[network]
    account = world.account(handle, network)
    roster(world, account, [person("old")], NOON - DAY)
    roster(world, account, [person("old"), *map(person, names)], NOON)
    return account


class Square:
    """A network on which an account follows people.

    As on Bluesky, a second follow of one person is a second record; and a follow shows a few
    seconds after it was made. `trouble` happens at a person before, or after, they are followed.
    """

    abilities = ABILITIES
    LAG = timedelta(seconds=10)

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.records: dict[str, tuple[str, datetime]] = {}
        self.made = 0
        self.before: dict[str, BaseException] = {}
        self.after: dict[str, BaseException] = {}
        self.asked_lists = 0
        self.is_open = False

    def open(self, _: Account) -> "Square":
        self.is_open = True
        return self

    def close(self) -> None:
        self.is_open = False

    def shown(self) -> dict[str, str]:
        """Person → record, of what the network shows by now."""
        return {
            who: record
            for record, (who, at) in self.records.items()
            if at + self.LAG <= self.clock.now
        }

    def follow(self, network_id: str) -> str:
        if network_id in self.before:
            raise self.before.pop(network_id)
        there = self.shown().get(network_id)
        if there is not None:
            return there
        self.made += 1
        record = f"at://me/follow/{self.made}"
        self.records[record] = (network_id, self.clock.now)
        if network_id in self.after:
            raise self.after.pop(network_id)
        return record

    def unfollow(self, followed: str) -> None:
        self.records.pop(followed, None)

    def follows(self, cursor: str | None) -> Page:
        self.asked_lists += 1
        people = [FollowerRecord(who) for who in sorted(self.shown())]
        start = int(cursor or 0)
        more = str(start + 2) if start < len(people) else None
        return Page(people[start : start + 2], more)

    def followed(self) -> list[str]:
        """Whom the account follows, as often as it does."""
        return sorted(who for who, _ in self.records.values())

    # What following back has no use for.

    def new_key(self) -> str:
        raise NotImplementedError

    def publish(self, message: Message) -> Sent:
        raise NotImplementedError

    def standing(self, network_id: str) -> Standing | None:
        raise NotImplementedError

    def find(self, message: Message) -> Sent | None:
        raise NotImplementedError

    def edit(self, network_id: str, message: Message) -> Sent:
        raise NotImplementedError

    def delete(self, network_id: str) -> None:
        raise NotImplementedError

    def posts(self, cursor: str | None) -> PostPage:
        raise NotImplementedError

    def profile(self, name: str) -> Profile:
        raise NotImplementedError

    def followers(self, name: str, cursor: str | None) -> Page | None:
        raise NotImplementedError

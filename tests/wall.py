"""What an account has written on its network, with us and around us."""

from datetime import datetime, timedelta

from audiences import counted
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.calendar.days import Days
from linktrack.db import now
from linktrack.networks.records import PostPage, PostRecord
from linktrack.publishing.unwrapped.watching import Watched, watch_account

HOUR = timedelta(hours=1)


class Wall:
    """A network's wall: what an account has written there, three posts a page, newest first."""

    def __init__(self) -> None:
        self.written: list[PostRecord] = []
        self.asked: list[str | None] = []
        self.trouble: dict[str | None, Exception] = {}

    def write(
        self, text: str, *addresses: str, at: datetime | None = None, repost: bool = False
    ) -> PostRecord:
        moment = at or NOON + len(self.written) * HOUR
        name = f"at://did:plc:me/app.bsky.feed.post/{len(self.written)}"
        record = PostRecord(name, moment, repost, text, addresses, is_plain=True)
        self.written.append(record)
        return record

    def posts(self, cursor: str | None) -> PostPage:
        self.asked.append(cursor)
        if cursor in self.trouble:
            raise self.trouble.pop(cursor)
        shown = sorted(self.written, key=lambda post: post.posted_at, reverse=True)
        start = int(cursor or 0)
        more = str(start + 3) if start + 3 < len(shown) else None
        return PostPage(shown[start : start + 3], more)

    def close(self) -> None:
        pass


def watch(world: World, account: Account, wall: Wall | None) -> Watched:
    world.session.rollback()
    days = Days(world.settings.timezone)
    done = watch_account(world.database, world.shortener, account, lambda _: wall, days)
    world.session.rollback()  # which expires what was read before
    return done


def posted_around(world: World) -> tuple[Account, Wall]:
    """An account with one wrapped link, seen yesterday, and three that were not wrapped."""
    account = world.account("@me.test", "bluesky")
    counted(world, account, 23_000)
    post = world.post(account, "Read https://a.org/", now() - 24 * HOUR)
    short = world.shortener.short_url(post.links[0].code or "")
    wall = Wall()
    wall.write("Before", at=now() - 48 * HOUR)
    wall.write("Read it", short, at=now() - 24 * HOUR)
    wall.write("Two <b> https://b.org/ https://c.org/", "https://b.org/", "https://c.org/",
               at=now() - 3 * HOUR)  # fmt: skip
    wall.write("One https://d.org/", "https://d.org/", at=now() - 2 * HOUR)
    watch(world, account, wall)
    return account, wall

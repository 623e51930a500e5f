"""Engagement on Bluesky's own servers, read through a proxy that counts, pauses and kills.

One test, since joining takes most of it.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
import pytest
from atnetwork import Network
from databases import Maker
from engagers import POSTS, SEGMENTS, Acts, Engagers, act, delete, gather, take_back, write
from servers import environment
from sqlalchemy import select, update
from standins import Answer, Asked, Standin, standin
from world import World

from linktrack.audience.models import Account, Follower, Segment
from linktrack.audience.segments import add_segment
from linktrack.audience.sorting import sort_followers
from linktrack.db import now
from linktrack.engagement.models import Engagement, EngagementWatch, NetworkPost
from linktrack.engagement.storing import last_counts
from linktrack.engagement.vocabulary import KIND_OF
from linktrack.installation import Installation
from linktrack.keys import load_keys
from linktrack.sync import engage_one, sync_one, watch_one

pytestmark = [pytest.mark.network, pytest.mark.slow]

LISTS: Final = ("getLikes", "getRepostedBy", "getQuotes", "getPostThread")
READS: Final = """\
import sys
from linktrack.audience.accounts import find_account
from linktrack.installation import Installation
from linktrack.sync import engage_one
opened = Installation.open()
with opened.database.session() as session:
    account = find_account(session, sys.argv[1])
engage_one(opened, account)
"""


@dataclass
class Proxy:
    """Passes requests on to the AppView; from `pause_at` on it asks for a pause instead.

    At `kill_at` it kills the `victim`, and answers nobody.
    """

    target: str
    pause_at: int | None = None
    kill_at: int | None = None
    victim: "subprocess.Popen[bytes] | None" = None
    methods: list[str] = field(default_factory=list)
    first_pages: list[str] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return len(self.methods)

    def answer(self, asked: Asked) -> Answer:
        self.methods.append(asked.path.rpartition(".")[2])
        if "cursor" not in asked.arguments:
            self.first_pages.append(self.methods[-1])
        if self.asked == self.kill_at and self.victim is not None:
            os.kill(self.victim.pid, signal.SIGKILL)
            return Answer(silent=True)
        if self.pause_at is not None and self.asked >= self.pause_at:
            until = datetime.now(UTC) + timedelta(minutes=5)
            headers = {"ratelimit-reset": str(int(until.timestamp()))}
            return Answer({"error": "RateLimitExceeded"}, 429, headers=headers)
        found = httpx.get(self.target + asked.path, params=asked.arguments, timeout=60)
        return Answer(found.json(), found.status_code)


@pytest.fixture
def proxy(atmosphere: Network) -> Proxy:
    return Proxy(atmosphere.bsky)


@pytest.fixture
def place(proxy: Proxy) -> Iterator[Standin]:
    with standin(proxy.answer) as place:
        yield place


@pytest.fixture
def world(place: Standin, sqlite_databases: Maker, tmp_path: Path) -> Iterator[World]:
    with World.at(tmp_path / "data", sqlite_databases(), LINKTRACK_BLUESKY=place.address) as world:
        yield world


def named(world: World, account: Account) -> Acts:
    """Return who is named with an account's posts, but for deleted ones."""
    world.session.rollback()  # what other processes have written since is seen, too
    query = (
        select(NetworkPost.network_id, Engagement.kind, Follower.network_id)
        .join(Engagement, Engagement.network_post_id == NetworkPost.id)
        .join(Follower, Follower.id == Engagement.follower_id)
        .where(NetworkPost.account_id == account.id, NetworkPost.gone_at.is_(None))
    )
    found: Acts = {}
    for post, kind, who in world.session.execute(query):
        found.setdefault((post, KIND_OF[kind]), set()).add(who)
    world.session.rollback()
    return found


def due_now(world: World) -> None:
    """Let an hour pass."""
    world.session.rollback()
    world.session.execute(update(NetworkPost).values(next_at=now()))
    world.session.commit()


def test_three_accounts_sixty_posts_and_forty_followers(
    atmosphere: Network, proxy: Proxy, world: World
) -> None:
    """Names and counts are exact, whatever interrupts reading, and what is taken back goes."""
    installation = Installation(
        world.settings, load_keys(world.settings.data), world.database, world.shortener
    )
    those = gather(atmosphere)
    accounts = {
        role: world.account(f"@{role}-engages.test", "bluesky", role) for role in those.posts
    }
    for account in accounts.values():
        assert sync_one(installation, account).problem is None
        assert watch_one(installation, account).problem is None
    put_into_segments(world, accounts["you"], those)

    begun = len(proxy.first_pages)
    check_kill(world, proxy, accounts["you"], those)
    check_pause(world, proxy, installation, accounts["you"])
    for role, account in accounts.items():
        read = engage_one(installation, account)
        assert (read.problem, read.gone) == (None, 0)
        assert named(world, account) == those.named(role), role
    lists = [name for name in proxy.first_pages[begun:] if name in LISTS]
    wanted = {key for acts in (those.done, those.by_others) for key in acts}
    assert len(lists) <= len(wanted) + 2  # each list once, and the two that came to nothing
    check_counts(world, those)

    due_now(world)
    asked = proxy.asked
    for account in accounts.values():
        assert engage_one(installation, account).pages == 0
    assert proxy.asked == asked + 3  # in an hour in which nothing happened

    check_taken_back(world, installation, accounts["you"], those)


def put_into_segments(world: World, account: Account, those: Engagers) -> None:
    for name, numbers in SEGMENTS.items():
        dids = [those.fans[number].did for number in numbers]
        add_segment(world.session, account, name, None, now(), entries=dids)
    sort_followers(world.session, account, now())
    world.session.commit()
    sizes = select(Segment.size).where(Segment.account_id == account.id)
    assert world.session.scalars(sizes.order_by(Segment.position)).all() == [10, 12, 18]
    world.session.rollback()


def check_kill(world: World, proxy: Proxy, account: Account, those: Engagers) -> None:
    """Killed in the middle, a process leaves a part of the truth."""
    proxy.kill_at = proxy.asked + 20
    environ = environment(
        world.settings.data,
        LINKTRACK_DATABASE=world.settings.database,
        LINKTRACK_BLUESKY=world.settings.bluesky,
    )
    proxy.victim = subprocess.Popen([sys.executable, "-c", READS, account.handle], env=environ)
    assert proxy.victim.wait(300) == -signal.SIGKILL
    half, whole = named(world, account), those.named("you")
    assert 0 < len(half) < len(whole)
    assert all(who <= whole[key] for key, who in half.items())


def check_pause(world: World, proxy: Proxy, installation: Installation, account: Account) -> None:
    """Asked for a pause, linktrack asks nothing more, and says until when."""
    proxy.pause_at = proxy.asked + 15
    assert "asked to wait until" in str(engage_one(installation, account).problem)
    assert proxy.asked == proxy.pause_at
    world.session.rollback()
    watch = world.session.get_one(EngagementWatch, account.id)
    assert watch.next_at > now() + timedelta(minutes=4)
    world.session.rollback()
    proxy.pause_at = None


def check_counts(world: World, those: Engagers) -> None:
    """The network's counts are those of followers, strangers and the account itself."""
    world.session.rollback()
    posts = world.session.scalars(select(NetworkPost)).all()
    counts = last_counts(world.session, [post.id for post in posts])
    assert len(posts) == 3 * POSTS + 1  # the account's own reply is a post of its own
    for post in posts:
        told = {kind: counts[post.id].get(kind) for kind in those.counts(post.network_id)}
        assert told == those.counts(post.network_id), post.network_id
    world.session.rollback()


def check_taken_back(
    world: World, installation: Installation, account: Account, those: Engagers
) -> None:
    """A like is taken back, a post is deleted, and somebody stops following."""
    network, you = those.network, those.owners["you"]
    uri, _ = key = next(key for key in those.named("you") if key[1] == "like")
    fickle = next(fan for fan in those.fans if fan.did in those.done[key])
    take_back(network, fickle, "app.bsky.feed.like", uri)
    those.done[key].discard(fickle.did)
    gone = those.posts["you"].pop()["uri"]
    delete(network, you, gone)
    leaver = those.fans[3]
    take_back(network, leaver, "app.bsky.graph.follow", you.did)
    (late,) = those.say("you", "Late")
    write(network, leaver, [act("like", late)])
    those.done[late["uri"], "like"] = {leaver.did}
    network.settle()
    assert sync_one(installation, account, confirmed=True).problem is None
    assert watch_one(installation, account).problem is None
    due_now(world)
    read = engage_one(installation, account)
    assert (read.problem, read.gone) == (None, 1)
    world.session.rollback()
    missing = select(NetworkPost.network_id).where(NetworkPost.gone_at.is_not(None))
    assert world.session.scalars(missing).all() == [gone]
    # Who has left keeps what they did, and is still known: reports count them among strangers.
    assert named(world, account) == those.named("you")

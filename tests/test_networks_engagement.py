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
from typing import Any, Final

import httpx
import pytest
from atnetwork import Network, Person
from databases import Maker
from engagers import (
    FOLLOWERS,
    POSTS,
    SEGMENTS,
    Acts,
    Engagers,
    act,
    delete,
    gather,
    take_back,
    write,
)
from servers import answer, environment
from sqlalchemy import select, update
from standins import Answer, Asked, Standin, standin
from world import World

from linktrack.audience.models import Account, Follower, Segment
from linktrack.audience.segments import REST, add_segment
from linktrack.audience.sorting import sort_followers
from linktrack.db import now
from linktrack.engagement.models import Engagement, EngagementWatch, NetworkPost
from linktrack.engagement.storing import last_counts
from linktrack.engagement.vocabulary import KIND_OF, NAMED
from linktrack.installation import Installation
from linktrack.keys import load_keys
from linktrack.reports.engagement.report import engagement_report
from linktrack.reports.engagement.shapes import engagement_json
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
    for role, account in accounts.items():
        assert sync_one(installation, account).problem is None
        assert watch_one(installation, account).problem is None
        put_into_segments(world, account, those, role)

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
    for role, account in accounts.items():
        check_report(world, account, those, Lists({fan.did for fan in those.follow(role)}))

    due_now(world)
    asked = proxy.asked
    for account in accounts.values():
        assert engage_one(installation, account).pages == 0
    assert proxy.asked == asked + 3  # in an hour in which nothing happened

    check_taken_back(world, installation, accounts["you"], those)


SIZES: Final = {"you": [10, 12, 18], "me": [5, 6, 9], "we": [3, 3, 4]}


def put_into_segments(world: World, account: Account, those: Engagers, role: str) -> None:
    """Put people into segments, some of whom don't follow."""
    world.session.rollback()  # what was read before others wrote cannot be written upon
    for name, numbers in SEGMENTS.items():
        dids = [those.fans[number].did for number in numbers]
        add_segment(world.session, account, name, None, now(), entries=dids)
    sort_followers(world.session, account, now())
    world.session.commit()
    sizes = select(Segment.size).where(Segment.account_id == account.id)
    assert world.session.scalars(sizes.order_by(Segment.position)).all() == SIZES[role]
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


@dataclass
class Lists:
    """Who is on an account's newest follower list, and on the list that stood at some posts.

    All other posts are older than the first list, so the newest of that day counts for them.
    `counted`: how many followers these posts had; of all others nobody had counted them yet.
    """

    newest: set[str]
    of_post: dict[str, set[str]] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)


Parts = dict[str, tuple[int, int]]
"""How many people did anything, of how many: of a list as a whole (""), and of each segment."""


def parts(those: Engagers, people: set[str], listed: set[str]) -> Parts:
    """Return what is true of these people, by the list that stood."""
    members = {name: {those.fans[n].did for n in numbers} for name, numbers in SEGMENTS.items()}
    members[REST] = {fan.did for fan in those.fans}.difference(*members.values())
    members[""] = {fan.did for fan in those.fans}
    return {
        name: (len(people & listed & some), len(listed & some)) for name, some in members.items()
    }


def parts_told(whole: Any, segments: Any) -> Parts:
    """Return the same as the report says it."""
    return {"": pair(whole)} | {part["segment"]: pair(part) for part in segments}


def pair(part: Any) -> tuple[int, int]:
    return part["people"], part["followers"]


def check_report(world: World, account: Account, those: Engagers, lists: Lists) -> dict[str, Any]:
    """The report says of every post what was done; return its posts by their addresses."""
    world.session.rollback()
    found = engagement_report(world.session, account, window="all", now=now())
    numbers = select(NetworkPost.id, NetworkPost.network_id)
    rows = world.session.execute(numbers.where(NetworkPost.account_id == account.id))
    addresses = {row[0]: row[1] for row in rows}
    world.session.rollback()
    environ = environment(world.settings.data, world.settings.database)
    report = answer(environ, "report", "engagement", account.handle, "--window", "all")
    assert report == engagement_json(found)
    posts = {addresses[line["id"]]: line for line in report["posts"]}
    assert len(posts) == len(report["posts"]) == len(addresses)
    truths = {uri: check_line(uri, line, those, lists) for uri, line in posts.items()}
    check_total(report["total"], list(truths.values()), len(lists.counted))
    ever = {who for (uri, _), some in those.done.items() if uri in posts for who in some}
    told = parts_told(report["different"], report["different"]["segments"])
    assert told == parts(those, ever, lists.newest)
    return posts


def check_line(uri: str, line: Any, those: Engagers, lists: Lists) -> Parts:
    """One post has its counts and its people; return these."""
    done = those.counts(uri)
    counts = {kind["kind"]: kind["count"] for kind in line["kinds"]}
    assert {kind: counts[kind] for kind in NAMED} == done, uri
    assert counts["any"] == sum(done.values()), uri
    assert line["followers"] == lists.counted.get(uri), uri
    people = {who for kind in NAMED for who in those.done.get((uri, kind), ())}
    truth = parts(those, people, lists.of_post.get(uri, lists.newest))
    assert parts_told(line["people"], line["segments"]) == truth, uri
    return truth


def check_total(total: Any, posts: list[Parts], counted: int) -> None:
    """Several posts' people are added up; figures per follower are of those with a count."""
    assert (total["posts"], total["posts_without_count"]) == (counted, len(posts) - counted)
    assert (total["posts_still_counting"], total["posts_unread"]) == (0, 0)
    sums = {
        name: (sum(post[name][0] for post in posts), sum(post[name][1] for post in posts))
        for name in posts[0]
    }
    assert parts_told(total["people"], total["segments"]) == sums
    assert total["people"]["posts"] == len(posts)


def check_taken_back(
    world: World, installation: Installation, account: Account, those: Engagers
) -> None:
    """A like is taken back, a post is deleted, and somebody stops following.

    Who has left is counted with a post that stood on the network before, and is a stranger after.
    """
    network, you = those.network, those.owners["you"]
    uri, fickle = liked_alone(those)
    before = check_report(world, account, those, Lists({fan.did for fan in those.fans}))
    take_back(network, fickle, "app.bsky.feed.like", uri)
    those.done[uri, "like"].discard(fickle.did)
    gone = those.posts["you"].pop()["uri"]
    delete(network, you, gone)
    leaver = those.fans[3]
    (soon,) = those.say("you", "Soon")
    take_back(network, leaver, "app.bsky.graph.follow", you.did)
    network.settle()
    assert sync_one(installation, account, confirmed=True).problem is None
    (late,) = those.say("you", "Late")
    write(network, leaver, [act("like", soon), act("like", late)])
    write(network, those.fans[4], [act("like", late)])
    those.done[soon["uri"], "like"] = {leaver.did}
    those.done[late["uri"], "like"] = {leaver.did, those.fans[4].did}
    network.settle()
    assert watch_one(installation, account).problem is None
    due_now(world)
    read = engage_one(installation, account)
    assert (read.problem, read.gone) == (None, 1)
    world.session.rollback()
    missing = select(NetworkPost.network_id).where(NetworkPost.gone_at.is_not(None))
    assert world.session.scalars(missing).all() == [gone]
    # Who has left keeps what they did, and is still known: reports count them among strangers.
    assert named(world, account) == those.named("you")
    everybody = {fan.did for fan in those.fans}
    lists = Lists(
        everybody - {leaver.did},
        {soon["uri"]: everybody},
        {soon["uri"]: FOLLOWERS, late["uri"]: FOLLOWERS - 1},
    )
    after = check_report(world, account, those, lists)
    assert pair(after[soon["uri"]]["people"]) == (1, 40)
    assert pair(after[late["uri"]]["people"]) == (1, 39)
    assert after[late["uri"]]["kinds"][0]["count"] == 2
    assert before[uri]["kinds"][0]["count"] - after[uri]["kinds"][0]["count"] == 1
    assert after[gone]["kinds"] == before[gone]["kinds"]


def liked_alone(those: Engagers) -> tuple[str, Person]:
    """Return a like of somebody who did nothing else with the post."""
    for uri in (post["uri"] for post in those.posts["you"]):
        for fan in those.fans:
            did = [kind for kind in NAMED if fan.did in those.done.get((uri, kind), ())]
            if did == ["like"]:
                return uri, fan
    raise AssertionError("Everybody who liked a post did more with it.")

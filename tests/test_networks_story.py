"""Three accounts on Bluesky's own servers, with forty followers: watched, and followed back.

One test, since joining forty people takes most of it.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from atnetwork import Network, Person, app_password, follow, join
from databases import Maker
from sqlalchemy import func, select
from world import World

from linktrack.audience.credentials import connect, open_writer
from linktrack.audience.follow_back.log import dry_run, follow_log, switch_on, undo, undoable
from linktrack.audience.models import Account, FollowBack, MadeFollow
from linktrack.db import now
from linktrack.installation import Installation
from linktrack.keys import load_keys
from linktrack.links.posts import Wish, wrap_post
from linktrack.networks.bluesky.posts import BlueskyFeed
from linktrack.networks.bluesky.session import sign_in
from linktrack.publishing.unwrapped.coverage import coverage
from linktrack.publishing.unwrapped.posts import list_unwrapped
from linktrack.publishing.unwrapped.replacing import replace_on_network
from linktrack.sync import follow_back_due, sync_one, watch_one

pytestmark = [pytest.mark.network, pytest.mark.slow]

OLD, NEW, EMPTY = 2, 35, 3


@pytest.fixture
def world(atmosphere: Network, sqlite_databases: Maker, tmp_path: Path) -> Iterator[World]:
    with World.at(
        tmp_path / "data", sqlite_databases(), LINKTRACK_BLUESKY=atmosphere.bsky
    ) as world:
        yield world


def say(atmosphere: Network, who: Person, text: str, address: str | None = None) -> str:
    """Post a text in which an address is a link, as the app does."""
    record: dict[str, object] = {
        "$type": "app.bsky.feed.post", "text": text, "createdAt": now().isoformat(),
    }  # fmt: skip
    if address is not None:
        start = len(text[: text.index(address)].encode())
        record["facets"] = [
            {
                "index": {"byteStart": start, "byteEnd": start + len(address.encode())},
                "features": [{"$type": "app.bsky.richtext.facet#link", "uri": address}],
            }
        ]
    return atmosphere.create("app.bsky.feed.post", record, who)


def followed_by(atmosphere: Network, who: Person) -> list[str]:
    """Return the subjects of all follow records, as the data server has them: doubles too."""
    arguments: dict[str, str | int] = {
        "repo": who.did, "collection": "app.bsky.graph.follow", "limit": 100,
    }  # fmt: skip
    answer = httpx.get(f"{atmosphere.pds}/xrpc/com.atproto.repo.listRecords", params=arguments)
    return [row["value"]["subject"] for row in answer.json()["records"]]


def newcomers(atmosphere: Network, you: Person) -> list[Person]:
    """Have people come: most have posted, some look empty."""
    people = [join(atmosphere, f"newcomer{number}.test") for number in range(NEW + EMPTY)]
    for number, one in enumerate(people):
        follow(atmosphere, one, you)
        if number >= EMPTY:
            say(atmosphere, one, "Hello")
    atmosphere.settle()
    return people


def test_three_accounts_and_forty_followers(atmosphere: Network, world: World) -> None:
    """Coverage is right when a post goes around us; the limit and the undo hold on the network."""
    installation = Installation(
        world.settings, load_keys(world.settings.data), world.database, world.shortener
    )
    session = world.session
    people = {role: join(atmosphere, f"{role}-story.test") for role in ("me", "you", "we")}
    accounts = {role: world.account(f"@{role}-story.test", "bluesky", role) for role in people}
    you, account = people["you"], accounts["you"]
    old = [join(atmosphere, f"oldreader{number}.test") for number in range(OLD)]
    for one in old:
        follow(atmosphere, one, you)
    atmosphere.settle()
    since = now()
    session.rollback()
    for each in accounts.values():
        assert sync_one(installation, each).problem is None
    people_new = newcomers(atmosphere, you)
    done = sync_one(installation, account)
    assert done.roster is not None
    assert (done.followers, done.roster.gained) == (OLD + NEW + EMPTY, NEW + EMPTY)

    # A draft is posted by hand, and another link goes around us.
    draft = wrap_post(session, world.shortener, account, Wish("See https://a.org/", "draft"), now())
    assert draft is not None
    short = world.shortener.short_url(draft.links[0].code or "")
    session.commit()
    say(atmosphere, you, f"See {short}", short)
    say(atmosphere, you, "Around https://b.org/ it", "https://b.org/")
    say(atmosphere, you, "No link at all")
    atmosphere.settle()
    watched = watch_one(installation, account)
    assert (watched.published, watched.not_wrapped, watched.problem) == ((draft.id,), 1, None)
    session.rollback()
    assert coverage(session, account.id).share == 0.5
    assert [post.text for post in list_unwrapped(session, account.id, 9)] == [
        "Around https://b.org/ it"
    ]

    # Following back: dry run, five a day, nobody twice, and an undo.
    signed = sign_in(account.handle, app_password(atmosphere, you), atmosphere.pds)
    connect(session, installation.keys, account, signed, now())
    session.commit()
    number = account.id
    around = list_unwrapped(session, number, 1)[0]
    old_id, old_address = around.id, around.network_id
    session.rollback()
    replaced = replace_on_network(
        world.database, world.shortener, installation.days(), old_id,
        lambda each: open_writer(world.database, installation.keys, each),
        confirmed=True, actor="a test",
    )  # fmt: skip
    assert replaced.way == "repost"
    atmosphere.settle()
    assert watch_one(installation, account).not_wrapped == 0
    session.rollback()
    assert coverage(session, number).share == 1.0
    with closing(BlueskyFeed(you.did, atmosphere.bsky)) as feed:
        shown = [post.network_id for post in feed.posts(None).posts]
    assert len(shown) == 3
    assert old_address not in shown

    follow(atmosphere, you, people_new[-1])  # by hand
    atmosphere.settle()
    plan = dry_run(session, account, since, 5, now())
    assert (len(plan.now), plan.later, len(plan.skipped)) == (5, NEW - 5, EMPTY)
    switch_on(session, account, now())
    session.commit()
    session.rollback()
    assert [one.followed for one in follow_back_due(installation)] == [5]
    assert follow_back_due(installation) == []
    due_now(world, number)
    assert [one.followed for one in follow_back_due(installation)] == [0]
    atmosphere.settle()
    subjects = followed_by(atmosphere, you)
    assert len(subjects) == len(set(subjects)) == 6
    assert not {one.did for one in (*old, *people_new[:EMPTY])} & set(subjects)

    first = follow_log(session, number, 1)[0].id
    mine = session.get_one(Account, number)
    undo(session, mine, undoable(session, number, number=first), None, now())
    session.commit()
    assert [one.undone for one in follow_back_due(installation)] == [1]
    assert len(followed_by(atmosphere, you)) == 5
    session.rollback()
    undo(session, mine, undoable(session, number), None, now())
    session.commit()
    assert [one.undone for one in follow_back_due(installation)] == [4]
    assert followed_by(atmosphere, you) == [people_new[-1].did]
    session.rollback()
    undone = select(func.count()).where(MadeFollow.state == "undone")
    assert session.scalar(undone) == 5


def due_now(world: World, number: int) -> None:
    """Let an hour pass."""
    world.session.rollback()
    world.session.get_one(FollowBack, number).next_at = now()
    world.session.commit()

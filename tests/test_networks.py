"""The networks' own servers, on loopback: what we read of them is what they show."""

from contextlib import closing

import httpx
import pytest
from atnetwork import Network, Person, follow, join
from click.testing import CliRunner
from sqlalchemy import select
from world import World

from linktrack.audience.models import Follower
from linktrack.cli import main
from linktrack.errors import NotFound
from linktrack.networks.bluesky.reader import Bluesky

pytestmark = pytest.mark.network

FOLLOWERS = 12
WHEN = "2026-05-04T12:00:00.000Z"


@pytest.fixture(scope="module")
def village(atmosphere: Network) -> list[Person]:
    """Somebody, and those who follow them."""
    me = join(atmosphere, "meacct.test")
    crowd = [join(atmosphere, f"person{number}.test") for number in range(FOLLOWERS)]
    for person in crowd:
        follow(atmosphere, person, me)
    profile = {"$type": "app.bsky.actor.profile", "description": "Hello", "createdAt": WHEN}
    body = {"repo": crowd[0].did, "collection": "app.bsky.actor.profile", "rkey": "self"}
    atmosphere.call("com.atproto.repo.putRecord", {**body, "record": profile}, crowd[0].token)
    atmosphere.create(
        "app.bsky.feed.post",
        {"$type": "app.bsky.feed.post", "text": "Hi", "createdAt": WHEN},
        crowd[0],
    )
    follow(atmosphere, me, crowd[1])
    atmosphere.settle()
    return [me, *crowd]


def test_count_and_pages_are_those_of_the_appview(
    atmosphere: Network, village: list[Person]
) -> None:
    """With the figures that only profiles have, over several pages."""
    me, *crowd = village
    with closing(Bluesky(atmosphere.bsky, page=5)) as reader:
        found = reader.profile("meacct.test")
        assert (found.network_id, found.handle) == (me.did, "@meacct.test")
        assert found.followers == FOLLOWERS
        assert reader.profile(me.did) == found
        people, cursor, sizes = {}, None, []
        while True:
            page = reader.followers(me.did, cursor)
            people.update({person.network_id: person for person in page.people})
            sizes.append(len(page.people))
            cursor = page.cursor
            if cursor is None:
                break
        assert sizes[:3] == [5, 5, 2]
        assert set(people) == {person.did for person in crowd}
        first = people[crowd[0].did]
        assert (first.handle, first.posts) == ("@person0.test", 1)
        assert (first.following, first.followers) == (1, 0)
        assert (first.has_description, first.has_picture) == (True, False)
        assert people[crowd[1].did].followers == 1
        with pytest.raises(NotFound):
            reader.profile("nobody.test")


def test_sync_by_command_sees_who_leaves(
    atmosphere: Network, village: list[Person], sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice, with somebody gone in between: the roster says who."""
    me, *crowd = village
    monkeypatch.setenv("LINKTRACK_DATA", str(sqlite_world.settings.data))
    monkeypatch.setenv("LINKTRACK_DATABASE", sqlite_world.settings.database)
    monkeypatch.setenv("LINKTRACK_BLUESKY", atmosphere.bsky)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    run("account", "add", "@meacct.test", "--network", "bluesky")
    assert f"@meacct.test: {FOLLOWERS} followers on" in run("sync")
    late = join(atmosphere, "latecomer.test")
    address = follow(atmosphere, late, me)
    atmosphere.settle()
    assert "1 came, 0 came back, 0 left" in run("sync", "@meacct.test")
    rkey = address.rpartition("/")[2]
    atmosphere.call(
        "com.atproto.repo.deleteRecord",
        {"repo": late.did, "collection": "app.bsky.graph.follow", "rkey": rkey},
        late.token,
    )
    atmosphere.settle()
    assert "0 came, 0 came back, 1 left" in run("sync", "bluesky:@meacct.test")
    handles = sqlite_world.session.scalars(select(Follower.handle)).all()
    assert sorted(map(str, handles)) == sorted(
        ["@latecomer.test", *(f"@{person.handle}" for person in crowd)]
    )
    assert httpx.get(f"{atmosphere.pds}/xrpc/_health", timeout=30).status_code == 200

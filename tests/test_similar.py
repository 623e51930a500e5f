"""What similar posts did, told while composing: a range of what was, or nothing."""

from datetime import timedelta

from audiences import counted
from browser import Browser, read
from filling import clicks
from world import World

from linktrack.audience.models import Account
from linktrack.db import now
from linktrack.reports.similar import similar_posts

ONE = "https://example.com/a"
TWO = f"{ONE} and https://example.com/b"


def posts(world: World, account: Account, text: str, people: list[int], days_ago: int = 20) -> None:
    """Publish posts, each clicked by so many people."""
    for i, count in enumerate(people):
        at = now() - timedelta(days=days_ago, hours=i)
        world.click(clicks(world.post(account, text, at), range(count)))


def test_the_range_is_the_middle_half_of_posts_with_as_many_links(world: World) -> None:
    """Of 9 posts with one link the third to the seventh; posts with two links are other posts."""
    account = world.account()
    counted(world, account, 1_000, days_ago=100)
    posts(world, account, ONE, [1, 2, 3, 4, 5, 6, 7, 8, 9])
    posts(world, account, TWO, [15] * 8, days_ago=30)
    found = similar_posts(world.session, account, 1, "7d", now())
    assert found is not None
    assert (found.posts, found.links, found.low, found.high) == (9, 1, 0.003, 0.007)
    assert "the last 9 posts by @JessesLinks with 1 link," in found.explained
    two = similar_posts(world.session, account, 2, "7d", now())
    assert two is not None
    assert (two.posts, two.links, two.low) == (8, 2, 0.015)
    three = similar_posts(world.session, account, 3, "7d", now())
    assert three is not None
    assert (three.posts, three.links) == (17, None)
    assert "17 posts by @JessesLinks, each" in three.explained


def test_too_few_posts_say_nothing(sqlite_world: World) -> None:
    """Nor do those that are still counted, those without a count, and those of another account."""
    world = sqlite_world
    account = world.account()
    posts(world, account, ONE, [3] * 8, days_ago=200)  # before the first count
    counted(world, account, 1_000, days_ago=100)
    posts(world, account, ONE, [3] * 7)
    posts(world, account, ONE, [3] * 3, days_ago=2)
    other = world.account("@other")
    counted(world, other, 1_000, days_ago=100)
    posts(world, other, ONE, [3] * 8)
    assert similar_posts(world.session, account, 1, "7d", now()) is None
    posts(world, account, ONE, [3], days_ago=40)
    assert similar_posts(world.session, account, 1, "7d", now()) is not None


def test_composing_tells_it_with_the_preview(sqlite_world: World) -> None:
    """As the text is looked at; a text without an address has no similar posts."""
    world = sqlite_world
    account = world.account()
    counted(world, account, 1_000, days_ago=100)
    posts(world, account, ONE, list(range(1, 10)))
    browser = Browser.signed_in(world)
    form = {"account": str(account.id), "text": "Look: https://example.com/new"}
    seen = read(browser.send("/owner/compose/preview", {**form}, form="/owner/compose"))
    assert "Similar posts got 3.00 to 7.00 clicks per 1,000 followers" in seen
    assert "a quarter did better, a quarter worse" in seen
    form["text"] = "No address"
    seen = read(browser.send("/owner/compose/preview", {**form}, form="/owner/compose"))
    assert "Similar posts" not in seen

"""The overview says what needs the owner, and no more than that."""

import html
import re
from datetime import timedelta

from audiences import counted
from browser import Browser
from filling import clicks
from world import World

from linktrack.audience.models import Account
from linktrack.db import now
from linktrack.links.posts import Wish, wrap_post

DAY = timedelta(days=1)


def clicked(world: World) -> Account:
    """Add an account whose one post, of last year, was clicked: else there are first steps only."""
    account = world.account()
    world.click(clicks(world.post(account, "https://example.com/", now() - 300 * DAY), range(3)))
    return account


def overview(browser: Browser) -> str:
    """Return the overview's words, tags left out."""
    page = browser.get("/owner/").text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def planned(world: World, account: Account, number: int) -> None:
    """Plan a post for later; its time then passes."""
    wish = Wish(
        f"Planned {number}: https://example.com/{number}",
        state="scheduled",
        posted_at=now() + DAY,
    )
    post = wrap_post(world.session, world.shortener, account, wish, now())
    assert post is not None
    post.posted_at = now() - timedelta(hours=1 + number)
    world.session.commit()


def test_a_follower_count_is_asked_for_where_there_is_none_or_an_old_one(world: World) -> None:
    """A new one ends it."""
    account = clicked(world)
    browser = Browser.signed_in(world)
    none = "@JessesLinks has no follower count: without one there is no rate."
    old = "The follower count of @JessesLinks is from"
    assert none in overview(browser)
    counted(world, account, 1_000, days_ago=120)
    said = overview(browser)
    assert none not in said
    assert old in said
    assert "older than 90 days" in said
    counted(world, account, 1_100, days_ago=1)
    assert old not in overview(browser)


def test_posts_whose_planned_time_has_passed_are_asked_about_three_by_name(world: World) -> None:
    """The oldest first; of the others only how many."""
    account = clicked(world)
    counted(world, account, 1_000, days_ago=1)
    browser = Browser.signed_in(world)
    assert "has passed. Was it posted?" not in overview(browser)
    for number in range(3):
        planned(world, account, number)
    said = overview(browser)
    assert said.count("has passed. Was it posted?") == 3
    assert "So has the time of" not in said
    for number in range(3, 5):
        planned(world, account, number)
    said = overview(browser)
    assert re.findall(r"scheduled time of “Planned (\d)", said) == ["4", "3", "2"]
    assert "So has the time of 2 more." in said


def test_posts_older_than_the_first_count_have_no_rate_and_it_is_said(world: World) -> None:
    """One, and several, each in its own grammar; an earlier count ends it."""
    account = clicked(world)
    counted(world, account, 1_000, days_ago=1)
    browser = Browser.signed_in(world)
    world.post(account, "https://example.com/1", now() - 8 * DAY)
    one = "1 post of @JessesLinks in these days is older than its first follower count, so it has"
    assert one in overview(browser)
    world.post(account, "https://example.com/2", now() - 9 * DAY)
    two = "2 posts of @JessesLinks in these days are older than its first follower count, so they"
    assert two in overview(browser)
    counted(world, account, 900, days_ago=11)
    assert "first follower count" not in overview(browser)

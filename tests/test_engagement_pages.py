"""Engagement on pages and as files: the page, a post's own, the comparison, and the regulars."""

import json
from datetime import timedelta

from audiences import day, followers, take
from browser import Browser, read
from engaging import engage, network_post
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment
from linktrack.audience.sorting import sort_followers
from linktrack.db import now

WEEK = timedelta(days=7)


def account_with_engagement(world: World) -> Account:
    """Return an account with six complete posts without links, and one with."""
    account = world.account("@me.test", "bluesky", role="me")
    take(world, account, -2, range(1, 11))
    followers(world, account, 1_000, days=-1)
    add_segment(world.session, account, "friends", None, NOON, entries={"1", "2"})
    sort_followers(world.session, account, day(-1))
    for number in range(6):
        post = network_post(world, account, number, day(number))
        who = {"like": ["1", "4"], "reply": ["2"]}
        engage(world, post, day(number) + WEEK, who, strangers=number)  # type: ignore[arg-type]
    ours = world.post(account, "Read https://example.com/much", day(7))
    engage(world, network_post(world, account, 9, day(7), ours.id), day(14), {"like": ["1"]})
    return account


def test_the_page_says_what_a_post_gets_and_from_whom(sqlite_world: World) -> None:
    """Its tables come as files with the same numbers."""
    account = account_with_engagement(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    path = f"/owner/engagement?account={account.id}&from=2026-05-01&to=2026-05-31"
    page = read(browser.get(path))
    assert "For every 1,000 followers, a post gets 4" in page
    assert "of the 10 followers on your newest list" in page
    assert "1 of these posts has short links" in page
    told = json.loads(browser.get(f"{path}&table=segments&format=json").text)
    assert [(each["segment"], each["people"], each["followers"]) for each in told] == [
        ("friends", 13, 14), ("everyone else", 6, 56),
    ]  # fmt: skip
    posts = browser.get(f"{path}&format=csv").text
    assert posts.splitlines()[0].startswith("id,post,posted_at,url,complete,followers,likes")
    assert len(posts.splitlines()) == 8


def test_an_account_without_engagement_reads_how_to_get_it(sqlite_world: World) -> None:
    account = sqlite_world.account("@me.test", "bluesky", role="me")
    browser = Browser.signed_in(sqlite_world)
    assert "linktrack reads likes" in read(browser.get(f"/owner/engagement?account={account.id}"))
    page = read(browser.get(f"/owner/engagement/regulars?account={account.id}"))
    assert "import a follower list first" in page


def test_a_post_shows_what_it_got_besides_clicks(sqlite_world: World) -> None:
    """Beside its segments; a post that wasn't read on its network has no such card."""
    account = account_with_engagement(sqlite_world)
    other = sqlite_world.post(account, "Read https://example.com/other", day(8))
    browser = Browser.signed_in(sqlite_world)
    page = browser.get(f"/owner/posts/{other.id - 1}").text
    assert 'id="engagement"' in page
    assert "Followers who did any of it" in page
    assert 'id="engagement"' not in browser.get(f"/owner/posts/{other.id}").text
    assert "Engagement" in browser.get(f"/owner/accounts/{account.id}").text


def test_regulars_are_named_to_the_owner(sqlite_world: World) -> None:
    """Each with the address of their profile, on the page and as a file."""
    account = sqlite_world.account("@me.test", "bluesky", role="me")
    took = now() - NOON
    days = took.total_seconds() / 86_400
    take(sqlite_world, account, days - 40, ["did:plc:ann", "did:plc:ben"])
    for ago in (33, 26, 19, 12, 5):
        post = network_post(sqlite_world, account, ago, day(days - ago))
        engage(sqlite_world, post, day(days - ago + 0.1), {"like": ["did:plc:ann"]})
    browser = Browser.signed_in(sqlite_world)
    path = f"/owner/engagement/regulars?account={account.id}"
    page = read(browser.get(path))
    assert "1 follower did something in at least 3 of the last 4 weeks, of 2 on your list." in page
    (person,) = json.loads(browser.get(f"{path}&format=json").text)
    assert (person["network_id"], person["weeks"], person["engagements"]) == ("did:plc:ann", 4, 4)


def test_me_is_no_longer_unknown_in_a_comparison(sqlite_world: World) -> None:
    """An account without links is compared by its engagement."""
    me = account_with_engagement(sqlite_world)
    quiet = sqlite_world.account("@quiet.test", "bluesky", role="you")
    followers(sqlite_world, quiet, 1_000, days=-1)
    for number in range(6):
        post = network_post(sqlite_world, quiet, number, day(number))
        engage(sqlite_world, post, day(number) + WEEK, {})
    browser = Browser.signed_in(sqlite_world)
    path = "/owner/compare?from=2026-05-01&to=2026-05-31"
    told = json.loads(browser.get(f"{path}&format=json").text)
    first, second = told
    assert first["account"]["handle"] == me.handle
    assert (first["engagement_posts"], second["engagement_posts"]) == (7, 6)
    assert first["engagement"] > first["engagement_low"] > 0
    assert second["engagement"] == 0
    assert "more likes, reposts, replies and quotes per 1,000 followers" in read(browser.get(path))

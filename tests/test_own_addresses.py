"""Short links stay ours when the base address changes: they are wrapped no second time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from world import NOON, World

from linktrack.errors import Invalid
from linktrack.links.catalog import add_lone_link, change_destination
from linktrack.links.own_addresses import former_addresses, own_hosts, remember_address
from linktrack.links.post_json import left_in_post
from linktrack.links.posts import Wish, rewrap_post, wrap_post
from linktrack.networks.records import PostRecord
from linktrack.publishing.unwrapped.matching import match_posts
from linktrack.publishing.unwrapped.posts import keep_posts

NEW = "https://new.example.org"
HANDLES = {"x": "@you", "bluesky": "@you.example", "mastodon": "@you@a.example", "other": "you"}


@contextmanager
def moved(world: World, to: str = NEW) -> Iterator[World]:
    """The same installation under another base address."""
    before = world.settings, world.shortener
    world.settings = replace(world.settings, base_url=to)
    world.shortener = replace(world.shortener, base_url=to)
    try:
        yield world
    finally:
        world.settings, world.shortener = before


def test_base_addresses_are_remembered_once(world: World) -> None:
    """When something is wrapped, and when the service starts; the newest first."""
    assert own_hosts(world.session) == ()
    world.post(world.account(), "http://one.com/")
    with moved(world):
        for hour in (1, 2):
            remember_address(world.session, NEW, NOON + timedelta(hours=hour))
        assert former_addresses(world.session, NEW) == ["https://go.jessestay.com"]
        assert own_hosts(world.session) == ("go.jessestay.com", "new.example.org")


@pytest.mark.parametrize("network", HANDLES)
@pytest.mark.parametrize("written_in", ["plain", "markdown"])
def test_links_of_before_are_not_wrapped_again(world: World, network: str, written_in: str) -> None:
    """With and without their scheme, whatever stands beside them."""
    account = world.account(HANDLES[network], network)
    old = world.post(account, "Read http://one.com/").links[0]
    with moved(world):
        before = f"https://go.jessestay.com/{old.code}"
        text = f"Again {before} and <{before}> beside [this](http://two.com/) http://two.com/"
        wish = Wish(text, posted_at=NOON, written_in=written_in)
        post = wrap_post(world.session, world.shortener, account, wish, NOON)
        assert post is not None
        assert [link.destination for link in post.links] == ["http://two.com/"]
        assert post.text.count(before) == 2
        assert not left_in_post(world.session, world.shortener, post)
        rewrap_post(
            world.session, world.shortener, account, post, f"{before} http://three.com/", now=NOON
        )
        assert post.text.startswith(f"{before} {NEW}/")
        alone = Wish(before, posted_at=NOON, written_in=written_in)
        assert wrap_post(world.session, world.shortener, account, alone, NOON) is None


def test_no_link_leads_to_one_of_before(world: World) -> None:
    """Neither a new one nor one that is led elsewhere."""
    account = world.account()
    old = world.post(account, "http://one.com/").links[0]
    written = f"http://go.jessestay.com/{old.code}"
    with moved(world):
        with pytest.raises(Invalid):
            add_lone_link(
                world.session, world.shortener, account_id=account.id, written=written, at=NOON
            )
        with pytest.raises(Invalid):
            change_destination(world.session, world.shortener, old, written, NOON)


def test_a_post_with_links_of_before_is_known_for_ours(world: World) -> None:
    """It is matched to its draft, and not kept as posted without wrapped links."""
    account = world.account("@you.example", "bluesky")
    wish = Wish("Read http://one.com/", state="draft")
    post = wrap_post(world.session, world.shortener, account, wish, NOON)
    assert post is not None
    world.session.commit()
    with moved(world):
        remember_address(world.session, NEW, NOON)
        address = f"https://go.jessestay.com/{post.links[0].code}"
        seen = PostRecord("1", NOON, False, post.text, (address,))
        kept = keep_posts(world.session, account, [seen], "new.example.org")
        assert (kept.posts, kept.wrapped, kept.added) == (1, 1, 0)
        days = world.store().days
        assert match_posts(
            world.session, world.shortener, account, [seen], now=NOON, days=days
        ) == [post.id]

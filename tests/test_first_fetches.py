"""“Published about 18:04”: a network fetches a link when its post appears."""

from datetime import datetime, timedelta

import pytest
from browser import Browser, read
from sqlalchemy import event
from world import NOON, World

from linktrack.clicks.records import ClickRecord
from linktrack.db import now, to_ms
from linktrack.links.models import Link, Post, SeenPost
from linktrack.links.posts import Wish, wrap_post
from linktrack.publishing.models import Sending
from linktrack.reports.sources.first_fetches import first_fetch, first_fetches

TWITTERBOT = "Twitterbot/1.0"
CARDYB = "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)"
MASTODON = "Mastodon/4.3.1 (http.rb/5.2.0; +https://mastodon.social/)"
MISSKEY = "Misskey/2024.5.0 (https://misskey.io)"
TELEGRAM = "TelegramBot (like TwitterBot)"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
MINUTE = timedelta(minutes=1)


def draft(world: World, network: str, at: datetime = NOON, state: str = "draft") -> Post:
    """Wrap a text with two links, for an account of a network."""
    handles = {"x": "@me", "bluesky": "@me.example.com", "mastodon": "@me@example.social"}
    account = world.account(handles.get(network, "A newsletter"), network)
    wish = Wish(
        "http://one.com/ http://two.com/",
        state=state,
        posted_at=None if state == "draft" else now() + timedelta(days=1),
    )
    post = wrap_post(world.session, world.shortener, account, wish, at)
    assert post is not None and len(post.links) == 2
    world.session.commit()
    return post


def click(link: Link, agent: str, at: datetime) -> ClickRecord:
    """Return a click that is yet to be stored."""
    return ClickRecord(to_ms(at), link.id, agent, None, None)


@pytest.mark.parametrize(
    ("network", "agent"),
    [("x", TWITTERBOT), ("bluesky", CARDYB), ("mastodon", MASTODON), ("mastodon", MISSKEY)],
)
def test_a_draft_was_published_about_when_its_network_first_fetched_it(
    world: World, network: str, agent: str
) -> None:
    """By any of its links; neither people nor messengers nor other networks tell."""
    post = draft(world, network)
    one, two = post.links
    at = NOON + 60 * MINUTE
    others = {TWITTERBOT, CARDYB, MASTODON} - {agent} - ({MASTODON} if agent == MISSKEY else set())
    early = [click(one, other, at - 30 * MINUTE) for other in (*sorted(others), FIREFOX, TELEGRAM)]
    world.click([*early, click(one, agent, at + 5 * MINUTE), click(two, agent, at)])
    (found,) = first_fetches(world.session, [post.account_id], at + 60 * MINUTE)
    assert (found.post.id, found.network, found.at) == (post.id, network, at)
    assert first_fetches(world.session, [post.account_id], at - MINUTE) == []
    assert first_fetches(world.session, [post.account_id + 1], at + MINUTE) == []


def test_where_no_network_is_known_nothing_is_suggested(sqlite_world: World) -> None:
    """A newsletter's link is fetched by whoever reads it."""
    post = draft(sqlite_world, "other")
    sqlite_world.click([click(post.links[0], TWITTERBOT, NOON + MINUTE)])
    assert first_fetches(sqlite_world.session, [post.account_id], NOON + 60 * MINUTE) == []


def test_a_published_post_is_asked_about_only_where_it_was_clearly_earlier(world: World) -> None:
    """Not where the network itself has said when, nor where it is a matter of minutes."""
    session, post = world.session, draft(world, "x")
    world.click([click(post.links[0], TWITTERBOT, NOON + MINUTE)])
    post.state, post.posted_at = "published", NOON + 9 * MINUTE
    session.commit()
    assert first_fetch(session, post, now()) is None
    post.posted_at = NOON + 12 * MINUTE
    session.commit()
    found = first_fetch(session, post, now())
    assert found is not None and found.at == NOON + MINUTE
    seen = SeenPost(
        account_id=post.account_id, network_id="1", post_id=post.id, posted_at=post.posted_at
    )
    session.add(seen)
    session.commit()
    assert first_fetch(session, post, now()) is None
    session.delete(seen)
    post.state = "discarded"
    session.commit()
    assert first_fetch(session, post, now()) is None


def test_what_linktrack_publishes_itself_needs_no_suggestion(world: World) -> None:
    """Its time comes from the sending; taken out of the queue it is a draft like others."""
    post = draft(world, "bluesky")
    world.click([click(post.links[0], CARDYB, NOON + MINUTE)])
    sending = Sending(
        post_id=post.id,
        key="3jzfcijpj2z2a",
        state="waiting",
        due_at=NOON,
        next_at=NOON,
        changed_at=NOON,
    )
    world.session.add(sending)
    world.session.commit()
    assert first_fetches(world.session, [post.account_id], NOON + 60 * MINUTE) == []
    sending.state = "withdrawn"
    world.session.commit()
    assert len(first_fetches(world.session, [post.account_id], NOON + 60 * MINUTE)) == 1


def test_many_drafts_are_one_question_and_their_clicks_one_a_network(sqlite_world: World) -> None:
    """However many drafts and links there are; who fetches is one more."""
    posts = [draft(sqlite_world, network) for network in ("x", "bluesky", "mastodon")]
    sqlite_world.click(
        [
            click(link, agent, NOON + MINUTE)
            for post in posts
            for link in post.links
            for agent in (TWITTERBOT, CARDYB, MASTODON)
        ]
    )
    asked: list[str] = []

    def note(*arguments: object) -> None:
        asked.append(str(arguments[2]))

    event.listen(sqlite_world.database.engine, "before_cursor_execute", note)
    numbers = [post.account_id for post in posts]
    asked.clear()
    found = first_fetches(sqlite_world.session, numbers, NOON + 60 * MINUTE)
    assert [fetch.post.id for fetch in found] == [post.id for post in reversed(posts)]
    assert [statement[:6] for statement in asked] == ["BEGIN", *["SELECT"] * 2, *["SELECT"] * 3]


@pytest.mark.parametrize("state", ["draft", "scheduled"])
def test_one_press_takes_the_time(world: World, state: str) -> None:
    """On the post, in the list of those that wait, on Needs you; then nothing waits any more."""
    made = now() - timedelta(hours=2)
    post = draft(world, "x", made, state)
    at = made + timedelta(minutes=30, seconds=7)
    world.click([click(post.links[0], TWITTERBOT, at), click(post.links[0], FIREFOX, at)])
    browser = Browser.signed_in(world)
    label = f"Published about {at:%H:%M}"
    listed = f"/owner/posts?account={post.account_id}&state={state}"
    for page in (f"/owner/posts/{post.id}", listed, "/owner/needs-you"):
        assert label in read(browser.get(page)), page
    assert "1 draft or scheduled post was read by its network" in read(browser.get("/owner/"))
    answer = browser.send(
        f"/owner/posts/{post.id}/publish", {"posted_at": at.isoformat()}, "/owner/needs-you"
    )
    assert answer.status_code == 303
    world.session.expire_all()
    assert (post.state, post.posted_at) == ("published", at)
    for page in (f"/owner/posts/{post.id}", "/owner/needs-you", "/owner/"):
        assert "Published about" not in read(browser.get(page))
        assert "fetched by" not in read(browser.get(page))


def test_the_pages_own_form_sends_what_is_shown(sqlite_world: World) -> None:
    """The button's field is the moment of the fetch, to the second."""
    post = draft(sqlite_world, "x", now() - timedelta(hours=2))
    at = post.created_at + timedelta(minutes=30)
    sqlite_world.click([click(post.links[0], TWITTERBOT, at)])
    page = Browser.signed_in(sqlite_world).get(f"/owner/posts/{post.id}").text
    assert f'name="posted_at" value="{at.isoformat()}"' in page

"""Composing on the pages: the preview, several accounts, what is handed over, lone links."""

from urllib.parse import parse_qs, urlsplit

import pytest
from browser import Browser, made_post, read
from filling import filled
from world import World

from linktrack.audience.accounts import add_account, remove_account
from linktrack.db import now
from linktrack.networks.registry import network_of
from linktrack.settings import SETTINGS, in_force, load_settings


def test_a_preview_shows_the_text_as_it_will_be_and_makes_nothing(sqlite_world: World) -> None:
    """Codes that are not made yet are dots; the length is that of the network."""
    account = sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    fields: dict[str, str | list[str]] = {
        "account": str(account.id),
        "text": "Read https://example.com/one and https://example.com/two",
        "slugs": "mine",
    }
    answer = browser.send("/owner/compose/preview", fields, form="/owner/compose")
    seen = read(answer)
    assert answer.status_code == 200
    assert f"Read {sqlite_world.shortener.base_url}/mine and" in seen
    assert f"{sqlite_world.shortener.base_url}/•••••" in seen
    assert "of 280 characters used" in seen
    assert "2 short links" in seen
    assert "No drafts." in read(browser.get("/owner/posts?state=draft"))
    post = browser.send("/owner/compose", {**fields, "state": "draft"})
    used = seen[seen.index("Preview") :].split(" of 280 ")[0].split()[-1]
    assert f"{used} of 280 characters used" in read(browser.get(made_post(post)))


def test_a_preview_counts_by_the_servers_own_length(sqlite_world: World) -> None:
    """Servers of Mastodon have limits of their own; so has the draft's page."""
    account = sqlite_world.account("@jo@social.example", "mastodon")
    account.text_limit, account.address_length = 5000, 23
    sqlite_world.session.commit()
    browser = Browser.signed_in(sqlite_world)
    fields: dict[str, str | list[str]] = {
        "account": str(account.id),
        "text": "Read https://example.com/one",
    }
    seen = browser.send("/owner/compose/preview", fields, form="/owner/compose")
    assert "28 of 5,000 characters used" in read(seen)
    post = browser.send("/owner/compose", {**fields, "state": "draft"})
    assert "28 of 5,000 characters used" in read(browser.get(made_post(post)))


def test_texts_stay_where_an_account_is_removed(sqlite_world: World) -> None:
    """Their address may be opened long after."""
    account = sqlite_world.account()
    post = sqlite_world.post(account, "Read https://example.com/")
    remove_account(sqlite_world.session, account, now())
    sqlite_world.session.commit()
    answer = Browser.signed_in(sqlite_world).get(f"/owner/compose/made?post={post.id}")
    assert answer.status_code == 200
    assert post.text in read(answer)


def test_one_text_for_two_accounts_gives_each_links_of_its_own(sqlite_world: World) -> None:
    """Both are made or none is; each text opens its network's own composer."""
    first = sqlite_world.account()
    second = add_account(sqlite_world.session, "bluesky", "@jo.example", None, now())
    sqlite_world.session.commit()
    browser = Browser.signed_in(sqlite_world)
    fields: dict[str, str | list[str]] = {
        "account": str(first.id),
        "also": [str(second.id), str(first.id)],
        "text": "Read https://example.com/",
        "state": "draft",
    }
    refused = browser.send("/owner/compose", {**fields, "slugs": "mine"})
    assert refused.status_code == 422
    assert "one account at a time" in read(refused)
    assert "No drafts." in read(browser.get("/owner/posts?state=draft"))
    made = browser.send("/owner/compose", fields)
    page = browser.get(made.location)
    assert "One text, 2 posts" in read(page)
    texts = [
        parse_qs(urlsplit(part.split('"')[0].replace("&amp;", "&")).query)["text"][0]
        for part in page.text.split('href="')
        if part.startswith(("https://x.com/", "https://bsky.app/"))
    ]
    assert len(set(texts)) == 2
    assert all(text.startswith(f"Read {sqlite_world.shortener.base_url}/") for text in texts)


def test_a_share_menu_hands_over_title_text_and_address(sqlite_world: World) -> None:
    """What stands in the text already is not said twice."""
    sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    page = browser.get("/owner/compose?title=A+%3Cb%3E+story&url=https://example.com/a").text
    assert "A &lt;b&gt; story https://example.com/a</textarea>" in page
    answer = browser.get("/owner/compose?text=See+https://example.com/a&url=https://example.com/a")
    assert ">\nSee https://example.com/a</textarea>" in answer.text


@pytest.mark.parametrize(
    ("network", "handle", "address"),
    [
        ("x", "@jo", "https://x.com/intent/post?text=a%20%26%20b"),
        ("bluesky", "@jo.example", "https://bsky.app/intent/compose?text=a%20%26%20b"),
        ("mastodon", "@jo@social.example", "https://social.example/share?text=a%20%26%20b"),
        ("mastodon", "@jo", None),
        ("other", "a newsletter", None),
    ],
)
def test_each_network_has_its_own_composer(network: str, handle: str, address: str | None) -> None:
    """Where it has none, none is offered."""
    assert network_of(network).composer(handle, "a & b") == address


def test_a_link_without_a_post_is_made_and_summed_with_the_others(sqlite_world: World) -> None:
    """All links to one address stand on one page, with their sum."""
    account, posts = filled(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    fields: dict[str, str | list[str]] = {
        "account": str(account.id),
        "destination": posts[0].links[0].destination,
        "slug": "poster",
    }
    assert browser.send("/owner/links", fields).location.endswith("/owner/links/poster")
    assert "is taken" in read(browser.send("/owner/links", fields))
    back = browser.send("/owner/links", {**fields, "destination": sqlite_world.shortener.base_url})
    assert "cannot lead to another short link" in read(back)
    page = read(browser.get("/owner/destinations?address=https://example.com/0"))
    assert "2 short links together" in page
    assert "no post" in page
    assert "Together 12 12 1" in page
    assert "No short link leads to this address" in read(
        browser.get("/owner/destinations?address=x")
    )


def test_the_settings_page_shows_every_setting_and_no_password(sqlite_world: World) -> None:
    """By its label if it can be changed there. A password in an address is always left out."""
    page = read(Browser.signed_in(sqlite_world).get("/owner/settings"))
    for setting in SETTINGS:
        assert (setting.label or setting.name) in page
    found = in_force(load_settings({"LINKTRACK_DATABASE": "postgresql://jo:s3@cr@t@db/linktrack"}))
    assert found["LINKTRACK_DATABASE"] == "postgresql+psycopg://jo:(not shown)@db/linktrack"
    assert found["LINKTRACK_KEEP_DAYS"] == ""


def test_the_overview_says_what_needs_the_owner(sqlite_world: World) -> None:
    """An account without a follower count is one thing to do, with its way there."""
    account, _ = filled(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    page = read(browser.get("/owner/"))
    assert "To do" in page
    bare = add_account(sqlite_world.session, "x", "@bare", None, now())
    sqlite_world.session.commit()
    answer = browser.get("/owner/")
    assert "@bare has no follower count" in read(answer)
    assert f'href="/owner/accounts/{bare.id}/settings/followers">Record it' in answer.text
    assert f"{account.handle} has no follower count" not in read(answer)

"""What was posted around linktrack, at every door: page, overview, command line, JSON."""

import html
import json
import re
from datetime import timedelta

import pytest
from browser import Browser, read
from click.testing import CliRunner
from doorways import Caller, problem
from filling import clicks
from wall import Wall, posted_around, watch
from world import World

from linktrack.audience.accounts import list_accounts
from linktrack.cli import main
from linktrack.db import now
from linktrack.errors import NotFound
from linktrack.owners.visibility import show_only
from linktrack.publishing.unwrapped.posts import get_unwrapped, keep_posts, list_unwrapped

HOUR = timedelta(hours=1)


def test_the_page_lists_what_was_posted_around_us(world: World) -> None:
    """With the part that was wrapped, and where each post can be seen."""
    account, _ = posted_around(world)
    browser = Browser.signed_in(world)
    answer = browser.get(f"/owner/not-wrapped?account={account.id}")
    page = read(answer)
    assert "1 of 4 links in your own posts were tracked (25%)." in page
    assert page.index("One https://d.org/") < page.index("Two <b> https://b.org/")
    assert "2 untracked links." in page
    assert 'href="https://bsky.app/profile/did:plc:me/post/3"' in answer.text
    assert "&lt;b&gt;" in answer.text
    post = read(browser.get("/owner/posts/1"))
    assert "See it on Bluesky" in post


def test_the_overview_says_how_much_was_wrapped_and_what_was_not(world: World) -> None:
    """As a figure of the account, and among what needs the owner."""
    posted_around(world)
    world.click(clicks(world.post(world.account("@x"), "https://e.org/"), [1]))
    browser = Browser.signed_in(world)
    account, other = (account.id for account in list_accounts(world.session))
    page = read(browser.get(f"/owner/?account={account}"))
    assert "links tracked 25% 1 of 4" in page
    assert "3 links that @me.test posted in these days were not tracked" in page
    # Nobody has looked what the other account posts.
    assert "links tracked" not in read(browser.get(f"/owner/?account={other}"))


def test_the_followers_page_speaks_of_its_own_days(world: World) -> None:
    """Of both kinds of links, and its link leads to the same days."""
    account, wall = posted_around(world)
    wall.write("Old https://o.org/", "https://o.org/", at=now() - 200 * 24 * HOUR)
    world.session.rollback()
    keep_posts(world.session, account, wall.written, "go.jessestay.com")
    world.session.commit()
    browser = Browser.signed_in(world)
    followers = f"/owner/followers?account={account.id}"
    for days, said in ((28, "1 of 4"), (365, "1 of 5")):
        answer = browser.get(f"{followers}&days={days}")
        assert (
            f"As far as we know, {said} links in @me.test's own posts of these days were tracked."
        ) in read(answer)
        href = re.search(r'href="(/owner/not-wrapped[^"]+)">Show them', answer.text)
        assert href is not None
        assert f"{said} links in your own posts were tracked" in read(
            browser.get(html.unescape(href[1]))
        )


def test_the_wrapped_version_is_one_draft_however_often_it_is_asked_for(world: World) -> None:
    """Once it is posted, and the other deleted, nothing is left to do."""
    account, wall = posted_around(world)
    browser = Browser.signed_in(world)
    old = list_unwrapped(world.session, account.id, 1)[0]
    number = old.id
    world.session.rollback()
    form = "/owner/not-wrapped"
    first = browser.send(f"{form}/{number}/wrap", {}, form)
    again = browser.send(f"{form}/{number}/wrap", {}, form)
    assert first.status_code == again.status_code == 303
    assert first.headers["Location"] == again.headers["Location"]
    page = read(browser.get(first.headers["Location"]))
    assert "draft" in page
    assert "One https://go.jessestay.com/" in page
    assert "Tracked copy" in read(browser.get("/owner/not-wrapped"))
    assert browser.send(f"{form}/{number}/gone", {}, form).status_code == 303
    assert [post.id for post in list_unwrapped(world.session, account.id, 9)] != [number]
    world.session.rollback()
    assert browser.send(f"{form}/{number}/gone", {}, form).status_code == 404
    assert browser.send(f"{form}/{number}/wrap", {}, form).status_code == 404
    assert watch(world, account, wall).not_wrapped == 1  # it was not deleted, after all


def test_a_text_in_which_nothing_can_be_wrapped_says_so(world: World) -> None:
    """A link that stands in the card alone, and leads to no web page; on the list it is of."""
    world.account("@main.test", "bluesky")
    account = world.account("@me.test", "bluesky")
    wall = Wall()
    wall.write("Nothing here", "ftp://a.org/", at=now() - HOUR)
    watch(world, account, wall)
    browser = Browser.signed_in(world)
    old = list_unwrapped(world.session, account.id, 1)[0]
    number = old.id
    world.session.rollback()
    form = f"/owner/not-wrapped?account={account.id}"
    answer = browser.send(f"/owner/not-wrapped/{number}/wrap", {}, form)
    assert answer.status_code == 422
    assert "no address in this text" in read(answer)
    assert "Untracked links @me.test" in read(answer)


def test_a_limited_viewer_sees_nothing_of_other_accounts(world: World) -> None:
    """Not by number either."""
    account, _ = posted_around(world)
    number = list_unwrapped(world.session, account.id, 1)[0].id
    show_only(world.session, [account.id + 1])
    world.session.expunge_all()
    assert list_unwrapped(world.session, account.id, 9) == []
    with pytest.raises(NotFound, match="There is no unwrapped post"):
        get_unwrapped(world.session, number)


def test_the_api_lists_wraps_and_drops_them(world: World) -> None:
    """Page by page; coverage is null where it is not known."""
    posted_around(world)
    world.account("@silent", "x", None)
    call = Caller(world)
    page = call("GET", "/not-wrapped?account=@me.test&limit=1").get_json()
    assert [row["links"] for row in page["data"]] == [["https://d.org/"]]
    assert page["data"][0]["url"] == "https://bsky.app/profile/did:plc:me/post/3"
    rest = call("GET", f"/not-wrapped?account=@me.test&after={page['next']}").get_json()
    assert [row["links"] for row in rest["data"]] == [["https://b.org/", "https://c.org/"]]
    assert rest["next"] is None
    found = call("GET", "/reports/coverage?account=@me.test").get_json()
    assert (found["wrapped"], found["not_wrapped"], found["coverage"]) == (1, 3, 0.25)
    assert call("GET", "/reports/coverage?account=@silent").get_json()["coverage"] is None
    path = f"/not-wrapped/{page['next']}"
    draft = call("POST", f"{path}/draft")
    assert draft.status_code == 201
    assert draft.get_json()["state"] == "draft"
    assert call("POST", f"{path}/draft").get_json()["id"] == draft.get_json()["id"]
    assert call("DELETE", path).status_code == 204
    assert problem(call("DELETE", path), 404)
    assert problem(call("POST", "/not-wrapped/99999999999/draft"), 404)


def test_the_command_line_prints_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list, and a sentence or JSON."""
    posted_around(world)
    monkeypatch.setenv("LINKTRACK_DATA", str(world.settings.data))
    monkeypatch.setenv("LINKTRACK_DATABASE", world.settings.database)
    world.session.rollback()

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    assert "One https://d.org/" in run("post", "unwrapped", "@me.test")
    rows = json.loads(run("post", "unwrapped", "@me.test", "--json"))
    assert [len(row["links"]) for row in rows] == [1, 2]
    assert "1 of 4 links" in run("report", "coverage", "@me.test")
    found = json.loads(run("report", "coverage", "@me.test", "--from", "2030-01-01", "--json"))
    assert (found["wrapped"], found["coverage"], found["known_until"]) == (0, None, None)

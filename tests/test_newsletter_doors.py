"""A newsletter goes through every door: the command, the API, the page; and its versions."""

from typing import Any

import pytest
from browser import Browser, made_post, read
from commands import Run, good, parsed
from newsletters import LINKS, newsletter
from world import World

from linktrack.audience.segments import add_segment
from linktrack.calendar.days import Days
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.excerpts import excerpt
from linktrack.links.posts import Wish, get_post, rewrap_post, wrap_post
from linktrack.publishing.queue import enqueue


def unwrapped(text: str, links: list[dict[str, Any]]) -> str:
    """Return a wrapped text with its addresses put back as they were written."""
    for link in links:
        text = text.replace(link["short_url"], link["destination"].replace("&", "&amp;"))
    return text


def test_a_whole_newsletter_by_command(run: Run) -> None:
    """Its links and nothing else are changed; wrapped again, nothing more is."""
    run("account", "add", "news", "--network", "other")
    good(run("segment", "add", "news", "members", "--size", "1200"))
    text = newsletter()
    assert len(text) > 30_000
    options = ("--format", "html", "--segment", "members")
    answer = parsed(run("wrap", "news", "-", *options, "--json", text=text))
    assert len(answer["links"]) == LINKS
    assert unwrapped(answer["text"], answer["links"]) == text.removesuffix("\n")
    (version,) = answer["versions"]
    assert unwrapped(version["text"], version["links"]) == text.removesuffix("\n")
    assert version["text"] != answer["text"]
    named = [each["address"] for each in answer["not_wrapped"]]
    assert "https://cdn.example.net/1.jpg?w=600&h=300" in named
    assert "https://example.org/?who={{ subscriber.email }}" in named
    assert "https://example.org/outlook" in named
    assert "https://example.org/old" not in named
    again = run("wrap", "news", "-", "--format", "html", text=answer["text"])
    assert again.stdout == answer["text"].replace("\r\n", "\n") + "\n"  # as the runner gives it
    assert "no post was made" in again.stderr
    assert "Not wrapped: *|UNSUB|*" in again.stderr


def test_an_unknown_format_is_wrong_usage(run: Run) -> None:
    run("account", "add", "news", "--network", "other")
    assert run("wrap", "news", "x", "--format", "rtf").exit_code == 2


def test_the_format_stays_with_the_post(world: World) -> None:
    """So that an edited draft is read as before, and its versions too."""
    account = world.account("news", "other")
    add_segment(world.session, account, "members", 1_200, now())
    text = 'Hi <a href="https://example.com/?a=1&amp;b=2">x</a> https://example.com/bare'
    wish = Wish(text, state="draft", segments=("members",), written_in="html")
    post = wrap_post(world.session, world.shortener, account, wish, now())
    assert post is not None
    world.session.commit()
    (link,) = post.links
    assert link.destination == "https://example.com/?a=1&b=2"
    rewrap_post(world.session, world.shortener, account, post, f"{text} more", now=now())
    world.session.commit()
    world.session.expire_all()
    same = get_post(world.session, post.id)
    assert same.format == "html"
    assert [each.id for each in same.links] == [link.id]
    assert same.text.endswith("https://example.com/bare more")
    assert same.versions[0].addressed == 1_200
    assert same.versions[0].text.endswith("https://example.com/bare more")
    assert excerpt(same.written) == "Hi x https://example.com/bare more"


def test_linktrack_does_not_send_it(sqlite_world: World) -> None:
    account = sqlite_world.account("@jo.example", "bluesky")
    wish = Wish("[x](https://example.com/)", state="draft", written_in="markdown")
    post = wrap_post(sqlite_world.session, sqlite_world.shortener, account, wish, now())
    assert post is not None
    with pytest.raises(Invalid, match="this is Markdown"):
        enqueue(
            sqlite_world.session,
            post,
            None,
            now(),
            Days(sqlite_world.settings.timezone),
            base_url=sqlite_world.shortener.base_url,
        )


def test_compose_guesses_the_format_and_shows_it(sqlite_world: World) -> None:
    """For a newsletter; the choice is kept, and what is not wrapped is shown."""
    account = sqlite_world.account("news", "other")
    other = sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    fields: dict[str, str | list[str]] = {"account": str(account.id), "text": newsletter()}
    seen = read(browser.send("/owner/compose/preview", fields, form="/owner/compose"))
    assert f"{LINKS} short links" in seen
    assert "Read as HTML." in seen
    assert "addresses stay as they are" in seen
    plain = {**fields, "text": "**x** https://example.com/", "format": "plain"}
    assert "Read as plain text." in read(
        browser.send("/owner/compose/preview", plain, form="/owner/compose")
    )
    elsewhere = {**fields, "account": str(other.id), "text": "[x](https://example.com/)"}
    assert "Read as" not in read(
        browser.send("/owner/compose/preview", elsewhere, form="/owner/compose")
    )
    answer = browser.send("/owner/compose", {**fields, "state": "draft"})
    assert "Read as HTML." in read(browser.get(answer.location))
    page = browser.get(made_post(answer))
    assert "Read as HTML." in read(page)
    assert "<title>Hi {{ person.name }}" not in page.text
    assert "What we read this week Hi {{ person.name }}" in read(page)
    assert "What we read this week" in read(browser.get("/owner/posts?state=draft"))

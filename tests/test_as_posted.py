"""How a post will look below it: shown before it is posted, from what its page says."""

from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from browser import Browser, read
from doorways import Caller
from drawing import drawn
from listening import listening
from world import NOON, World

from linktrack.audience.cards import set_card
from linktrack.links.cards.cards import Found, keep_card, set_own_words
from linktrack.links.cards.looking import (
    forget_old,
    keep_copy,
    look_at,
    name_of,
    page_read,
    thumbnail_named,
    thumbnails,
)
from linktrack.links.cards.previews import preview_of_link, preview_of_page
from linktrack.links.looks.pictures import own_picture, set_picture
from linktrack.links.posts import Wish, wrap_post
from linktrack.networks.registry import networks
from linktrack.upkeep.card_visits import read_cards

PAGE = "https://example.com/one"
PICTURE = "https://cdn.example.com/one.png"
SAID = Found("The title", "The words", PICTURE, None)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """A page with a picture, on loopback."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = drawn(1600, 900, kind="PNG")
            kind = "image/png"
            if not self.path.endswith(".png"):
                here = f"http://{self.headers['Host']}"
                body = (
                    f'<title>Moss</title><meta property="og:image" content="{here}/moss.png">'
                    '<meta name="description" content="It is green.">'
                ).encode()
                kind = "text/html"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with listening(Site) as port:
        yield f"http://127.0.0.1:{port}"


def anybody(_: object) -> bool:
    """Let every address be asked."""
    return True


def test_a_page_is_looked_at_before_a_link_is_made(world: World, site: str) -> None:
    """Its words and a small copy of its picture are there for thirty days."""
    account = world.account()
    seen = preview_of_page(world.session, world.shortener, account, site)
    assert seen is not None
    assert (seen.is_read, seen.title, seen.site) == (False, "127.0.0.1", "127.0.0.1")
    world.session.rollback()
    for _ in range(2):
        look_at(world.database, site, "me", NOON, allowed=anybody)
    seen = preview_of_page(world.session, world.shortener, account, site)
    assert seen is not None
    assert (seen.is_read, seen.title, seen.description) == (True, "Moss", "It is green.")
    assert seen.thumbnail == name_of(f"{site}/moss.png")
    small = thumbnail_named(world.session, seen.thumbnail)
    assert small is not None
    assert len(small) <= 60_000
    forget_old(world.session, NOON + timedelta(days=31))
    assert page_read(world.session, site) is None
    assert not thumbnails(world.session, [f"{site}/moss.png"])


def test_each_network_shows_the_card_in_its_own_way(world: World) -> None:
    """The host is ours where the card is, or comes with the post; a newsletter shows none."""
    sites = {}
    handles = {
        "x": "@jesse",
        "bluesky": "jesse.example",
        "mastodon": "@jesse@mastodon.example",
        "other": "News",
    }
    for name, handle in handles.items():
        account = world.account(handle, name)
        set_card(world.session, account, "destination", NOON)
        (link,) = world.post(account, f"Read {PAGE}").links
        keep_card(world.session, link.id, link.destination, SAID, NOON)
        seen = preview_of_link(world.session, world.shortener, account, link)
        sites[name] = None if seen is None else (seen.site, seen.title, seen.elsewhere)
    there = ("example.com", "The title", "cdn.example.com")
    assert sites == {
        "x": there,
        "bluesky": ("go.jessestay.com", "The title", "cdn.example.com"),
        "mastodon": there,
        "other": None,
    }
    assert {each.name for each in networks() if each.cards.parts} == {"x", "bluesky", "mastodon"}


def test_ones_own_words_and_picture_are_on_ones_own_card_alone(world: World) -> None:
    """Where networks read the page itself, they show what it says."""
    account = world.account()
    (link,) = world.post(account, f"Read {PAGE}").links
    keep_card(world.session, link.id, link.destination, SAID, NOON)
    set_own_words(world.session, link, "Mine")
    set_picture(world.session, link, drawn(40, 20), NOON)
    found = {}
    for choice in ("destination", "ours"):
        set_card(world.session, account, choice, NOON)
        seen = preview_of_link(world.session, world.shortener, account, link)
        assert seen is not None
        found[choice] = (seen.title, seen.description, seen.own)
    assert found == {
        "destination": ("The title", "The words", None),
        "ours": ("Mine", "The words", own_picture(world.session, link.id)),
    }


def test_the_service_makes_small_copies_of_the_pictures_it_meets(world: World) -> None:
    """Each once, and what can't be had is not asked for again."""
    account = world.account("jesse.example", "bluesky")
    world.post(account, f"Read {PAGE}")
    world.session.rollback()
    asked: list[str] = []

    def copying(picture: str) -> bytes | None:
        asked.append(picture)
        return None

    def moment() -> None:
        read_cards(world.database, NOON, lambda _: SAID, copying)

    moment()
    world.post(account, f"Read it again: {PAGE}")
    world.session.rollback()
    moment()
    assert asked == [PICTURE]


def test_compose_and_the_drafts_page_show_it(sqlite_world: World) -> None:
    """Without a script; what isn't read yet says so, and what can't be read says why."""
    world = sqlite_world
    account = world.account()
    browser = Browser.signed_in(world)
    news = world.account("News", "other")
    form: dict[str, str | list[str]] = {"text": f"Look: {PAGE}", "account": str(account.id)}
    page = browser.send("/owner/compose/preview", form, "/owner/compose")
    assert "hasn't been read yet" in read(page)
    assert page_read(world.session, PAGE) is None
    local = "http://127.0.0.1:1/page"
    pressed: dict[str, str | list[str]] = {"text": local, "account": str(news.id), "read": "yes"}
    browser.send("/owner/compose/preview", pressed, "/owner/compose")
    world.session.rollback()
    found = page_read(world.session, local)
    assert found is not None
    assert "not on the public internet" in str(found.problem)

    session = world.session
    keep_copy(session, PICTURE, drawn(60, 30, kind="JPEG"), NOON)
    wish = Wish(f"Read {PAGE}", state="draft")
    post = wrap_post(session, world.shortener, account, wish, NOON)
    assert post is not None
    keep_card(session, post.links[0].id, post.links[0].destination, SAID, NOON)
    session.commit()
    shown = browser.get(f"/owner/posts/{post.id}")
    address = f"/owner/thumbnails/{name_of(PICTURE)}.jpg"
    assert f'src="{address}"' in shown.text
    assert "The title" in read(shown)
    assert "cdn.example.com" not in shown.text
    assert browser.get(address).mimetype == "image/jpeg"
    assert Browser.on(world).get(address).status_code == 302
    assert browser.get("/owner/thumbnails/none.jpg").status_code == 404
    answer = Caller(world)(
        "POST", "/posts/preview", {"account": account.handle, "text": f"See {PAGE}"}
    )
    assert answer.get_json()["card"] == {
        "site": "example.com", "title": "example.com", "description": "", "picture": False,
        "is_read": False, "problem": None,
    }  # fmt: skip

"""Cards: what fetchers of link previews get, and what it is made of."""

import html
import io
import json
import re
import time
import zlib
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from random import Random

import pytest
from browser import Browser
from browser import read as read_text
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from lanes import lane
from listening import listening
from PIL import Image
from servers import answer, command, environment, serving
from sqlalchemy import select
from waiting import wait_until
from world import NOON, World

from linktrack.audience.accounts import get_account
from linktrack.audience.cards import set_card
from linktrack.cli import main
from linktrack.clicks.classify.agents import classify_agent, is_preview
from linktrack.clicks.models import clicks
from linktrack.clicks.vocabulary import REASONS
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.ids import SegmentId
from linktrack.links import visiting
from linktrack.links.cards.cards import (
    Found,
    card_of,
    keep_card,
    links_to_read,
    message_card,
    read_again,
    read_page,
    set_own_words,
)
from linktrack.links.cards.page_words import clean, page_words
from linktrack.links.cards.pictures import fitted
from linktrack.links.catalog import change_destination, set_disabled
from linktrack.links.models import Link, LinkCard
from linktrack.outside.addresses import Address
from linktrack.owners.tokens import create_token
from linktrack.upkeep.card_visits import read_cards

SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) "
    "Version/9.0.1 Safari/601.2.4"
)
FETCHERS = (
    "Twitterbot/1.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "facebookcatalog/1.0",
    "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
    "meta-webindexer/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
    f"{SAFARI} facebookexternalhit/1.1 Facebot Twitterbot/1.0",  # iMessage
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Slack-ImgProxy (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.23.20.0",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)",
    "Mastodon/4.3.1 (http.rb/5.2.0; +https://mastodon.social/)",
    "http.rb/5.1.1 (Mastodon/4.2.10; +https://mastodon.social/)",
    "Pleroma 2.6.0; https://pleroma.example <admin@pleroma.example>",
    "Akkoma 3.13.2; https://akkoma.example <admin@akkoma.example>",
    "Misskey/2024.5.0 (https://misskey.io)",
    "Lemmy/0.19.3; +https://lemmy.world",
    "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)",
    "web:app.bsky:v0.0.1 (by support@bsky.app)",
    "Mozilla/5.0 (compatible; Embedly/0.2; +http://support.embed.ly/)",
    "Iframely/1.3.1 (+https://iframely.com/docs/about)",
    "BitlyBot/3.0 (+http://bit.ly/)",
    "ViberUrlDownloader",
    "Mozilla/5.0 (compatible; Snap URL Preview Service; bot; snapchat; https://snapchat.com)",
    "facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984",
    "facebookexternalhit/1.1;line-poker/1.0",
)
"""One of each that docs and logs name."""

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
PEOPLE = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    SAFARI,
    f"{IPHONE} (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/480.0.0.0]",
    f"{IPHONE} Twitter for iPhone/10",
    "Mozilla/5.0 (Linux; Android 15; CUBOT X30) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile",
    "curl/8.5.0",
    "",
)
FOUND = Found("The title", "What it says", "https://example.com/picture.png")
PROPERTY = re.compile(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">')


def tags(page: str) -> dict[str, str]:
    """Return the meta tags of a page."""
    return {name: html.unescape(value) for name, value in PROPERTY.findall(page)}


def linked(world: World, choice: str = "ours", address: str = "https://example.com/page") -> Link:
    """Make a link of an account with this card, whose page has been read."""
    account = world.account()
    set_card(world.session, account, choice, NOON)
    (link,) = world.post(account, address).links
    keep_card(world.session, link.id, link.destination, FOUND, NOON)
    world.session.commit()
    return link


# What is answered


def test_every_fetcher_of_previews_gets_the_card_and_people_the_redirect(
    sqlite_world: World,
) -> None:
    """200 with Open Graph tags under our own address; no other address but the picture's."""
    link = linked(sqlite_world)
    client = lane(sqlite_world)
    short = f"https://go.jessestay.com/{link.code}"
    for agent in FETCHERS:
        answer = client.get(f"/{link.code}", headers={"User-Agent": agent})
        assert answer.status_code == 200, agent
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.content_type == "text/html; charset=utf-8"
        assert "Location" not in answer.headers
        assert tags(answer.text) == {
            "viewport": "width=device-width, initial-scale=1",
            "description": "What it says",
            "og:type": "website",
            "og:url": short,
            "og:title": "The title",
            "og:description": "What it says",
            "og:site_name": "example.com",
            "og:image": "https://example.com/picture.png",
            "twitter:card": "summary_large_image",
        }
        assert "<title>The title</title>" in answer.text
        assert "example.com/page" not in answer.text
        assert "canonical" not in answer.text and "refresh" not in answer.text
        head = client.head(f"/{link.code}", headers={"User-Agent": agent})
        assert (head.status_code, head.data) == (200, b"")
    for agent in PEOPLE:
        answer = client.get(f"/{link.code}", headers={"User-Agent": agent})
        assert answer.status_code == 302, agent
        assert answer.headers["Location"] == "https://example.com/page"


def test_a_fetched_card_is_a_preview_and_nobodys_click(world: World) -> None:
    """From the lane through the journal: kept, and left out."""
    link = linked(world)
    client = lane(world)
    for agent in (*FETCHERS[:3], PEOPLE[0]):
        client.get(f"/{link.code}", headers={"User-Agent": agent, "Accept-Language": "en"})
    world.loader().load()
    with world.database.engine.connect() as connection:
        stored = [
            REASONS[number]
            for number in connection.scalars(select(clicks.c.reason).order_by(clicks.c.seq))
        ]
    assert stored == ["preview"] * 3 + ["human"]


def test_with_the_destinations_card_everybody_is_redirected(sqlite_world: World) -> None:
    """As it was before there was a choice."""
    link = linked(sqlite_world, "destination")
    client = lane(sqlite_world)
    for agent in FETCHERS:
        answer = client.get(f"/{link.code}", headers={"User-Agent": agent})
        assert answer.status_code == 302
        assert answer.headers["Location"] == link.destination


def test_a_version_has_a_card_under_its_own_address(sqlite_world: World) -> None:
    """Else a tap on its card would be nobody's."""
    world = sqlite_world
    link = linked(world)
    code = world.shortener.version_code(link.id, SegmentId(7))
    page = lane(world).get(f"/{code}).", headers={"User-Agent": FETCHERS[0]})
    assert tags(page.text)["og:url"] == f"https://go.jessestay.com/{code}"


def test_a_disabled_link_has_no_card(sqlite_world: World) -> None:
    """It is gone for everybody."""
    link = linked(sqlite_world)
    set_disabled(sqlite_world.session, link, True, now())
    sqlite_world.session.commit()
    answer = lane(sqlite_world).get(f"/{link.code}", headers={"User-Agent": FETCHERS[0]})
    assert answer.status_code == 410


def test_nobody_gets_a_card_by_asking_for_it(sqlite_world: World) -> None:
    """What a client sends cannot set what the lane says to the application."""
    link = linked(sqlite_world)
    answer = lane(sqlite_world).get(
        f"/{link.code}?linktrack.card=1",
        headers={"User-Agent": PEOPLE[0], "Linktrack-Card": "1", "Linktrack.Card": "1"},
    )
    assert answer.status_code == 302


@pytest.mark.slow
def test_every_worker_follows_a_change_of_the_setting_within_two_seconds(world: World) -> None:
    """Both ways, for links that are remembered already."""
    link = linked(world, "destination")
    client = lane(world)

    def status() -> int:
        return client.get(f"/{link.code}", headers={"User-Agent": FETCHERS[0]}).status_code

    def answers_with(expected: int) -> bool:
        return status() == expected

    assert status() == 302
    account = get_account(world.session, link.account_id)
    for choice, expected in (("ours", 200), ("destination", 302)):
        set_card(world.session, account, choice, now())
        world.session.commit()
        wait_until(partial(answers_with, expected), 2, why=choice)


def test_hostile_titles_stay_words(sqlite_world: World) -> None:
    """Quotes and tags of a page, or of the owner, never become tags of ours."""
    link = linked(sqlite_world)
    hostile = "\"'><script>alert(1)</script><meta property=og:url content=//evil.example>&amp;"
    found = Found(hostile, hostile, "https://example.com/?%22%3E")
    keep_card(sqlite_world.session, link.id, link.destination, found, NOON)
    sqlite_world.session.commit()
    page = lane(sqlite_world).get(f"/{link.code}", headers={"User-Agent": FETCHERS[0]}).text
    assert "<script" not in page
    assert tags(page)["og:title"] == tags(page)["og:description"] == hostile
    assert page.count("og:url") == 7  # ours, and in words thrice for each


def test_a_preview_is_one_by_both_judgements(shared_data: Path) -> None:
    """The lane's quick look and the loader's whole one agree, on every labelled agent."""
    rows = json.loads((shared_data / "ua" / "link_preview_detectors.json").read_text())
    agents = {row[-1] for row in rows}
    assert len(agents) > 30
    for agent in (*agents, *FETCHERS, *PEOPLE):
        assert is_preview(agent) == (classify_agent(agent).reason == "preview"), agent


@given(st.text(max_size=60))
def test_both_judgements_agree_on_anything(text: str) -> None:
    """Also on agents that nobody has sent yet."""
    assert is_preview(text) == (classify_agent(text).reason == "preview")


# What a card says


def test_a_new_mastodon_account_shows_our_card(sqlite_world: World) -> None:
    """There a tap would pass us by; the other networks keep the address that was posted."""
    mastodon = sqlite_world.account("@jesse@example.social", "mastodon")
    assert mastodon.card == "ours"
    assert sqlite_world.account().card == "destination"
    with pytest.raises(Invalid, match="ours or destination"):
        set_card(sqlite_world.session, mastodon, "theirs", NOON)


def test_the_owners_words_come_first_then_the_pages_then_the_site(world: World) -> None:
    """What was read of another destination is not shown."""
    session, shortener = world.session, world.shortener
    link = linked(world, address="https://www.example.com/page")
    shown = card_of(session, shortener, link)
    assert (shown.title, shown.description, shown.is_bare) == ("The title", "What it says", False)
    set_own_words(session, link, "  My\ntitle ", "")
    shown = card_of(session, shortener, link)
    assert (shown.title, shown.description) == ("My title", "What it says")
    change_destination(session, shortener, link, "https://other.example/", NOON)
    shown = card_of(session, shortener, link)
    assert (shown.title, shown.description, shown.picture) == ("My title", "", None)
    set_own_words(session, link, "", "")
    shown = card_of(session, shortener, link)
    assert (shown.title, shown.site, shown.is_bare) == ("other.example", "other.example", True)
    with pytest.raises(Invalid, match="at most 300"):
        set_own_words(session, link, "x" * 301, "")


def test_only_new_links_of_accounts_with_cards_are_read_and_what_is_asked_for(
    world: World,
) -> None:
    """Neither old ones nor those of accounts that show none; each once, a failure again."""
    session = world.session
    mastodon = world.account("@jesse@example.social", "mastodon")
    bluesky = world.account("@jesse.example.com", "bluesky")
    (first,) = world.post(mastodon, "https://one.com/").links
    (second,) = world.post(bluesky, "https://two.com/").links
    (other,) = world.post(world.account(), "https://three.com/").links
    (old,) = world.post(mastodon, "https://four.com/", NOON - timedelta(days=2)).links
    read: list[str] = []

    def reading(destination: str) -> Found:
        read.append(destination)
        return FOUND if destination != "https://two.com/" else Found(problem="Away.")

    read_cards(world.database, NOON, reading)
    assert read == ["https://two.com/", "https://one.com/"]
    read_cards(world.database, NOON + timedelta(minutes=59), reading)
    assert len(read) == 2
    read_cards(world.database, NOON + timedelta(minutes=61), reading)
    assert read[2:] == ["https://two.com/"]
    read_again(session, other)
    read_again(session, old)
    change_destination(session, world.shortener, first, "https://five.com/", NOON)
    session.commit()
    assert {led for _, led in links_to_read(session, NOON, 10)} == {
        "https://three.com/",
        "https://four.com/",
        "https://five.com/",
    }
    session.rollback()
    read_cards(world.database, NOON + timedelta(days=30), reading)
    assert set(read[3:]) == {"https://three.com/", "https://four.com/"}
    session.expire_all()
    assert card_of(session, world.shortener, old).title == "The title"
    kept = session.get(LinkCard, second.id)
    assert kept is not None and kept.problem == "Away."


def test_a_page_is_not_read_because_its_card_was_looked_at(sqlite_world: World) -> None:
    """An account that leaves cards to the destination asks nothing, until its owner does."""
    world = sqlite_world
    (link,) = world.post(world.account(), "https://example.com/page").links
    set_own_words(world.session, link)
    assert list(links_to_read(world.session, now(), 9)) == []
    set_own_words(world.session, link, "Mine")
    assert [number for number, _ in links_to_read(world.session, now(), 9)] == [link.id]


def test_reading_again_keeps_the_owners_words(world: World) -> None:
    """They are theirs."""
    link = linked(world)
    set_own_words(world.session, link, "Mine", "")
    read_again(world.session, link)
    world.session.commit()
    read_cards(world.database, NOON, lambda _: Found("Newer", None, None))
    world.session.expire_all()
    shown = card_of(world.session, world.shortener, link)
    assert (shown.title, shown.description) == ("Mine", "")
    kept = world.session.get(LinkCard, link.id)
    assert kept is not None and kept.title == "Newer"


# What a page says

PAGE = """<!doctype html><html><head><title>Plain &amp; simple</title>
<meta property="og:title" content="Open  &lt;Graph&gt;"><meta name="description" content="Said">
<meta property="og:image" content="/pictures/1.png?a=1&amp;b=2"></head><body><p>…"""


def anybody(_address: Address) -> bool:
    """Let the tests' own server be visited."""
    return True


class Site(BaseHTTPRequestHandler):
    """A site with every kind of page."""

    def do_GET(self) -> None:
        kind = self.path.removeprefix("/")
        where = {"moved": "/page", "round": "/round", "inside": "http://10.0.0.1/", "bad": "//["}
        bodies = {
            "page": ("text/html; charset=utf-8", PAGE.encode()),
            "nameless": ("text/html", b"<p>Hello"),
            "file": ("application/pdf", b"%PDF-1.7 <title>No page</title>"),
        }
        if kind in where:
            self._begin(302, Location=where[kind])
        elif kind in bodies:
            self._begin(200, bodies[kind][0])
            self.wfile.write(bodies[kind][1])
        elif kind.endswith(".png"):
            self._begin(200, "image/png")
            self.wfile.write(b"x" * int(kind.removesuffix(".png")))
        elif kind.isdigit():
            self._begin(int(kind))
        else:
            self._go_on(kind)

    def _go_on(self, kind: str) -> None:
        """Send until the visitor has left."""
        if kind != "slow-head":
            self._begin(200, "text/html")
        piece = {"endless": b"x" * 100_000, "slow": b"<", "slow-head": b"H"}[kind]
        with pytest.raises(OSError):
            self.wfile.write(PAGE.encode() * (kind == "endless"))
            for _ in range(1_000):
                self.wfile.write(piece)
                time.sleep(0 if kind == "endless" else 0.05)  # slowness is what is tested

    def _begin(self, status: int, kind: str = "text/plain", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """A web site on loopback."""
    with listening(Site) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("page", None),
        ("moved", None),
        ("endless", None),
        ("round", "It redirects more than 5 times."),
        ("bad", "It cannot be reached."),
        ("file", "It isn't a web page: it is a file, or doesn't say what it is."),
        ("nameless", "It has no title."),
        ("403", "Its server answers programs with an error (403)."),
        ("500", "Its server answers programs with an error (500)."),
    ],
)
def test_a_page_is_read_or_it_is_said_why_not(site: str, path: str, problem: str | None) -> None:
    """No more than its first megabyte; pictures by their whole address."""
    found = read_page(f"{site}/{path}", "me", anybody)
    assert found.problem == problem
    if problem is None:
        assert found == Found("Open <Graph>", "Said", f"{site}/pictures/1.png?a=1&b=2")


def test_a_private_page_is_not_read(site: str) -> None:
    """Neither at once nor by a redirect of a public one."""
    private = "It is not on the public internet, so it is not read."
    assert read_page(f"{site}/page", "me").problem == private
    only_here = read_page(f"{site}/inside", "me", lambda address: address.is_loopback)
    assert only_here.problem == private


@pytest.mark.parametrize("path", ["slow", "slow-head"])
def test_a_slow_page_is_left_after_a_while(
    site: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that goes on sending a byte now and then, in its headers or behind them."""
    monkeypatch.setattr(visiting, "SECONDS", 0.5)
    begun = time.monotonic()
    assert read_page(f"{site}/{path}", "me", anybody).problem == (
        "It does not answer within 10 seconds."
    )
    assert time.monotonic() - begun < 20  # it would go on for fifty


def test_a_message_brings_its_picture_along_up_to_a_megabyte(
    sqlite_world: World, site: str
) -> None:
    """A larger one, a page in its place, or none: the card goes without."""
    link = linked(sqlite_world)
    sizes = {"1000000.png": 1_000_000, "1000001.png": None, "page": None, "404": None}
    for path, size in sizes.items():
        found = Found("The title", None, f"{site}/{path}")
        keep_card(sqlite_world.session, link.id, link.destination, found, NOON)
        shown = card_of(sqlite_world.session, sqlite_world.shortener, link)
        card = message_card(shown, "me", anybody)
        assert (card.url, card.title, card.description) == (shown.url, "The title", "")
        assert (card.picture and len(card.picture)) == size
        assert card.picture_type == ("image/png" if size else None)


def words(body: bytes, kind: str = "text/html") -> tuple[str | None, str | None, str | None]:
    """Return title, description and picture of a page at example.com."""
    said = page_words(body, kind, "https://example.com/a/b")
    return said.title, said.description, said.picture


def test_titles_come_in_every_encoding_of_the_web() -> None:
    """By byte order mark, header, the page's own word in both forms, else UTF-8."""
    said = "Grüße, мир, 世界"
    page = f"<title>{said}</title>"
    assert words(page.encode())[0] == said
    assert words(b"\xef\xbb\xbf" + page.encode(), "text/html; charset=latin1")[0] == said
    assert words(page.encode("utf-16"), "text/html")[0] == said
    for label, codec in (("Shift_JIS", "shift_jis"), ("gb2312", "gb18030"), ("EUC-KR", "euc_kr")):
        encoded = "<title>世界</title>".encode(codec)
        assert words(encoded, f'text/html; Charset="{label}"')[0] == "世界"
        declared = f'<meta charset="{label}">'.encode()
        assert words(declared + encoded)[0] == "世界"
        equivalent = f'<meta http-equiv=Content-Type content="text/html; charset={label}">'
        assert words(equivalent.encode() + encoded)[0] == "世界"
    assert words("<title>caf\xe9 \x93x\x94</title>".encode("latin-1"), "a; charset=latin1")[0] == (
        "café “x”"
    )
    for odd in ("idna", "zlib", "unicode_escape", "no-such", "utf-7", "\ufffd"):
        assert words(b"<title>plain</title>", f"text/html; charset={odd}")[0] == "plain"


def test_a_page_that_does_not_say_its_encoding_is_read_as_browsers_do() -> None:
    """UTF-8 where it can be, also where it is cut within a letter; else windows-1252."""
    assert words("<title>Café crème – 5 €</title>".encode("cp1252"))[0] == "Café crème – 5 €"
    assert words("<title>Café</title><p>é".encode()[:-1])[0] == "Café"
    unknown = b"<meta charset=no-such><title>caf\xe9</title>"
    assert words(unknown, "text/html; charset=none-either")[0] == "café"


def test_a_page_says_its_encoding_late_or_in_xml() -> None:
    """Behind any amount of other tags, but not in a script; two bytes a letter are seen."""
    title = "<title>Привет</title>".encode("cp1251")
    padding = b"<script>x='<meta charset=koi8-r>'</script>" + b"<!-- much -->" * 200
    late = b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">'
    assert words(padding + late + title)[0] == "Привет"
    assert words(padding + title + b"<meta charset=windows-1251>")[0] == "Привет"
    for quote in ('"', "'", ""):
        declared = f'<?xml version="1.0" encoding={quote}EUC-JP{quote}?>'.encode()
        assert words(declared + "<title>世界</title>".encode("euc_jp"))[0] == "世界"
    assert words("<?xml version='1.0'?><title>世界</title>".encode("utf-16-le"))[0] == "世界"
    wide = '<meta charset="utf-16"><title>Grüße</title>'
    assert words(wide.encode())[0] == "Grüße"
    assert words(b"<meta charset=koi8-r>" + title, "text/html; charset=cp1251")[0] == "Привет"


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<svg><title>icon</title></svg><title>Page</title>", "Page"),
        ("<svg/><title>Page</title>", "Page"),
        ("<svg><g><title>icon</title></g></svg><head><title>Page</title>", "Page"),
        ("<title></title><svg><title>icon</title></svg><title>Page</title>", "Page"),
        ("<svg><title>icon</title><p>text<title>Page</title>", "Page"),
        ("<math><title>formula</title></math>", None),
        ("<svg><title>icon</title></svg>", None),
        ("<meta property=og:title content=''><meta property=og:title content=Two>", "Two"),
    ],
)
def test_the_title_is_the_pages_and_no_drawings(page: str, title: str | None) -> None:
    assert words(page.encode())[0] == title


@pytest.mark.parametrize(
    ("page", "picture"),
    [
        ("<base href='/c/'><meta property=og:image content=p.png>", "https://example.com/c/p.png"),
        (
            "<meta property=og:image content=p.png><base href='//b.org/'><base href='/no/'>",
            "https://b.org/p.png",
        ),
        ("<base href='data:x'><meta property=og:image content=p>", "https://example.com/a/p"),
        (
            "".join(
                f"<meta property=og:image content='{each}'>" for each in ("", "data:x", "/p.png")
            ),
            "https://example.com/p.png",
        ),
        (
            "<meta property=og:image:url content='js:x'><meta name=twitter:image content=p>",
            "https://example.com/a/p",
        ),
    ],
)
def test_a_picture_is_the_first_with_an_address_from_the_pages_base(
    page: str, picture: str
) -> None:
    assert words(page.encode())[2] == picture


# Pictures


def noise(width: int, height: int, kind: str, **options: object) -> bytes:
    """Return a picture that does not get smaller by packing it."""
    picture = Image.frombytes("RGB", (width, height), Random(7).randbytes(width * height * 3))
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_over_the_limit_is_scaled_down(kind: str) -> None:
    """To a JPEG that keeps the limit; a smaller one stays as it is."""
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100} if kind == "JPEG" else {}
    large = noise(2000, 1000, kind, **options)
    assert len(large) > 1_000_000
    found = fitted(large, "image/x", 1_000_000)
    assert found is not None
    assert len(found[0]) <= 1_000_000
    assert found[1] == "image/jpeg"
    with Image.open(io.BytesIO(found[0])) as read:
        assert max(read.size) in (1200, 800, 400)
    assert fitted(large, "image/x", len(large)) == (large, "image/x")
    assert fitted(large, "image/x", 5_000) is None


def test_what_is_transparent_becomes_white_and_what_lies_is_turned() -> None:
    """As browsers show them."""
    clear = io.BytesIO()
    Image.new("RGBA", (300, 200), (255, 0, 0, 0)).save(clear, "PNG", compress_level=0)
    found = fitted(clear.getvalue(), "image/png", 100_000)
    assert found is not None
    with Image.open(io.BytesIO(found[0])) as read:
        assert (read.size, read.getpixel((5, 5))) == ((300, 200), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    found = fitted(noise(300, 200, "JPEG", quality=100, exif=exif), "image/jpeg", 90_000)
    assert found is not None
    with Image.open(io.BytesIO(found[0])) as read:
        assert read.size == (200, 300)


def test_a_picture_made_to_take_memory_or_time_is_left_out() -> None:
    """A few bytes can claim to be of any size, and go over it any number of times."""
    small = noise(100, 100, "PNG")
    size = (60_000).to_bytes(4, "big")
    bomb = small[:16] + size + size + small[24:29] + zlib.crc32(
        small[12:16] + size + size + small[24:29]
    ).to_bytes(4, "big") + small[33:]  # fmt: skip
    scans = noise(100, 100, "JPEG", progressive=True) + b"\xff\xda" * 200
    begun = time.process_time()
    assert fitted(bomb, "image/png", 100) is None
    assert fitted(scans, "image/jpeg", 100) is None
    assert fitted(small[:-500], "image/png", 100) is None
    assert fitted(b"<svg>" * 100, "image/png", 100) is None
    assert time.process_time() - begun < 3


@settings(deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]), st.data())
def test_no_bytes_of_a_picture_are_an_error(kind: str, data: st.DataObject) -> None:
    """A picture with any byte changed is one, or none."""
    picture = bytearray(noise(8, 8, kind))
    for place in data.draw(st.lists(st.integers(0, len(picture) - 1), max_size=4)):
        picture[place] = data.draw(st.integers(0, 255))
    found = fitted(bytes(picture), "image/x", 10)
    assert found is None


def test_what_cannot_be_seen_is_left_out_of_words() -> None:
    """Line ends, control characters, marks that turn text round; words are cut."""
    assert clean(" a\n\tb\u202e\x00c ", 10) == "a b c"
    assert clean("a family 👩‍👧", 20) == "a family 👩‍👧"
    assert clean("x" * 400, 300) == "x" * 299 + "…"
    assert clean("\u200b \n", 10) is None


@pytest.mark.parametrize(
    ("written", "picture"),
    [
        ("p.png", "https://example.com/a/p.png"),
        ("//cdn.example/p.png", "https://cdn.example/p.png"),
        ("http://bücher.example/ü.png", "http://xn--bcher-kva.example/%C3%BC.png"),
        ("javascript:alert(1)", None),
        ("data:image/png;base64,AAAA", None),
        ("https://[", None),
        (" ", None),
    ],
)
def test_a_picture_is_an_address_of_the_web_or_none(written: str, picture: str | None) -> None:
    """Whole, ASCII, http or https."""
    assert words(f'<meta property="og:image" content="{written}">'.encode())[2] == picture


@pytest.mark.parametrize("part", [b"<div>", b"<a ", b"<a a='", b"<!--", b"&", b"<b><table>", b"</"])
def test_pages_made_to_be_slow_are_not(part: bytes) -> None:
    """A megabyte of depth or of what never ends is read in about a second."""
    begun = time.process_time()
    words(b"<title>Deep</title>" + part * (1_000_000 // len(part)))
    assert time.process_time() - begun < 3


@settings(deadline=None)
@given(st.binary(max_size=300), st.text(max_size=40))
def test_no_bytes_are_an_error(body: bytes, kind: str) -> None:
    """Whatever a page is: short clean words, or none."""
    for start in (b"", b"<title>", b'<meta property="og:title" content="'):
        title, _, picture = words(start + body, kind)
        assert title is None or 0 < len(title) <= 300
        assert title is None or title.translate({0x200C: None, 0x200D: None}).isprintable()
        assert picture is None or picture.startswith("http")


# The doors


def test_the_owner_chooses_on_the_accounts_page(world: World) -> None:
    """And reads there, on the post and on the link, what is not counted."""
    account = world.account("@jesse@example.social", "mastodon")
    set_card(world.session, account, "destination", NOON)
    post = world.post(account, "https://example.com/")
    code = post.links[0].code
    browser = Browser.signed_in(world)
    page = f"/owner/accounts/{account.id}"
    links = f"{page}/settings/links"
    assert "Taps on Mastodon's preview aren't counted" in read_text(browser.get(links))
    assert "it leads past the short link" in read_text(browser.get(f"/owner/posts/{post.id}"))
    assert "taps on Mastodon's aren't counted" in read_text(browser.get(f"/owner/links/{code}"))
    answer = browser.send(f"{page}/card", {"card": "theirs"}, page)
    assert answer.status_code == 422 and "choose ours or destination" in read_text(answer)
    assert browser.send(f"{page}/card", {"card": "ours"}, page).status_code == 303
    assert "From now on, link previews are linktrack's" in read_text(browser.get(links))
    assert "leads past" not in read_text(browser.get(f"/owner/posts/{post.id}"))
    assert "taps on it are counted" in read_text(browser.get(f"/owner/links/{code}"))


def test_the_page_of_a_link_shows_its_card_and_takes_other_words(world: World) -> None:
    """What the page says, why it says nothing, and the owner's own title."""
    link = linked(world)
    browser = Browser.signed_in(world)
    page = f"/owner/links/{link.code}"
    assert "The title What it says Picture:" in read_text(browser.get(page))
    sent = browser.send(f"{page}/card", {"title": "<b>Mine", "words": ""}, page)
    assert sent.status_code == 303
    answer = browser.get(page)
    assert "<b>Mine What it says" in read_text(answer) and "<b>Mine" not in answer.text
    assert browser.send(f"{page}/card", {"title": "x" * 301}, page).status_code == 422
    browser.send(f"{page}/card", {"read": "yes"}, page)
    assert "The page is being read." in read_text(browser.get(page))
    read_cards(world.database, now(), lambda _: Found(problem="It cannot be reached."))
    assert "couldn't be read" in read_text(browser.get(page))
    assert "It cannot be reached." in read_text(browser.get(page))


def test_commands_choose_and_show_cards(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same as the pages."""
    world = sqlite_world
    link = linked(world, "destination")
    monkeypatch.setenv("LINKTRACK_DATA", str(world.settings.data))
    monkeypatch.setenv("LINKTRACK_DATABASE", world.settings.database)

    def told(*arguments: str) -> str:
        answer = CliRunner().invoke(main, [*arguments])
        assert answer.exit_code == 0, answer.output
        return answer.output

    assert told("account", "card", "@JessesLinks") == "destination\n"
    assert told("account", "card", "@JessesLinks", "ours", "--json") == '{"card": "ours"}\n'
    refused = CliRunner().invoke(main, ["account", "card", "@JessesLinks", "mine"])
    assert refused.exit_code == 1 and "choose ours or destination" in refused.output
    code = link.code or ""
    assert json.loads(told("link", "card", code, "--json")) == {
        "title": "The title",
        "description": "What it says",
        "picture": "https://example.com/picture.png",
        "read_at": "2026-05-04T12:00:00Z",
        "problem": None,
    }
    assert told("link", "card", code, "--description", "Mine").startswith(
        "title: The title\ndescription: Mine\n"
    )
    assert "title: My title\ndescription: Mine\n" in told(
        "link", "card", code, "--title", "My title"
    )
    assert told("link", "card", code, "--title", "", "--read").endswith("read: not yet\n")
    assert "description: Mine" in told("link", "card", code)


def test_programs_choose_an_accounts_card(sqlite_world: World) -> None:
    """PATCH of the account; the link tells what its card says."""
    world = sqlite_world
    link = linked(world, "destination")
    secret = create_token(world.session, "all", "write", None, NOON)
    world.session.commit()
    client = Browser.on(world).client
    headers = {"Authorization": f"Bearer {secret}"}
    path = f"/api/v1/accounts/{link.account_id}"
    assert client.get(path, headers=headers).get_json()["card"] == "destination"
    answer = client.patch(path, headers=headers, json={"card": "ours"})
    assert (answer.status_code, answer.get_json()["card"]) == (200, "ours")
    assert client.patch(path, headers=headers, json={"card": "mine"}).status_code == 422
    path = f"/api/v1/links/{link.code}"
    assert client.get(path, headers=headers).get_json()["card"]["title"] == "The title"
    answer = client.patch(path, headers=headers, json={"card_title": "Mine", "read_card": True})
    card = answer.get_json()["card"]
    assert (card["title"], card["description"], card["read_at"]) == ("Mine", "What it says", None)
    answer = client.patch(path, headers=headers, json={"card_title": ""})
    assert answer.get_json()["card"]["title"] == "The title"
    assert client.patch(path, headers=headers, json={"card_title": "x" * 301}).status_code == 422


@pytest.mark.slow
def test_a_running_service_reads_pages_and_answers_fetchers(tmp_path: Path) -> None:
    """With either server: the page behind a new link is asked within seconds, never in the way."""
    environ = environment(tmp_path)
    command(environ, "account", "add", "@me@example.social", "--network", "mastodon")
    (made,) = answer(environ, "wrap", "@me@example.social", "http://nowhere.example.com/a")["links"]
    path = "/" + made["code"]
    for name in ("gunicorn", "granian"):
        with serving(environ, tmp_path / "log", "--server", name) as server:
            status, _, page = server.request(path, User_Agent="Mastodon/4.3.1 (http.rb/5)")
            assert status == 200
            assert tags(page.decode())["og:title"] == "nowhere.example.com"
            assert server.request(path, User_Agent=PEOPLE[0])[0] == 302
            wait_until(
                lambda: answer(environ, "link", "card", made["code"])["read_at"], 20, every=0.2
            )
    problem = answer(environ, "link", "card", made["code"])["problem"]
    assert problem == "Its site does not exist: the name is not known."

"""Whoever asks sees what was left out, why, by whom and when; readers see what is stored."""

import re
from pathlib import Path
from typing import Final

from browser import Browser, read
from mmdb_writer import MMDBWriter
from sqlalchemy import select
from world import NOON, World

from linktrack.clicks.models import clicks
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import (
    EMBEDDED,
    HEAD,
    LEFT_OUT,
    NO_LANGUAGES,
    OWNER,
    PREFETCH,
    REASON_NUMBER,
    REASONS,
)
from linktrack.db import now, to_ms

GUIDE: Final = Path(__file__).parent.parent / "docs" / "guide"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def some_clicks(world: World) -> tuple[str, int]:
    """Store people, previews, a bot and a burst of this minute; return a code and its post."""
    post = world.post(world.account(), "http://example.com/", now())
    (link,) = post.links
    at = to_ms(now()) // 60_000 * 60_000

    def click(visitor: int, agent: str, referrer: str | None = None, flags: int = 0) -> ClickRecord:
        return ClickRecord(at + visitor, link.id, agent, referrer, visitor, flags)

    world.click(
        [
            click(1, FIREFOX, "//t.co/03elZC4Q"),
            click(2, FIREFOX, "//t.co/7abc"),
            click(3, FIREFOX, "//www.example.org"),
            click(4, FIREFOX),
            *(click(10 + number, "Twitterbot/1.0") for number in range(3)),
            click(20, "<script>alert(1)</script>"),
            *(
                click(100 + number, f"{FIREFOX}.{number}", None, NO_LANGUAGES)
                for number in range(12)
            ),
        ]
    )
    return link.code or "", post.id


def test_what_was_left_out_is_shown_by_reason_agent_and_time(world: World) -> None:
    """With the share, the rule, and the evidence of a burst; markup in agents is text."""
    code, post_id = some_clicks(world)
    browser = Browser.signed_in(world)
    page = browser.get(f"/owner/left-out?link={code}")
    text = read(page)
    assert "16 of 20 clicks, 80%" in text
    assert "previews 3 15%" in text and "bots 1 5%" in text and "clicks in bursts 12 60%" in text
    assert "Twitterbot/1.0 preview preview:twitterbot 3" in text
    assert f"{code} 12 12 12 12" in text  # clicks, visitors, agents, without a language
    assert "<script>alert" not in page.text
    narrowed = read(browser.get(f"/owner/left-out?post={post_id}&reason=bot"))
    assert "Twitterbot" not in narrowed and "alert(1)" in narrowed
    for address in ("", "?account=1", "?days=365", "?reason=owner"):
        assert browser.get(f"/owner/left-out{address}").status_code == 200
    for address in ("?reason=made-up", "?link=missing", "?post=99", "?agent=x"):
        assert browser.get(f"/owner/left-out{address}").status_code in (404, 422)


def test_a_picture_that_was_loaded_is_left_out_in_its_place(world: World) -> None:
    """Behind HEAD and prefetch, before all else; with words and a meaning of its own."""
    post = world.post(world.account(), "http://example.com/", now())
    (link,) = post.links
    at = to_ms(now())
    sent = [
        (FIREFOX, EMBEDDED, "embedded"),
        (FIREFOX, EMBEDDED | OWNER, "embedded"),
        ("Twitterbot/1.0", EMBEDDED, "embedded"),
        (None, EMBEDDED, "embedded"),
        (FIREFOX, EMBEDDED | PREFETCH, "prefetch"),
        (FIREFOX, EMBEDDED | HEAD, "head"),
        (FIREFOX, 0, "human"),
    ]
    world.click(
        [
            ClickRecord(at + place, link.id, agent, None, place, flags)
            for place, (agent, flags, _) in enumerate(sent)
        ]
    )
    with world.database.engine.connect() as connection:
        stored = connection.scalars(select(clicks.c.reason).order_by(clicks.c.seq)).all()
    assert [REASONS[number] for number in stored] == [reason for *_, reason in sent]
    text = read(Browser.signed_in(world).get(f"/owner/left-out?link={link.code}"))
    assert "6 of 7 clicks" in text
    assert "prefetches 1" in text
    assert "links loaded as pictures 4" in text
    assert text.index("The browser fetched ahead") < text.index("links loaded as pictures 4")


def test_the_numbers_of_reasons_are_the_databases_for_good() -> None:
    """A reason that came later is asked in its place and stored as the next number."""
    assert [REASON_NUMBER[name] for name in LEFT_OUT] == [1, 2, 8, 3, 4, 5, 6, 7]
    assert set(LEFT_OUT) | {"human"} == set(REASONS)


def test_the_guide_names_the_reasons_in_the_order_in_which_they_are_asked() -> None:
    """In the table of what the figures mean, and for the filter of the export."""
    figures = (GUIDE / "figures.md").read_text()
    table = figures[figures.index("| reason |") : figures.index("Clicks that are filtered out")]
    assert tuple(re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE)) == LEFT_OUT
    codebook = (GUIDE / "data.md").read_text()
    (line,) = re.findall(r"^\| `reason` \| (`head`.*) \|$", codebook, re.MULTILINE)
    assert tuple(re.findall(r"`([a-z-]+)`", line)) == LEFT_OUT


def test_every_report_leads_to_what_it_left_out(sqlite_world: World) -> None:
    """Overview, list of posts, post and link."""
    code, post_id = some_clicks(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    for address in ("/owner/", "/owner/posts", f"/owner/posts/{post_id}", f"/owner/links/{code}"):
        assert "/owner/left-out?" in browser.get(address).text, address


def test_sources_open_to_their_hosts(world: World) -> None:
    """On the pages of a post and of a link; X's code tells which post was clicked."""
    code, post_id = some_clicks(world)
    browser = Browser.signed_in(world)
    for address in (f"/owner/posts/{post_id}", f"/owner/links/{code}"):
        text = read(browser.get(address))
        assert "X 2 hosts t.co/03elZC4Q 1 t.co/7abc 1" in text, address
        assert "example.org 1 host www.example.org 1" in text


def test_a_page_lists_fifty_sources_and_sums_up_the_others(sqlite_world: World) -> None:
    """Hundreds of rows would be most of a page; the page Sources has them all."""
    post = sqlite_world.post(sqlite_world.account(), "http://example.com/", now())
    (link,) = post.links
    at = to_ms(now())
    sqlite_world.click(
        [
            ClickRecord(at + number, link.id, FIREFOX, f"//site{number}.example.org", number)
            for number in range(53)
        ]
    )
    browser = Browser.signed_in(sqlite_world)
    text = read(browser.get(f"/owner/posts/{post.id}"))
    assert text.count(".example.org 1 host") == 50
    assert "3 more sources – 3 3" in text
    assert "3 more sources – 3 6%" in read(browser.get(f"/owner/links/{link.code}"))


def test_a_stranger_sees_none_of_it(sqlite_world: World) -> None:
    """Both pages are the owner's."""
    for address in ("/owner/left-out", "/owner/own-clicks"):
        assert Browser.on(sqlite_world).get(address).status_code == 302


def test_the_privacy_page_says_what_the_settings_say(sqlite_world: World) -> None:
    """Public, with a text to paste; pseudonymous, and not called anonymous."""
    text = read(Browser.on(sqlite_world).get("/privacy"))
    assert "pseudonymous, not anonymous" in text
    assert "after one calendar month" in text
    assert "as long as the link's owner keeps the statistics" in text.replace("’", "'")
    assert "the country" not in text
    countries = sqlite_world.settings.data / "countries.mmdb"
    MMDBWriter(database_type="GeoLite2-Country").to_db_file(str(countries))
    with World.at(
        sqlite_world.settings.data,
        sqlite_world.settings.database,
        LINKTRACK_VISITOR_PERIOD="day",
        LINKTRACK_KEEP_DAYS="90",
        LINKTRACK_GEOIP=str(countries),
    ) as other:
        text = read(Browser.on(other).get("/privacy"))
    assert "after one day" in text and "90 days, then deleted" in text and "the country" in text
    assert NOON.year == 2026

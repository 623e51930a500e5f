"""Pages that stay open, and codes for posters."""

import re

import segno
from browser import Browser
from clicking import FIREFOX, START
from world import World

from linktrack.clicks.records import ClickRecord


def test_an_open_page_learns_that_a_click_was_counted(sqlite_world: World) -> None:
    """The same answer costs nothing; a new click gives another one."""
    post = sqlite_world.post(sqlite_world.account(), "Read http://example.com/one")
    browser = Browser.signed_in(sqlite_world)
    first = browser.get("/owner/live.json")
    assert first.json == {"seq": 0}
    tag = {"If-None-Match": first.headers["ETag"]}
    assert browser.client.get("/owner/live.json", headers=tag).status_code == 304
    sqlite_world.click([ClickRecord(START, post.links[0].id, FIREFOX, None, 1)])
    second = browser.client.get("/owner/live.json", headers=tag)
    assert (second.status_code, second.json) == (200, {"seq": 1})


def test_a_stranger_learns_nothing(sqlite_world: World) -> None:
    """Neither figures nor codes are shown to who is not signed in."""
    stranger = Browser.on(sqlite_world)
    for path in ("/owner/live.json", "/owner/links/abcde/qr.svg"):
        assert stranger.get(path).status_code == 302


def test_a_qr_code_leads_to_the_short_link(sqlite_world: World) -> None:
    """As SVG and as PNG; the picture is that of the short address."""
    (link,) = sqlite_world.post(sqlite_world.account(), "Read http://example.com/one").links
    browser = Browser.signed_in(sqlite_world)
    address = f"/owner/links/{link.code}/qr"
    png = browser.get(f"{address}.png")
    assert png.mimetype == "image/png"
    assert png.data.startswith(b"\x89PNG")
    svg = browser.get(f"{address}.svg")
    assert svg.mimetype == "image/svg+xml"
    drawn = segno.make_qr(f"https://go.jessestay.com/{link.code}", error="q")
    dark = sum(int(run) for run in re.findall(r"h(\d+)v1", svg.text))
    assert dark == sum(map(sum, drawn.matrix))
    assert browser.get(f"{address}.gif").status_code == 404
    assert browser.get("/owner/links/nothere/qr.svg").status_code == 404

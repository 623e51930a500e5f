"""The page of a link's rules in a real browser, wide and on a phone."""

from pathlib import Path

import pytest
from databases import Maker
from playwright.sync_api import Browser
from servers import environment, serving
from world import World

from linktrack.db import now
from linktrack.owners.access import create_owner, make_sign_in_link

pytestmark = pytest.mark.slow

STORE = "https://apps.apple.com/us/app/a-rather-long-name-of-an-app/id1234567890"


@pytest.mark.parametrize("width", [1280, 390])
def test_rules_are_made_and_tried_in_a_browser(
    chromium: Browser, sqlite_databases: Maker, tmp_path: Path, width: int
) -> None:
    """The short way for apps, a split by language, its order; nothing is wider than the screen."""
    data, database = tmp_path / "data", sqlite_databases()
    with World.at(data, database) as world:
        link = world.post(world.account(), "https://example.com/").links[0]
        owner = create_owner(world.session, "Jesse", now())
        secret = make_sign_in_link(world.session, owner, now())
        world.session.commit()
        code = link.code
    with serving(environment(data, database), tmp_path / "log") as server:
        context = chromium.new_context(viewport={"width": width, "height": 800})
        page = context.new_page()
        page.goto(f"{server.base_url}/owner/sign-in/{secret}")
        page.locator("main button").first.click()
        page.goto(f"{server.base_url}/owner/links/{code}")
        page.get_by_role("link", name="Rules: send some visitors elsewhere").click()
        page.get_by_label("On iPhone and iPad").fill(STORE)
        page.get_by_label("On Android").fill("https://play.google.com/store/apps/details?id=x")
        page.get_by_role("button", name="Add both rules").click()
        page.get_by_label("Preferred language").fill("de")
        page.get_by_label("Tablet").first.check()
        page.get_by_text("Days and times").click()
        page.get_by_label("From (time)").fill("09:00")
        page.get_by_label("Destination", exact=True).fill("https://example.com/de")
        page.get_by_label("Or to").first.fill("https://example.com/at")
        page.get_by_role("button", name="Add rule").click()
        page.get_by_role("button", name="Move rule 3 up").click()
        rows = page.locator("tbody th").all_inner_texts()
        assert rows[1] == "2. On a tablet, who prefer de, from 09:00 to 24:00"
        page.locator("#try-system").select_option("iOS")
        page.get_by_role("button", name="Try").click()
        assert page.locator("#try").get_by_role("status").inner_text() == "With iOS"
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wider) == 0
        small = """[...document.querySelectorAll("main :is(button, .button, summary)")]
            .filter(each => each.getBoundingClientRect().height < 40).map(each => each.innerText)"""
        assert page.evaluate(small) == [] or width > 390
        context.close()

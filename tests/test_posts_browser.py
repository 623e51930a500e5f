"""The ranking in a real browser: on a phone, by touch, and by its headings."""

from datetime import timedelta
from pathlib import Path

import pytest
from audiences import counted
from databases import Maker
from filling import clicks
from playwright.sync_api import Browser, Page
from servers import environment, serving
from world import World

from linktrack.db import now
from linktrack.owners.access import create_owner, make_sign_in_link

pytestmark = pytest.mark.slow

OFF_SCREEN = """
[...document.querySelectorAll(".ranking tbody td.rate, .ranking tbody td.bars")]
  .filter(cell => {
    const {left, right, width} = cell.getBoundingClientRect();
    return !width || left < 0 || right > document.documentElement.clientWidth;
  }).length
"""


def ranked(world: World) -> str:
    """Twelve posts; return the path that signs in."""
    account = world.account()
    counted(world, account, 20_000, days_ago=300)
    for number in range(12):
        at = now() - timedelta(days=20 + number)
        text = f"A rather long text about number {number} that wraps: https://example.com/{number}"
        world.click(clicks(world.post(account, text, at), range(90 if number == 5 else 30)))
    secret = make_sign_in_link(world.session, create_owner(world.session, "Jesse", now()), now())
    world.session.commit()
    return f"/owner/sign-in/{secret}"


def test_a_post_is_asked_by_a_tap_and_opened_by_a_second(
    chromium: Browser, sqlite_databases: Maker, tmp_path: Path
) -> None:
    """At 390 px every rate and bar is on the screen; a tap on a dot says which post it is."""
    data, database = tmp_path / "data", sqlite_databases()
    with World.at(data, database) as world:
        path = ranked(world)
    with serving(environment(data, database), tmp_path / "log") as server:
        context = chromium.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
        page = context.new_page()
        page.goto(f"{server.base_url}{path}")
        page.locator("main button").first.click()
        page.goto(f"{server.base_url}/owner/posts")
        assert page.evaluate(OFF_SCREEN) == 0
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wider) == 0
        tap_twice(page)
        page.goto(f"{server.base_url}/owner/posts")
        page.get_by_role("link", name="Per 1,000", exact=True).click()
        assert "sort=rate" in page.url
        first = page.locator(".ranking tbody tr").first.inner_text()
        assert "number 5" in first
        assert "clearly above" in first
        context.close()


def tap_twice(page: Page) -> None:
    """The first tap asks, the second one leads to the post."""
    dot = page.locator(".ranking .point").first
    dot.locator(".touch").tap()
    tip = page.locator(".tip:visible").inner_text()
    assert "A rather long text about number 0" in tip
    assert "1.50 (1.05 to 2.14) clicks per 1,000 followers; usual:" in tip
    assert page.url.endswith("/owner/posts")
    dot.locator(".touch").tap()
    page.wait_for_url("**/owner/posts/*")
    assert "number 0" in page.locator("h1").inner_text()

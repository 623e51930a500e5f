"""One link from its making to its end, by hand on a phone."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from databases import Maker
from listening import listening
from playwright.sync_api import Browser, BrowserContext, Page, expect
from servers import Server, command, environment, serving
from shops import Shop
from waiting import wait_until

pytestmark = pytest.mark.slow

ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/138.0.0.0 Mobile Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(name="server")
def a_server(sqlite_databases: Maker, tmp_path: Path) -> Iterator[Server]:
    """A new installation with one account, served."""
    environ = environment(tmp_path / "data", sqlite_databases())
    assert command(environ, "account", "add", "@JessesLinks").returncode == 0
    with serving(environ, tmp_path / "log") as server:
        yield server


def phone(chromium: Browser, agent: str) -> BrowserContext:
    """Return a person's own browser, small and touched."""
    return chromium.new_context(
        user_agent=agent, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )


def press(page: Page, name: str) -> None:
    """Tap a button; no page may be wider than the phone."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).first.tap()
    assert page.evaluate(WIDER) == 0, page.url


def test_a_link_is_made_tagged_ruled_guarded_and_ended_on_a_phone(
    chromium: Browser, server: Server
) -> None:
    """What its click became is told too, since it led to a site of one's own."""
    Shop.short, Shop.seen = server.base_url, []
    owner = phone(chromium, ANDROID)
    page = owner.new_page()
    page.goto(server.base_url + server.sign_in_path())
    press(page, "Sign in on this browser")
    with listening(Shop) as port:
        site = f"http://shop.localhost:{port}"
        page.goto(f"{server.base_url}/owner/own-links")
        page.get_by_label("Site", exact=True).fill("shop.localhost")
        press(page, "Add site")
        press(page, "Turn click ids on for shop.localhost")
        page.goto(f"{server.base_url}/owner/goals")
        page.get_by_label("Goal", exact=True).fill("order")
        press(page, "Add goal")

        page.goto(f"{server.base_url}/owner/links")
        page.get_by_label("Leads to", exact=True).fill(f"{site}/tea")
        page.get_by_label("Short code", exact=True).fill("tea")
        page.get_by_label("Tags", exact=True).fill("offers")
        press(page, "Make the link")
        expect(page.locator("main")).to_contain_text("offers")
        link = f"{server.base_url}/tea"

        page.get_by_role("link", name="Rules: send some visitors elsewhere").tap()
        page.get_by_label("On iPhone and iPad").fill(f"{site}/ios")
        press(page, "Add both rules")
        page.goto(f"{server.base_url}/owner/links/tea")
        page.get_by_text("Set limits").tap()
        page.locator("#limits").get_by_label("Password", exact=True).fill("darjeeling")
        press(page, "Save limits")

        def asks() -> bool:
            return b"asks for a password" in server.request("/tea", User_Agent=IPHONE)[2]

        wait_until(asks, why="the workers follow")
        reader = phone(chromium, IPHONE)
        reading = reader.new_page()
        reading.goto(link)
        reading.get_by_label("Password", exact=True).fill("darjeeling")
        reading.get_by_role("button", name="Open the link").tap()
        reading.wait_for_url(f"{site}/ios*")
        assert "lt_click=" in Shop.seen[0]
        reading.get_by_role("link", name="Buy").tap()
        reading.wait_for_url("**/thanks")

        def reached() -> bool:
            page.goto(f"{server.base_url}/owner/links/tea")
            return page.locator("main").get_by_text("order").count() > 0

        wait_until(reached, every=1, why="the goal is counted")
        reader.close()

        page.goto(f"{server.base_url}/owner/links/tea")
        page.get_by_text("Change limits").tap()
        page.locator("#limits").get_by_label("Ends", exact=True).fill("2026-01-01T12:00")
        press(page, "Save limits")
        expect(page.locator("h1")).to_contain_text("ended")
    wait_until(lambda: server.request("/tea")[0] == 410, why="the link has ended")
    page.goto(f"{server.base_url}/owner/links?state=ended&tag=offers")
    expect(page.locator("main tbody")).to_contain_text(urlsplit(link).path.strip("/"))
    owner.close()

"""A goal from the click to the report, in a real browser and on a site of one's own."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from clicking import FIREFOX
from databases import Maker
from listening import listening
from playwright.sync_api import Browser, BrowserContext, Page
from servers import Server, answer, command, environment, serving
from shops import Shop
from waiting import wait_until

pytestmark = pytest.mark.slow

NEVER = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"


@pytest.fixture(name="server")
def a_server(sqlite_databases: Maker, tmp_path: Path) -> Iterator[Server]:
    environ = environment(tmp_path / "data", sqlite_databases())
    with serving(environ, tmp_path / "log") as server:
        yield server


def buy(context: BrowserContext, link: str, *, buys: int = 1) -> Page:
    """Click a short link, and buy on the page it leads to; return the page."""
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(link)
    for _ in range(buys):
        page.get_by_role("link", name="Buy").click()
        page.wait_for_url("**/thanks")
        page.wait_for_load_state("networkidle")
    assert said == []  # nothing was blocked by the policy
    return page


def reached(server: Server) -> int:
    """Return how many clicks became an order, so far."""
    (goal,) = answer(server.environ, "report", "goals", "@JessesLinks")["goals"]
    return int(goal["reached_still_counting"])


def test_a_click_becomes_an_order_once(chromium: Browser, server: Server) -> None:
    """The id leaves the address bar, and buying again counts once; under GPC nothing is kept."""
    Shop.short, Shop.seen = server.base_url, []
    environ = server.environ
    with listening(Shop) as port:
        site = f"http://shop.localhost:{port}"
        for arguments in (
            ("account", "add", "@JessesLinks"),
            ("site", "add", "shop.localhost"),
            ("site", "edit", "shop.localhost", "--click-ids"),
            ("goal", "add", "order"),
        ):
            done = command(environ, *arguments)
            assert done.returncode == 0, done.stderr
        text = f"[Tea]({site}/tea?cup=big%20one#top)"
        post = answer(environ, "wrap", "@JessesLinks", text, "--format", "markdown")
        path = urlsplit(post["links"][0]["short_url"]).path
        link = f"{server.base_url}{path}"

        def has_id() -> bool:
            _, headers, _ = server.request(path, User_Agent=FIREFOX)
            return "lt_click=" in headers["Location"]

        wait_until(has_id, why="the workers follow the switch")
        with chromium.new_context(user_agent=FIREFOX) as context:
            page = buy(context, link, buys=1)
            assert "lt_click=" in Shop.seen[0]
            page.go_back()
            assert page.url == f"{site}/tea?cup=big%20one#top"
            page.get_by_role("link", name="Buy").click()
            page.wait_for_load_state("networkidle")
        wait_until(lambda: reached(server) == 1, why="the goal is counted, and once")
        with chromium.new_context(
            user_agent=FIREFOX, extra_http_headers={"Sec-GPC": "1"}
        ) as context:
            context.add_init_script(NEVER)
            Shop.seen.clear()
            page = buy(context, link)
            assert urlsplit(Shop.seen[0]).query == "cup=big%20one"
            # An id that somebody passed on isn't kept either.
            page.goto(f"{site}/?lt_click=abc")
            assert page.url == f"{site}/"
            assert page.evaluate("localStorage.length") == 0
        assert reached(server) == 1

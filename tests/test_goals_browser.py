"""A goal from the click to the report, in a real browser and on a site of one's own."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from clicking import FIREFOX
from databases import Maker
from listening import listening
from playwright.sync_api import Browser, BrowserContext, Page
from servers import Server, answer, command, environment, serving
from waiting import wait_until

pytestmark = pytest.mark.slow

NEVER = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"


class Shop(BaseHTTPRequestHandler):
    """A site of one's own: a page to arrive at, and one for those who bought; with a strict CSP."""

    short = ""
    seen: list[str] = []  # noqa: RUF012 - of one test, which empties it

    def do_GET(self) -> None:
        """Send a page with the script."""
        self.seen.append(self.path)
        goal = ' data-goal="order"' if self.path.startswith("/thanks") else ""
        page = (
            "<!doctype html><title>Shop</title><h1>Tea</h1><a href='/thanks'>Buy</a>"
            f'<script src="{self.short}/goal.js"{goal} defer></script>'
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        policy = f"default-src 'none'; script-src {self.short}; connect-src {self.short}"
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


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

        wait_until(has_id, 10, why="the workers follow the switch")
        with chromium.new_context(user_agent=FIREFOX) as context:
            page = buy(context, link, buys=1)
            assert "lt_click=" in Shop.seen[0]
            page.go_back()
            assert page.url == f"{site}/tea?cup=big%20one#top"
            page.get_by_role("link", name="Buy").click()
            page.wait_for_load_state("networkidle")
        wait_until(lambda: reached(server) == 1, 20, why="the goal is counted, and once")
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

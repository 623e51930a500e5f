"""The main job in a real browser: every page usable, accessible, and within its policy."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from axe_core_python.base import AXE_SCRIPT
from clicking import FIREFOX
from databases import Maker
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Locator,
    Page,
    ViewportSize,
)
from servers import Server, environment, serving
from waiting import wait_until

pytestmark = pytest.mark.slow

SIZES = {"phone": ViewportSize(width=320, height=640), "desk": ViewportSize(width=1280, height=900)}
AXE = "options => axe.run(options).then(found => found.violations)"
OWNER_PAGES = (
    "accounts",
    "connections",
    "segments",
    "posts",
    "not-wrapped",
    "follow-back",
    "links",
    "links/many/new",
    "links/many/change?all=yes&add_tags=seen",
    "links/many/changes",
    "tokens",
    "webhooks",
    "compose",
    "queue",
    "left-out",
    "own-clicks",
    "settings",
    "notes",
)
REPORTS = (
    "audience",
    "compare",
    "timing",
    "places",
    "devices",
    "topics",
    "posts?sort=low",
    "?compare=year",
    "posts?days=28",
)

UNSTACKED = """
[...document.querySelectorAll(".stacking")]
  .filter(table => table.querySelector("td:not([data-label])")
    || (innerWidth < 640 && table.parentElement.scrollWidth > table.parentElement.clientWidth))
  .map(table => table.parentElement.getAttribute("aria-label"))
"""
"""Tables that should be blocks on a phone, but scroll there or have a figure without a label."""


TOO_SMALL = """
[...document.querySelectorAll("a[href], button, :is(input, select, textarea, summary)")]
  .filter(each => innerWidth < 640 && !each.closest("svg, .skip, .visually-hidden"))
  .map(each => each.matches("[type=checkbox], [type=radio]") ? each.closest("label") ?? each : each)
  .filter(each => each.type !== "hidden" && each.checkVisibility({visibilityProperty: true}))
  .filter(each => {
    const {width, height} = each.getBoundingClientRect();
    const isInSentence = getComputedStyle(each).display === "inline"
      && [...each.parentElement.childNodes].some(node => node !== each && node.textContent.trim());
    const isWord = each.matches("a:not(.button, .chip)");
    return width && !isInSentence && (height < 43.5 || (!isWord && width < 43.5));
  })
  .map(each => each.outerHTML)
"""
"""What a finger would miss on a phone: less than 44 px high, or, if it isn't words, wide.

Links within sentences and dots of charts are as large as they are, as WCAG 2.5.8 allows.
"""


HEADER_CUT = """
(nav => nav && (nav.scrollWidth > nav.clientWidth || nav.closest(".top").offsetHeight > 125))(
  document.querySelector(".top nav"))
"""
"""Whether a section is out of sight, or the header takes a line more than it should."""


class Reader:
    """A person with a browser, who notes whatever goes wrong on a page.

    One who looks `everywhere` opens each page on a phone, and then looks at it on a desk, too, by
    day and by night.
    """

    def __init__(self, context: BrowserContext, server: Server, everywhere: bool = False) -> None:
        context.add_init_script(AXE_SCRIPT)
        self.page: Page = context.new_page()
        self.server = server
        self.everywhere = everywhere
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text) if message.type == "error" else None
            ),
        )

    def open(self, path: str) -> None:
        """Open a page, and look at it."""
        self.page.goto(self.server.base_url + path)
        self.look()

    def look(self) -> None:
        """Check what is open: accessible, no wider than the screen, nothing on the console."""
        self._check()
        if self.everywhere:
            self.page.set_viewport_size(SIZES["desk"])
            self._check()
            self.page.emulate_media(color_scheme="dark")
            self._check(runOnly=["color-contrast"])  # all that darkness changes
            self.page.emulate_media(color_scheme="light")
            self.page.set_viewport_size(SIZES["phone"])

    def _check(self, **options: object) -> None:
        # What passes is not told one by one, and no style sheets are read for rules that are not
        # among these: that would take three times as long.
        quick = {"resultTypes": ["violations"], "preload": False}
        found = self.page.evaluate(AXE, quick | options)
        assert [(item["id"], item["nodes"][0]["html"]) for item in found] == [], self.page.url
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert self.page.evaluate(wider) <= 0, self.page.url
        assert self.page.evaluate(UNSTACKED) == [], self.page.url
        assert self.page.evaluate(TOO_SMALL) == [], self.page.url
        assert not self.page.evaluate(HEADER_CUT), self.page.url
        assert self.complaints == [], self.page.url

    def wait_for(self, address: str, *texts: str) -> None:
        """Open an address until these texts are on it, and look at it."""

        def is_there() -> bool:
            self.page.goto(address)
            said = self.page.locator("main").inner_text()
            return all(text in said for text in texts)

        wait_until(is_there, every=0.3, why=f"{texts} at {address}")
        self.look()

    def press(self, name: str) -> None:
        """Press a button, and look at what comes."""
        self.follow(self.page.get_by_role("button", name=name, exact=True))

    def follow(self, place: Locator) -> None:
        """Click what leads to a page, and look at it once it is there."""
        with self.page.expect_navigation():
            place.click()
        self.look()


def test_the_main_job_from_signing_in_to_the_first_figure(
    chromium: Browser, sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Sign in, add an account, compose, publish; a click shows as one person in 23,000."""
    environ = environment(tmp_path / "data", sqlite_databases())
    with serving(environ, tmp_path / "log") as server:
        # Colours change at once, so that none is looked at half-way between day and night.
        context = chromium.new_context(viewport=SIZES["phone"], reduced_motion="reduce")
        reader = Reader(context, server, everywhere=True)
        page = reader.page
        reader.open(server.sign_in_path())
        reader.press("Sign in on this browser")
        for path in OWNER_PAGES:
            reader.open(f"/owner/{path}")
        reader.open("/api/v1/docs")

        reader.open("/owner/accounts")
        page.get_by_label("Handle").fill("@JessesLinks")
        page.get_by_label("Role").select_option("you")
        page.get_by_label("Followers now").fill("23000")
        reader.press("Add account")

        reader.open("/owner/compose")
        assert page.get_by_text("work on this machine only").count() == 1
        page.get_by_label("Text", exact=True).fill(
            "Two: https://example.com/one and https://example.org/two"
        )
        page.get_by_role("heading", name="Preview").wait_for()
        assert page.get_by_text("2 short links; each •").count() == 1
        reader.look()
        reader.press("Shorten and copy")
        reader.press("I posted it: text of post 1 for @JessesLinks")
        reader.follow(page.get_by_role("link", name="Open the post"))
        post = page.url
        codes = [link.inner_text() for link in page.locator("table a[href*='/owner/links/']").all()]
        assert len(codes) == 2

        browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        for code in codes:
            assert server.request(f"/{code}", User_Agent=browser)[0] == 302
            assert server.request(f"/{code}", User_Agent="Twitterbot/1.0")[0] == 302
        reader.wait_for(post, "1 per 23,000 followers", "2 previews")

        zoom_in(reader)
        ask_for_keys(reader)

        reader.open("/owner/people")
        page.get_by_label("Name").fill("Jo")
        page.get_by_label("Site").fill("example.com")
        reader.press("Add person")
        reader.press("Turn it on")
        thanks = page.locator("#address").inner_text().removeprefix(server.base_url)
        reader.open("/owner/experiments")
        page.get_by_label("Name").fill("Pictures")
        reader.press("Start")
        for path in ("referrers", "experiments", "people", "own-links", "digest"):
            reader.open(f"/owner/{path}")
        reader.open(thanks)

        reader.open("/owner/webhooks")
        page.get_by_label("Address").fill("https://example.com/hook")
        reader.press("Add webhook")
        reader.open("/owner/webhooks/1")
        reader.press("Send a test")

        for path in (*REPORTS, "team", "profile", "shared"):
            reader.open(f"/owner/{path}")
        for path in (
            "/owner/",
            "/owner/followers",
            "/owner/posts",
            "/owner/links",
            f"/owner/links/{codes[0]}",
            "/owner/destinations?address=https://example.com/one",
            "/",
            "/privacy",
            "/owner/left-out",
            "/owner/needs-you",
            "/owner/activity",
            "/owner/accounts/1",
            "/owner/accounts/1/settings",
            "/owner/accounts/1/settings/followers",
            "/owner/accounts/1/settings/links",
            "/owner/accounts/1/settings/segments",
            "/owner/accounts/1/remove",
            "/owner/accounts/1/connection",
        ):
            reader.open(path)
        reader.open(f"/{codes[0]}+")
        reader.open("/owner/segments")
        page.get_by_label("Ready-made").select_option("looks empty")
        reader.press("Add segment")
        reader.open(f"/hello/{page.locator('code#hello').inner_text().partition('/hello/')[2]}")
        reader.press("Count me in as one of looks empty")
        reader.press("Stop counting me")
        invite_a_viewer(chromium, reader)
        context.close()


def invite_a_viewer(chromium: Browser, reader: Reader) -> None:
    """Who is invited signs in, looks around, and is out as soon as they are removed."""
    reader.open("/owner/team")
    reader.page.get_by_label("Name", exact=True).fill("Vera")
    reader.press("Invite")
    link = reader.page.locator("#sign-in-link").inner_text()
    context = chromium.new_context(viewport=SIZES["phone"], reduced_motion="reduce")
    viewer = Reader(context, reader.server, everywhere=True)
    viewer.open("/owner/profile")
    viewer.open(link.removeprefix(reader.server.base_url))
    viewer.press("Sign in on this browser")
    assert viewer.page.url.endswith("/owner/profile")
    for path in ("", "team", "accounts", "accounts/1", "accounts/1/settings", "posts", "links"):
        viewer.open(f"/owner/{path}")
    assert viewer.page.get_by_role("link", name="New post").count() == 0
    viewer.open("/owner/profile")
    viewer.page.get_by_label("New password").fill("seven quiet herons")
    viewer.page.get_by_label("Confirm password").fill("seven quiet herons")
    viewer.press("Set password")
    viewer.page.get_by_text("Remove your password").click()
    viewer.look()
    reader.open("/owner/team/2/remove")
    reader.press("Remove Vera")
    viewer.open("/owner/posts")
    assert "/owner/sign-in?next=/owner/posts" in viewer.page.url
    context.close()


def zoom_in(reader: Reader) -> None:
    """Drag across days of the overview: the page is about those days, and Back undoes it."""
    page = reader.page
    reader.open("/owner/?days=28")
    days = [
        time.get_attribute("datetime")
        for time in page.locator(".chart-time:not(.chart-people) tbody time").all()
    ]
    plot = page.locator(".chart-time:not(.chart-people) .plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 60, steps=4)
    with page.expect_navigation():
        page.mouse.up()
    first, last = (
        page.get_by_label("From", exact=True).input_value(),
        page.get_by_label("To", exact=True).input_value(),
    )
    assert days[0] < first < last < days[-1]  # type: ignore[operator]
    reader.look()
    page.go_back()
    assert page.get_by_label("From", exact=True).input_value() == days[0]


def ask_a_bar(page: Page) -> None:
    """A bar says its post and its numbers to the keyboard and the pointer, until Escape."""
    bar, tip = page.locator("#latest .point").first, page.locator("body > .tip")
    bar.focus()
    assert tip.inner_text().startswith("Worth reading\n")
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    bar.locator(".mark").hover()
    assert "still counting: day 1 of 7" in tip.inner_text()


def ask_for_keys(reader: Reader) -> None:
    """“?” says which keys there are; a letter leads to its page, unless keys are turned off."""
    page = reader.page
    page.keyboard.press("?")
    reader.look()
    page.get_by_label("Shortcuts work on this device").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("p")
    assert "/posts" not in page.url
    page.get_by_role("button", name="Keyboard shortcuts", exact=True).click()
    page.get_by_label("Shortcuts work on this device").check()
    page.keyboard.press("Escape")
    with page.expect_navigation():
        page.keyboard.press("p")
    assert page.url.endswith("/owner/posts?days=28")  # the days go along


def test_the_owners_whole_story(chromium: Browser, sqlite_databases: Maker, tmp_path: Path) -> None:
    """First run, account, text, clicks, filter, export, note, zoom, experiment, token, sign out."""
    environ = environment(tmp_path / "data", sqlite_databases())
    with serving(environ, tmp_path / "log") as server:
        context = chromium.new_context(viewport=SIZES["desk"], accept_downloads=True)
        reader = Reader(context, server)
        page = reader.page
        reader.open(server.sign_in_path())
        reader.press("Sign in on this browser")
        assert page.get_by_role("heading", name="Shorten your first link").count() == 1
        reader.open("/owner/accounts")
        page.get_by_label("Handle").fill("@JessesLinks")
        page.get_by_label("Role").select_option("you")
        page.get_by_label("Followers now").fill("1000")
        reader.press("Add account")
        reader.follow(page.locator(".top").get_by_role("link", name="New post"))
        page.get_by_label("Text", exact=True).fill("Worth reading: https://example.com/one")
        page.get_by_role("heading", name="Preview").wait_for()
        reader.press("I’m posting it now")
        reader.follow(page.get_by_role("link", name="Open the post"))
        post = page.url
        code = page.locator("table a[href*='/owner/links/']").first.inner_text()

        click_from_elsewhere(chromium, server, code, "https://t.co/abc")
        click_from_elsewhere(chromium, server, code, None)
        reader.wait_for(post, "1 per 500 followers")

        reader.open("/owner/?days=28")
        ask_a_bar(page)
        with page.expect_navigation():  # what is chosen takes effect at once
            page.get_by_label("Compare with").select_option("before")
        assert "compare=before" in page.url
        reader.open("/owner/?days=28")
        reader.follow(page.get_by_role("link", name=re.compile("^X")).first)
        assert "source=X" in page.url
        assert page.get_by_role("navigation", name="Filters").inner_text().startswith("From: X")
        reader.follow(page.get_by_role("link", name="All sources"))
        reader.follow(page.get_by_role("link", name=re.compile("^From: X")))
        assert "source=" not in page.url
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").first.click()
        saved = download.value.path().read_text()
        assert saved.startswith("source,medium,host,segment,clicks,unique_clicks")
        assert saved.count("\n") == 3

        reader.open("/owner/notes")
        page.get_by_label("Note", exact=True).fill("The first day")
        reader.press("Add note")
        reader.open("/owner/?days=28")
        assert page.locator(".marks").inner_text().endswith("The first day")
        zoom_in(reader)
        reader.open("/owner/experiments")
        page.get_by_label("Name").fill("Pictures")
        reader.press("Start")
        reader.open("/owner/tokens")
        page.get_by_label("Name").fill("phone")
        reader.press("Create token")
        assert page.locator("#secret").inner_text().startswith("lt_")
        reader.press("Sign out")
        reader.open("/owner/")
        assert page.url.endswith("/owner/sign-in")
        context.close()


def click_from_elsewhere(
    chromium: Browser, server: Server, code: str, referrer: str | None
) -> None:
    """Another person opens the short link in a browser of their own, and is led on."""
    headers = {"Accept-Language": f"en, x-{referrer is None}"}
    other = chromium.new_context(extra_http_headers=headers, user_agent=FIREFOX)
    page = other.new_page()
    led: list[tuple[int, str | None]] = []
    page.on("response", lambda found: led.append((found.status, found.headers.get("location"))))
    with suppress(Error):  # the destination is not of this machine
        page.goto(f"{server.base_url}/{code}", referer=referrer)
    assert led[:1] == [(302, "https://example.com/one")]
    other.close()

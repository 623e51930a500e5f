"""The first hour in a real browser: from signing in to a copied link, and to its first click."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from clicking import FIREFOX
from databases import Maker
from playwright.sync_api import Browser, BrowserContext, Page, expect
from servers import Server, environment, serving

pytestmark = pytest.mark.slow

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
ANOTHER = {"User_Agent": IPHONE, "Accept_Language": "en"}
CLIPBOARD = ["clipboard-read", "clipboard-write"]


@pytest.fixture(name="server")
def a_server(sqlite_databases: Maker, tmp_path: Path) -> Iterator[Server]:
    """A new installation, served."""
    with serving(environment(tmp_path / "data", sqlite_databases()), tmp_path / "log") as server:
        yield server


class Hand:
    """A person at a browser; `clicks` and `fields` are what it took so far."""

    def __init__(self, context: BrowserContext, server: Server) -> None:
        self.page: Page = context.new_page()
        self.server = server
        self.clicks = 0
        self.fields = 0

    def sign_in(self) -> None:
        """Open the link that the service printed, and press its button."""
        self.page.goto(self.server.base_url + self.server.sign_in_path())
        self.press("Sign in on this browser")
        self.page.wait_for_url("**/owner/")

    def press(self, name: str) -> None:
        """Press a button or follow a link of that name."""
        self.clicks += 1
        self.page.get_by_role("button", name=name, exact=True).or_(
            self.page.get_by_role("link", name=name, exact=True)
        ).first.click()

    def paste(self, text: str) -> None:
        """Type where the cursor stands, without looking for a field."""
        self.fields += 1
        expect(self.page.locator("textarea:focus")).to_be_visible()
        self.page.keyboard.insert_text(text)

    def clipboard(self) -> str:
        """Return what has been copied."""
        return str(self.page.evaluate("navigator.clipboard.readText()"))


def test_two_clicks_and_one_field_lead_to_the_first_copied_link(
    chromium: Browser, server: Server
) -> None:
    """Then who follows there is asked in place, and the first click shows by itself.

    A later link takes one click and one field on the page of new posts.
    """
    context = chromium.new_context(permissions=CLIPBOARD)
    hand = Hand(context, server)
    page = hand.page
    hand.sign_in()
    hand.paste("Worth reading: https://example.com/a/long/address")
    hand.press("Shorten and copy")
    page.wait_for_url("**/compose/made?post=1")
    assert (hand.clicks, hand.fields) == (2, 1)
    expect(page.get_by_role("button", name="Copy text of post 1")).to_have_text("Copied")
    first = hand.clipboard()
    assert first.startswith(f"Worth reading: {server.base_url}/")

    page.get_by_label("Your handle").fill("https://x.com/JessesLinks")
    page.get_by_label("Followers now").fill("23,000")
    page.get_by_label("Choose a password").fill("correct horse battery")
    hand.press("Save")
    expect(page.locator("#post-1 h2")).to_have_text("@JessesLinks X")
    expect(page.locator("#who")).to_have_count(0)
    expect(page.locator(".whole-text")).to_have_text(first)

    code = first.rpartition("/")[2]
    waits = page.locator("#first-click")
    expect(waits).to_contain_text("Waiting for the first click")
    assert page.request.get(f"{server.base_url}/{code}", max_redirects=0).status == 302
    expect(waits).to_contain_text("Your own click isn’t counted")
    assert server.request(f"/{code}", User_Agent="Twitterbot/1.0")[0] == 302
    expect(waits).to_contain_text("Not counted either: 1 preview")
    assert server.request(f"/{code}", **ANOTHER)[0] == 302
    expect(waits).to_contain_text("First click,")
    expect(waits).to_contain_text("Safari on iPhone")

    page.get_by_role("button", name="I posted it").click()
    expect(page.locator("#post-1")).to_contain_text("Posted")
    page.goto(f"{server.base_url}/owner/posts/1")
    expect(page.locator("main")).to_contain_text("1 per 23,000 followers")

    page.goto(f"{server.base_url}/owner/compose")
    hand.clicks = hand.fields = 0
    hand.paste("https://example.org/next")
    hand.press("Shorten and copy")
    page.wait_for_url("**/compose/made?post=2")
    assert (hand.clicks, hand.fields) == (1, 1)
    expect(page.get_by_role("button", name="Copy text of post 2")).to_have_text("Copied")
    assert hand.clipboard() == page.locator(".whole-text").inner_text()
    assert hand.clipboard() != first
    context.close()


def test_the_browsers_time_zone_is_filled_in(chromium: Browser, server: Server) -> None:
    """It is stored with the account's name, and pages follow it at once."""
    context = chromium.new_context(permissions=CLIPBOARD, timezone_id="Europe/Berlin")
    hand = Hand(context, server)
    page = hand.page
    hand.sign_in()
    hand.paste("https://example.com/one")
    hand.press("Shorten and copy")
    page.wait_for_url("**/compose/made?post=1")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    page.get_by_label("Your handle").fill("@JessesLinks")
    hand.press("Save")
    expect(page.locator(".page-foot")).to_contain_text("Times are in Europe/Berlin")
    context.close()


def test_the_same_without_scripts(chromium: Browser, server: Server) -> None:
    """Nothing is copied then; one press selects the whole text."""
    context = chromium.new_context(java_script_enabled=False)
    hand = Hand(context, server)
    page = hand.page
    hand.sign_in()
    page.get_by_label("Paste a post or a link").fill("https://example.com/one")
    hand.press("Shorten and copy")
    assert hand.clicks == 2
    assert page.url.endswith("/compose/made?post=1")
    assert page.locator(".whole-text").inner_text().startswith(server.base_url)
    assert page.get_by_role("button", name="Copy text").count() == 0
    page.get_by_label("Your handle").fill("Weekly letter")
    hand.press("Save")
    assert page.locator("#post-1 h2").inner_text() == "Weekly letter"
    page.get_by_role("button", name="I posted it").click()
    assert "Posted" in page.locator("#post-1").inner_text()
    context.close()


def test_the_same_by_keyboard_alone_and_without_a_clipboard(
    chromium: Browser, server: Server
) -> None:
    """Ctrl+Enter shortens; where nothing may be copied, the text is selected beside a button."""
    context = chromium.new_context()
    context.add_init_script(
        """
        const refuse = () => Promise.reject(new DOMException("no", "NotAllowedError"));
        Object.defineProperty(navigator, "clipboard", {value: {write: refuse, writeText: refuse}});
        """
    )
    hand = Hand(context, server)
    page = hand.page
    page.goto(server.base_url + server.sign_in_path())
    expect(page.locator("button:focus")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/owner/")
    hand.paste("https://example.com/one")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/compose/made?post=1")
    button = page.get_by_role("button", name="Copy text of post 1")
    expect(button).to_have_text("Press Ctrl+C")
    expect(button).to_be_focused()
    assert page.evaluate("String(getSelection())") == page.locator(".whole-text").inner_text()
    context.close()


def test_a_mistake_is_said_in_the_form_and_nothing_is_lost(
    chromium: Browser, server: Server
) -> None:
    """A text without a link stays as it was typed."""
    context = chromium.new_context(permissions=CLIPBOARD)
    hand = Hand(context, server)
    page = hand.page
    hand.sign_in()
    hand.paste("No link here")
    hand.press("Shorten and copy")
    expect(page.get_by_role("alert")).to_contain_text("There is no link in this text")
    expect(page.get_by_label("Text", exact=True)).to_have_value("No link here")
    context.close()


def test_one_text_for_three_accounts_takes_two_taps_each(chromium: Browser, server: Server) -> None:
    """Copying and marking are on one page, and each account has links of its own."""
    context = chromium.new_context(permissions=CLIPBOARD)
    hand = Hand(context, server)
    page = hand.page
    hand.sign_in()
    for handle, network in (("@jo", "x"), ("@jo.example", "bluesky"), ("News", "other")):
        page.goto(f"{server.base_url}/owner/accounts")
        page.get_by_label("Handle").fill(handle)
        page.get_by_label("Network").select_option(network)
        page.get_by_role("button", name="Add account").click()
        page.wait_for_url("**/owner/accounts/*")
    page.goto(f"{server.base_url}/owner/compose")
    hand.paste("Read https://example.com/one")
    for box in page.locator("input[name=account]").all():
        box.check()
    page.get_by_text("Different text for @jo.example").click()
    page.get_by_label("Text for @jo.example").fill("Other words https://example.com/one")
    expect(page.get_by_role("heading", name="Preview for @jo.example")).to_be_visible()
    hand.press("Shorten and copy")
    page.wait_for_url("**/compose/made?*")
    expect(page.locator(".whole-text")).to_have_count(3)
    copied = set()
    for number in (1, 2, 3):
        page.locator(f"#post-{number}").get_by_role("button", name="Copy text").click()
        page.wait_for_function(
            "number => navigator.clipboard.readText()"
            ".then(text => text === document.getElementById(`text-${number}`).textContent)",
            arg=number,
        )
        copied.add(hand.clipboard())
        page.locator(f"#post-{number}").get_by_role("button", name="I posted it").click()
        expect(page.locator(f"#post-{number} .posted")).to_be_visible()
    assert len(copied) == 3
    assert sum(text.startswith("Other words") for text in copied) == 1
    assert server.request(f"/{copied.pop().rpartition('/')[2]}", User_Agent=FIREFOX)[0] == 302
    context.close()

"""On a phone, without scripts: somebody asks to join, and the owner reads it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from communing import opened
from databases import Maker
from mailboxes import Mailbox
from mailboxes import served as mail_served
from mastodonplace import MastodonPlace, connect_to, served
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ViewportSize
from servers import environment, serving
from waiting import wait_until
from world import World

from linktrack.db import now
from linktrack.owners.access import create_owner, make_sign_in_link

PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
HELLO = (
    "I paint birds, mostly the small ones.\nI'd like to talk about how you choose what to share."
)


@pytest.fixture(scope="module")
def place() -> Iterator[MastodonPlace]:
    with served(MastodonPlace()) as running:
        yield running


@pytest.mark.slow
def test_on_a_phone_somebody_asks_to_join_and_the_owner_reads_it(
    chromium: Chromium, sqlite_databases: Maker, tmp_path: Path, place: MastodonPlace
) -> None:
    """They sign in on their own server, and confirm their address by the link in a mail.

    Nothing is wider than the phone, and whatever is pressed is large enough for a thumb.
    """
    place.who = "ann"
    database, data, box = sqlite_databases(), tmp_path / "data", Mailbox()
    with World.at(data, database) as world:
        connect_to(world, opened(world, "@me@square.test"), place)
        owner = create_owner(world.session, "Jesse", now())
        secret = make_sign_in_link(world.session, owner, now())
        world.session.commit()
    with mail_served(box) as where:
        environ = environment(data, database) | {
            "LINKTRACK_SMTP_URL": f"smtp://{where}",
            "LINKTRACK_MAIL_TO": "owner@example.org",
        }
        with (
            serving(environ, tmp_path / "log") as server,
            chromium.new_context(java_script_enabled=False, viewport=PHONE) as context,
        ):
            page = context.new_page()
            page.goto(f"{server.base_url}/")
            page.get_by_role("link", name="Ask to join @me@square.test").click()
            small = page.locator("main :is(button, .check)").evaluate_all(
                "all => all.map(one => one.getBoundingClientRect().height).filter(h => h < 44)"
            )
            assert small == []
            assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
            page.get_by_role("textbox", name="Introduce yourself").fill(HELLO)
            page.get_by_role("textbox", name="Your handle on Mastodon").fill("@ann@square.test")
            page.get_by_role("textbox", name="Your email address").fill("ann@example.org")
            page.get_by_label("Personal links").check()
            page.get_by_label("Mail: @me@square.test may email you").check()
            page.get_by_role("button", name="Ask to join").click()
            page.get_by_role("button", name="Authorize").click()
            page.wait_for_url("**/done/waiting")
            assert page.get_by_role("heading", name="Thank you").count() == 1
            assert context.cookies() == []
            wait_until(lambda: len(box.envelopes) == 1, 30, why="the email was sent")
            link = re.search(r"http\S+/mail/\S+", box.mail().get_content())
            assert link is not None
            page.goto(f"{server.base_url}/join/{link[0].partition('/join/')[2]}")
            page.get_by_role("button", name="Yes, that’s me").click()
            page.wait_for_url("**/done/address")
            with chromium.new_context(java_script_enabled=False, viewport=PHONE) as other:
                read = other.new_page()
                read.goto(f"{server.base_url}/owner/sign-in/{secret}")
                read.locator("main form button").first.click()
                read.goto(f"{server.base_url}/owner/community/requests")
                read.get_by_role("link", name="@ann@square.test").click()
                assert read.get_by_text("I paint birds").inner_text() == HELLO
                assert read.get_by_text("signed in with Mastodon").count() == 1
                assert read.get_by_text("personal links and email").count() == 1
                assert read.get_by_text("ann@example.org").count() == 1
                assert read.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
            assert server.stop() == 0
    assert "birds" not in (tmp_path / "log").read_text()
    assert "ann@" not in (tmp_path / "log").read_text()

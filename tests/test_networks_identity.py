"""Signing in on Bluesky's own servers, in a browser, to show who one is."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pytest
from atnetwork import FOLDER, Network, Person, join
from databases import Maker
from nodepackages import installed
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, ViewportSize
from servers import Server, environment, serving
from world import World

from linktrack.audience.forgetting import Forgotten
from linktrack.audience.rosters import take_roster
from linktrack.audience.segments import add_segment
from linktrack.audience.sorting import sort_followers
from linktrack.db import now
from linktrack.networks.bluesky.client import document, refuses
from linktrack.networks.records import FollowerRecord

pytestmark = [pytest.mark.network, pytest.mark.slow]

PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
PASSWORD: Final = "a password"  # noqa: S105 - made up


@dataclass(frozen=True)
class Setting:
    """A running service with an account that ann follows; eve follows nobody."""

    server: Server
    ann: Person
    eve: Person

    @property
    def page(self) -> str:
        return f"{self.server.base_url}/hello/@hello.test"


@pytest.fixture(scope="module")
def setting(
    atmosphere: Network, sqlite_databases: Maker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Setting]:
    folder, database, at = tmp_path_factory.mktemp("identity"), sqlite_databases(), now()
    ann, eve = join(atmosphere, "hello-ann.test"), join(atmosphere, "hello-eve.test")
    atmosphere.settle()
    with World.at(folder / "data", database) as world:
        account = world.account("@hello.test", "bluesky")
        add_segment(world.session, account, "quiet people", None, at, rules=["posts < 3"])
        take_roster(
            world.session, account, [FollowerRecord(ann.did, f"@{ann.handle}", posts=1)],
            at - timedelta(hours=1), "test",
            forgotten=Forgotten("bluesky", b"k", frozenset()), confirmed=True, now=at,
        )  # fmt: skip
        sort_followers(world.session, account, at, roster_came=True)
        world.session.commit()
    environ = environment(
        folder / "data", database, LINKTRACK_BLUESKY=atmosphere.bsky, LINKTRACK_PLC=atmosphere.plc
    )
    with serving(environ, folder / "log") as server:
        yield Setting(server, ann, eve)


def sign_in(page: Page, setting: Setting, who: Person) -> None:
    """Write a handle on the hello page, and sign in on the pages of the server; consent is next."""
    page.goto(setting.page)
    page.get_by_label("Your handle on Bluesky").fill(f"@{who.handle}")
    page.get_by_role("button", name="Sign in with Bluesky").click()
    page.wait_for_url("**/oauth/authorize?**")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Authorize").wait_for()


def test_who_consents_on_the_server_s_page_is_counted_in_their_segment(
    setting: Setting, chromium: Chromium
) -> None:
    """No more is asked for, and the address with which they came back is good once."""
    with chromium.new_context(viewport=PHONE, locale="en-US") as context:
        page = context.new_page()
        came: list[str] = []
        page.on("request", lambda one: came.append(one.url) if "/oauth/back" in one.url else None)
        sign_in(page, setting, setting.ann)
        assert page.get_by_text("wants to uniquely identify you").count() == 1
        page.get_by_role("button", name="Authorize").click()
        page.wait_for_url(setting.page)
        assert page.get_by_text("You are counted as one of quiet people").count() == 1
        ours = [one for one in context.cookies() if one["domain"] == "127.0.0.1"]
        assert [one["name"].partition("-")[0] for one in ours] == ["hello"]
        [back] = came
        page.goto(back)
        assert page.get_by_text("was used already").count() == 1


def test_who_follows_nobody_or_denies_is_not_counted(setting: Setting, chromium: Chromium) -> None:
    """Each comes back to the page, and reads why."""
    with chromium.new_context(viewport=PHONE, locale="en-US") as context:
        page = context.new_page()
        sign_in(page, setting, setting.eve)
        page.get_by_role("button", name="Authorize").click()
        page.get_by_text("isn’t on the follower list").wait_for()
    with chromium.new_context(viewport=PHONE, locale="en-US") as context:
        page = context.new_page()
        sign_in(page, setting, setting.ann)
        page.get_by_role("button", name="Deny").click()
        page.get_by_text("You cancelled at").wait_for()
        assert [one for one in context.cookies() if one["name"].startswith("hello")] == []


READS: Final = """
import { readFileSync } from 'node:fs'
import { isOAuthClientIdDiscoverable, oauthClientMetadataSchema } from '@atproto/oauth-types'
const said = JSON.parse(readFileSync(0))
if (!isOAuthClientIdDiscoverable(said.client_id)) throw new Error('no address of a client')
console.log(JSON.stringify(oauthClientMetadataSchema.parse(said)))
"""


def test_our_document_is_one_that_bluesky_s_own_code_reads() -> None:
    """Where a name on loopback doesn't say it all, servers read what we are."""
    said = dict(document("https://go.jessestay.com"))
    done = subprocess.run(
        ["node", "--input-type=module", "-e", READS],
        cwd=installed(FOLDER, "network.mjs"), input=json.dumps(said), text=True,
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert {name: read[name] for name in said} == said
    assert refuses("https://go.jessestay.com") is None

"""Hello with the network: who follows is counted in their segment, and nothing of them is kept."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from browser import Browser, read
from databases import Maker
from mastodonplace import MastodonPlace, connect_to, reset, served
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ViewportSize
from servers import answer as command_answer
from servers import command, environment, serving
from services import BROWSER, loaded
from sqlalchemy import select
from werkzeug.test import TestResponse
from world import NOON, World

from linktrack.audience.forgetting import Forgotten
from linktrack.audience.hello import Hellos, hellos
from linktrack.audience.models import Account, Segment
from linktrack.audience.rosters import take_roster
from linktrack.audience.segments import add_segment, remove_segment
from linktrack.audience.sorting import sort_followers
from linktrack.db import Base, now
from linktrack.keys import load_keys, said_hello
from linktrack.networks.records import FollowerRecord

PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
OURS = "https://go.jessestay.com"
PAGE = "/hello/@me@square.test"


@pytest.fixture(scope="module")
def running() -> Iterator[MastodonPlace]:
    with served(MastodonPlace()) as place:
        yield place


@pytest.fixture
def place(running: MastodonPlace) -> MastodonPlace:
    return reset(running)


def followed(world: World, place: MastodonPlace) -> Account:
    """An account that ann (quiet), bob (of no group) and a handle follow, and cleo has left."""
    account = world.account("@me@square.test", "mastodon")
    connect_to(world, account, place)
    at = now()
    add_segment(world.session, account, "quiet people", None, at, rules=["posts < 3"])
    for days, names in ((3, ("ann", "bob", "cleo")), (1, ("ann", "bob"))):
        people = [
            FollowerRecord(place.url(name), f"@{name}@square.test", posts=len(name[3:]) or 9)
            for name in names
        ]
        people[0] = FollowerRecord(place.url("ann"), "@ann@square.test", posts=1)
        listed = [*people, FollowerRecord(None, "@Dora@square.test", posts=2)]
        take_roster(
            world.session, account, listed, at - timedelta(days=days), "test",
            forgotten=Forgotten("mastodon", b"k", frozenset()), confirmed=True, now=at,
        )  # fmt: skip
        sort_followers(world.session, account, at, roster_came=True)
    world.session.commit()
    return account


def segment_named(world: World, name: str) -> Segment:
    world.session.rollback()
    found = world.session.scalar(select(Segment).where(Segment.name == name))
    assert found is not None
    world.session.rollback()
    return found


def came_back(browser: Browser, place: MastodonPlace, who: str) -> TestResponse:
    """Sign in as somebody from the page, and come back."""
    place.who = who
    answer = browser.client.post(f"{PAGE}/sign-in", data={"typed": f"@{who}@square.test"})
    assert answer.status_code == 200, read(answer)
    address = answer.headers["Refresh"].partition("; url=")[2]
    return browser.get(place.consented(address).removeprefix(OURS))


def cookie_of(browser: Browser, account: Account) -> str:
    """Return what the browser keeps of the hello, as it sends it."""
    [cookie] = (browser.client._cookies or {}).values()
    assert cookie.key == f"hello-{account.id}"
    return f"{cookie.key}={cookie.value}"


def counted(world: World, account: Account, name: str) -> Hellos:
    segment = segment_named(world, name)
    found = hellos(world.session, account).get(segment.id, Hellos())
    world.session.rollback()
    return found


def test_a_follower_is_counted_in_the_segment_their_rule_says(
    world: World, place: MastodonPlace
) -> None:
    """The cookie has the segment, the day and that the network said so, and nothing of who it is.

    What is counted is how many came so.
    """
    account = followed(world, place)
    browser = Browser.on(world)
    assert "Sign in with Mastodon" in read(browser.get(PAGE))
    answer = came_back(browser, place, "ann")
    assert (answer.status_code, answer.location) == (303, PAGE)
    cookie = cookie_of(browser, account)
    kept = said_hello(load_keys(world.settings.data).markers(), account.id, cookie)
    assert kept is not None
    quiet = segment_named(world, "quiet people")
    assert (kept.segment_id, kept.way, kept.day) == (quiet.id, "network", now().date())
    assert "ann" not in cookie
    shown = read(browser.get(PAGE))
    assert "You are counted as one of quiet people" in shown
    assert "The follower list put you in that group on" in shown
    assert counted(world, account, "quiet people") == Hellos(said=1, by_network=1)

    browser.client.post(f"{PAGE}/forget")
    assert "Do you follow" in read(browser.get(PAGE))
    both = Hellos(said=1, taken_back=1, by_network=1, network_back=1)
    assert counted(world, account, "quiet people") == both


def test_whoever_is_in_no_group_is_everyone_else_and_a_listed_handle_is_known(
    world: World, place: MastodonPlace
) -> None:
    """A list may give handles alone: then the handle that signs in is looked for."""
    account = followed(world, place)
    assert came_back(Browser.on(world), place, "bob").status_code == 303
    assert counted(world, account, "everyone else") == Hellos(said=1, by_network=1)
    assert came_back(Browser.on(world), place, "dora").status_code == 303
    assert counted(world, account, "quiet people") == Hellos(said=1, by_network=1)
    remove_segment(world.session, segment_named(world, "quiet people"), now())
    world.session.commit()
    assert came_back(Browser.on(world), place, "ann").status_code == 303
    assert counted(world, account, "everyone else") == Hellos(said=2, by_network=2)


@pytest.mark.parametrize("who", ["cleo", "eve"])
def test_who_does_not_follow_is_told_so_and_offered_the_button(
    world: World, place: MastodonPlace, who: str
) -> None:
    """Whoever has left by the newest list doesn't follow, either; nothing is kept or counted."""
    account = followed(world, place)
    browser = Browser.on(world)
    answer = came_back(browser, place, who)
    shown = read(answer)
    assert f"@{who}@square.test isn’t on the follower list of @me@square.test" in shown
    assert "Count me in as one of the readers of @me@square.test" in shown
    assert "Sign in with Mastodon" in shown
    assert browser.client._cookies == {}
    world.session.rollback()
    assert hellos(world.session, account) == {}
    button = re.search(r'action="([^"]+)">\s*<button class="long"', answer.text)
    assert button is not None
    assert browser.client.post(button[1]).status_code == 303
    assert counted(world, account, "everyone else") == Hellos(said=1)


def test_the_button_does_not_make_the_network_s_word_newer(
    sqlite_world: World, place: MastodonPlace
) -> None:
    """“Keep counting me” keeps the day on which the list was looked at."""
    account = followed(sqlite_world, place)
    browser = Browser.on(sqlite_world)
    came_back(browser, place, "ann")
    markers = load_keys(sqlite_world.settings.data).markers()
    name = f"hello-{account.id}"
    quiet = segment_named(sqlite_world, "quiet people")
    browser.client.set_cookie(name, markers.sign(name, f"{quiet.id}-20260401-network"))
    browser.client.post(PAGE)
    kept = said_hello(markers, account.id, cookie_of(browser, account))
    assert kept is not None
    assert f"{kept.day}" == "2026-04-01"
    came_back(browser, place, "ann")
    kept = said_hello(markers, account.id, cookie_of(browser, account))
    assert kept is not None
    assert kept.day == now().date()
    assert counted(sqlite_world, account, "quiet people") == Hellos(said=1, by_network=1)


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_who_asks_not_to_be_tracked_signs_in_nowhere(
    sqlite_world: World, place: MastodonPlace, header: str
) -> None:
    """No form is shown; sent all the same, it leads back, as a sign-in begun before does."""
    followed(sqlite_world, place)
    browser = Browser.on(sqlite_world)
    asks = {header: "1"}
    assert "Sign in with" not in read(browser.client.get(PAGE, headers=asks))
    form = {"typed": "@ann@square.test"}
    answer = browser.client.post(f"{PAGE}/sign-in", data=form, headers=asks)
    assert (answer.status_code, place.asked) == (303, [])
    begun = browser.client.post(f"{PAGE}/sign-in", data=form)
    address = begun.headers["Refresh"].partition("; url=")[2]
    answer = browser.client.get(place.consented(address).removeprefix(OURS), headers=asks)
    assert answer.location == PAGE
    assert browser.client._cookies == {}


def test_another_site_cannot_begin_a_sign_in(sqlite_world: World, place: MastodonPlace) -> None:
    """Pressing the button is a consent, as it is for the other button."""
    followed(sqlite_world, place)
    browser = Browser.on(sqlite_world)
    form = {"typed": "@ann@square.test"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}):
        answer = browser.client.post(f"{PAGE}/sign-in", data=form, headers=headers)
        assert answer.status_code == 403
    assert place.asked == []


def test_a_mistyped_handle_is_shown_again_with_why(
    sqlite_world: World, place: MastodonPlace
) -> None:
    """And whoever cancels comes back to the page, with a sentence."""
    followed(sqlite_world, place)
    browser = Browser.on(sqlite_world)
    answer = browser.client.post(f"{PAGE}/sign-in", data={"typed": '"><b>ann'})
    assert answer.status_code == 422
    assert "Write your handle with its server" in read(answer)
    assert "&#34;&gt;&lt;b&gt;ann" in answer.text
    begun = browser.client.post(f"{PAGE}/sign-in", data={"typed": "@ann@square.test"})
    address = begun.headers["Refresh"].partition("; url=")[2]
    answer = browser.get(place.cancelled(address).removeprefix(OURS))
    assert answer.status_code == 403
    assert "You cancelled at 127.0.0.1" in read(answer)
    assert "Count me in as one of" in read(answer)


def test_a_page_offers_sign_in_where_there_is_a_list_and_a_network_for_it(
    sqlite_world: World, place: MastodonPlace
) -> None:
    """Elsewhere it says why not, or nothing."""
    bare = sqlite_world.account("@bare@square.test", "mastodon")
    unlisted = read(Browser.on(sqlite_world).get(f"/hello/{bare.handle}"))
    assert "Sign in" not in unlisted
    account = sqlite_world.account("@JessesLinks", "x")
    take_roster(
        sqlite_world.session, account, [FollowerRecord("1", "@ann")], NOON, "test",
        forgotten=Forgotten("x", b"k", frozenset()), confirmed=True, now=NOON,
    )  # fmt: skip
    sqlite_world.session.commit()
    shown = read(Browser.on(sqlite_world).get("/hello/@JessesLinks"))
    assert "Sign in with" not in shown
    assert "You can't sign in with X here" in shown


@pytest.mark.slow
def test_on_a_phone_somebody_signs_in_and_is_nowhere_on_disk(
    chromium: Chromium, sqlite_databases: Maker, tmp_path: Path, place: MastodonPlace
) -> None:
    """In Chromium without scripts: the form, the server's page of consent, back, and a click.

    Neither who signed in, nor a code, nor a token is in the data folder or in the log after that.
    """
    place.who = "eve"
    database, data, log = sqlite_databases(), tmp_path / "data", tmp_path / "log"
    with World.at(data, database) as world:
        account = followed(world, place)
        world.session.rollback()
        eve = FollowerRecord(place.url("eve"), "@eve@square.test", posts=1)
        take_roster(
            world.session, account, [eve], now(), "test",
            forgotten=Forgotten("mastodon", b"k", frozenset()), confirmed=True, now=now(),
        )  # fmt: skip
        sort_followers(world.session, account, now(), roster_came=True)
        world.session.commit()
    environ = environment(data, database)
    with serving(environ, log) as server:
        post = command_answer(environ, "wrap", "@me@square.test", "Read http://example.com/one now")
        with chromium.new_context(
            java_script_enabled=False, viewport=PHONE, user_agent=BROWSER["User_Agent"]
        ) as context:
            page = context.new_page()
            page.goto(f"{server.base_url}{PAGE}")
            page.get_by_label("Your handle on Mastodon").fill("@eve@square.test")
            page.get_by_role("button", name="Sign in with Mastodon").click()
            page.get_by_role("button", name="Authorize").click()
            page.wait_for_url(f"{server.base_url}{PAGE}")
            assert page.get_by_text("You are counted as one of quiet people").count() == 1
            [cookie] = context.cookies()
            assert cookie["name"].startswith("hello-")
            short = f"{server.base_url}/{post['links'][0]['code']}"
            assert context.request.get(short, max_redirects=0).status == 302
        assert loaded(environ) == 1
        [click] = map(json.loads, command(environ, "export", "clicks").stdout.splitlines())
        assert (click["segment"], click["recognised_by"]) == ("quiet people", "network")
        assert server.stop() == 0
    assert len(place.revoked) == 1
    secrets = [*place.revoked, *(app["client_secret"] for app in place.apps.values()), "code-"]
    written = log.read_bytes() + b"".join(
        path.read_bytes() for path in data.rglob("*") if path.is_file()
    )
    assert [secret for secret in secrets if secret.encode() in written] == []
    names = [line for line in log.read_text().splitlines() if "eve" in line]
    assert names == []
    with World.at(data, database) as world:  # only the list names them, as it did before
        tables = [
            table.name
            for table in Base.metadata.sorted_tables
            for row in world.session.execute(table.select())
            if "eve@square.test" in repr(row) or "/@eve" in repr(row)
        ]
    assert set(tables) <= {"followers"}

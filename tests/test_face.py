"""The domain's face: whose links these are, pages that help, and who may look behind them."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from browser import Browser, read
from databases import Maker
from world import NOON, World

from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.catalog import set_disabled
from linktrack.links.domains.faces import set_on_front_page
from linktrack.owners.tokens import create_token
from linktrack.settings import load_settings
from linktrack.web.public.watchers import may_see_details


@pytest.fixture
def faced(sqlite_databases: Maker, tmp_path: Path) -> World:
    """An installation whose owner can be reached."""
    with World.at(
        tmp_path / "data",
        sqlite_databases(),
        LINKTRACK_CONTACT="me@jessestay.com",
        LINKTRACK_ABUSE_CONTACT="https://jessestay.com/abuse",
    ) as world:
        return world


def test_the_home_page_says_whose_links_these_are_and_how_to_reach_them(faced: World) -> None:
    """Links to a person and to where harm is reported."""
    set_on_front_page(faced.session, faced.account(), True, NOON)
    secret = faced.account("@secret")
    faced.session.commit()
    answer = Browser.on(faced).get("/")
    assert secret.handle not in answer.text
    assert "Short links by @JessesLinks on X." in read(answer)
    assert 'href="mailto:me@jessestay.com"' in answer.text
    assert 'href="https://jessestay.com/abuse"' in answer.text
    assert answer.headers["X-Robots-Tag"] == "noindex"


def test_pages_of_links_that_are_not_there_help(faced: World) -> None:
    """404 says what may have happened, 410 where it led; both name a person."""
    link = faced.post(faced.account(), "Read https://example.com/one").links[0]
    set_disabled(faced.session, link, True, NOON)
    faced.session.commit()
    browser = Browser.on(faced)
    unknown = browser.get("/nothere")
    assert unknown.status_code == 404
    assert "short links are case-sensitive" in read(unknown)
    gone = browser.get(f"/{link.code}")
    assert gone.status_code == 410
    assert "disabled it on 4 May 2026" in read(gone)
    assert f'href="/{link.code}+"' in gone.text
    for answer in (unknown, gone):
        assert "Report a link that does harm" in read(answer)
        assert answer.headers["X-Robots-Tag"] == "noindex"


def test_previews_are_let_in_and_crawlers_are_not(faced: World) -> None:
    """Cards are fetched by programs that obey robots.txt."""
    from urllib.robotparser import RobotFileParser

    browser = Browser.on(faced)
    robots = RobotFileParser()
    robots.parse(browser.get("/robots.txt").text.splitlines())
    assert robots.can_fetch("Twitterbot/1.0", "https://go.jessestay.com/abcde")
    assert not robots.can_fetch("Googlebot/2.1", "https://go.jessestay.com/abcde")
    assert browser.get("/favicon.ico").headers["Location"] == "/static/favicon.svg"


def test_where_to_report_security_problems_is_said_where_programs_look(
    faced: World, sqlite_world: World
) -> None:
    """RFC 9116; with nobody to report to, there is nothing."""
    answer = Browser.on(faced).get("/.well-known/security.txt")
    assert answer.mimetype == "text/plain"
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"] == "https://jessestay.com/abuse"
    assert now() < datetime.fromisoformat(fields["Expires"]) < now() + timedelta(days=365)
    assert Browser.on(sqlite_world).get("/.well-known/security.txt").status_code == 404


def test_browsers_keep_to_https_where_the_base_address_has_it(
    faced: World, sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Not where it has not: the page would be lost to them for a year."""
    answer = Browser.on(faced).get("/")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    plain = {"LINKTRACK_BASE_URL": "http://go.test:8000"}
    with World.at(tmp_path / "plain", sqlite_databases(), **plain) as world:
        assert "Strict-Transport-Security" not in Browser.on(world).get("/").headers


@pytest.mark.parametrize("value", ["me", "javascript:alert(1)", "a b@example.org", "me@x", '"@a.b'])
def test_a_contact_is_an_address(value: str) -> None:
    """An e-mail address or a web address; the abuse contact is the contact by default."""
    with pytest.raises(Invalid, match="LINKTRACK_CONTACT"):
        load_settings({"LINKTRACK_CONTACT": value})
    assert load_settings({"LINKTRACK_CONTACT": "a@b.cd"}).abuse_contact == "mailto:a@b.cd"


def test_details_are_for_this_machine_and_for_reading_tokens(sqlite_world: World) -> None:
    """A proxy on this machine is no reader on this machine."""
    reading = create_token(sqlite_world.session, "watch", "read", None, NOON)
    wrapping = create_token(sqlite_world.session, "editor", "wrap", None, NOON)
    sqlite_world.session.commit()
    app = Browser.on(sqlite_world).client.application

    def asks(peer: str, **headers: str) -> bool:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with app.test_request_context(environ_base={"REMOTE_ADDR": peer}, headers=named):
            return may_see_details()

    assert asks("127.0.0.1")
    assert asks("::1")
    assert not asks("203.0.113.9")
    assert not asks("127.0.0.1", X_Forwarded_For="203.0.113.9")
    assert not asks("127.0.0.1", X_Real_IP="203.0.113.9")
    assert asks("203.0.113.9", Authorization=f"Bearer {reading}")
    assert not asks("203.0.113.9", Authorization=f"Bearer {wrapping}")
    assert not asks("127.0.0.1", Authorization="Bearer lt_made_up")


def test_notices_say_what_waits_and_error_pages_ask_nothing(sqlite_world: World) -> None:
    """A count of 91 days ago is said on every page, with where to mend it."""
    from datetime import timedelta

    from linktrack.audience.counts import record_count
    from linktrack.db import now

    account = sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    old = "The follower count of @JessesLinks is from"
    assert old not in read(browser.get("/owner/links"))
    record_count(sqlite_world.session, account, 5, now() - timedelta(days=91), "entered", now=now())
    sqlite_world.session.commit()
    answer = browser.get("/owner/links")
    assert old in read(answer)
    assert "older than 90 days." in read(answer)
    assert f'href="/owner/accounts/{account.id}/settings/followers"' in answer.text
    assert old not in read(browser.get("/owner/nothing"))

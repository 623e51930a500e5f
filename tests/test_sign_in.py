"""Signing in: one-time links that previews cannot spend, and sessions that end."""

from datetime import timedelta

import pytest
from browser import Browser, read
from world import World

from linktrack.db import now
from linktrack.owners.access import create_owner, make_sign_in_link

OWNER_PAGES = (
    "/owner/",
    "/owner/posts",
    "/owner/posts/1",
    "/owner/links",
    "/owner/links/abc",
    "/owner/compose",
    "/owner/accounts",
    "/owner/accounts/1",
)


@pytest.mark.parametrize("address", OWNER_PAGES)
def test_strangers_are_sent_to_sign_in(sqlite_world: World, address: str) -> None:
    """No owner page says anything to a stranger, not even whether something exists."""
    answer = Browser.on(sqlite_world).get(address)
    assert (answer.status_code, answer.location) == (302, "/owner/sign-in")


def test_strangers_cannot_post(sqlite_world: World) -> None:
    """A stranger with a valid form token still changes nothing."""
    browser = Browser.on(sqlite_world)
    form = browser.sign_in_address(sqlite_world)
    answer = browser.send("/owner/accounts", {"handle": "@a", "network": "x"}, form=form)
    assert (answer.status_code, answer.location) == (302, "/owner/sign-in")


def test_opening_a_sign_in_link_does_not_spend_it(world: World) -> None:
    """Messengers fetch addresses for their previews; only the button signs in, and once."""
    browser = Browser.on(world)
    address = browser.sign_in_address(world)
    for _ in range(3):
        assert browser.get(address).status_code == 200
    answer = browser.send(address, {})
    assert (answer.status_code, answer.location) == (303, "/owner/")
    assert browser.get("/owner/").status_code == 200
    again = browser.get(address)
    assert again.status_code == 410
    assert "linktrack owner link" in read(again)


def test_a_link_that_was_spent_meanwhile_says_so(world: World) -> None:
    """Two open forms, one link: the second button gets a sentence and no session."""
    first, second = Browser.on(world), Browser.on(world)
    address = first.sign_in_address(world)
    form = second.get(address)
    assert first.send(address, {}).status_code == 303
    token = form.text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = second.client.post(address, data={"csrf_token": token})
    assert answer.status_code == 403
    assert "ask an owner for a new one, or run linktrack owner link" in read(answer)
    assert second.get("/owner/").status_code == 302


def test_a_sign_in_link_is_good_for_a_quarter_of_an_hour(sqlite_world: World) -> None:
    """Older links are spent."""
    session = sqlite_world.session
    made = now() - timedelta(minutes=16)
    secret = make_sign_in_link(session, create_owner(session, "Jesse", made), made)
    session.commit()
    assert Browser.on(sqlite_world).get(f"/owner/sign-in/{secret}").status_code == 410


def test_a_form_without_its_token_is_refused(sqlite_world: World) -> None:
    """Another site cannot send forms in the owner's name."""
    browser = Browser.signed_in(sqlite_world)
    answer = browser.client.post("/owner/accounts", data={"handle": "@a", "network": "x"})
    assert answer.status_code == 400
    assert "reload the page" in read(answer)
    assert "No accounts yet" in read(browser.get("/owner/accounts"))


def test_signing_out_ends_the_session_everywhere_its_cookie_was_copied(sqlite_world: World) -> None:
    """The session is ended in the database, not only forgotten by the browser."""
    browser = Browser.signed_in(sqlite_world)
    cookie = browser.client.get_cookie("linktrack", path="/owner")
    assert cookie is not None
    answer = browser.send("/owner/sign-out", {}, form="/owner/")
    assert (answer.status_code, answer.location) == (303, "/owner/sign-in")
    assert browser.get("/owner/").status_code == 302
    browser.client.set_cookie("linktrack", cookie.value, path="/owner")
    assert browser.get("/owner/").status_code == 302


def test_the_cookie_is_for_the_owner_pages_alone(sqlite_world: World) -> None:
    """Short links stand on the same host: a click must not carry the session."""
    browser = Browser.on(sqlite_world)
    answer = browser.send(browser.sign_in_address(sqlite_world), {})
    (cookie,) = (each for each in answer.headers.getlist("Set-Cookie") if "linktrack=" in each)
    assert all(part in cookie for part in ("Secure", "HttpOnly", "Path=/owner", "SameSite=Lax"))

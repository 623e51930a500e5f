"""Signing in: one-time links that previews cannot spend, and sessions that end."""

import html
import re
from datetime import timedelta
from urllib.parse import parse_qs, quote

import pytest
from browser import Browser, read
from sqlalchemy import delete
from world import World

from linktrack.db import now
from linktrack.owners.access import create_owner, make_sign_in_link
from linktrack.owners.models import OwnerSession
from linktrack.owners.passwords import hash_password, set_password

GOOD = "seven quiet herons"

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
    wanted = "" if address == "/owner/" else f"?next={address}"
    assert (answer.status_code, answer.location) == (302, f"/owner/sign-in{wanted}")


def test_strangers_cannot_post(sqlite_world: World) -> None:
    """A stranger with a valid form token still changes nothing."""
    browser = Browser.on(sqlite_world)
    form = browser.sign_in_address(sqlite_world)
    answer = browser.send("/owner/accounts", {"handle": "@a", "network": "x"}, form=form)
    assert (answer.status_code, answer.location) == (302, "/owner/sign-in?next=/owner/accounts")
    said = "You were signed out before this was saved. Sign in and send it again."
    assert said in read(browser.get(answer.location))


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


def with_password(world: World) -> None:
    """Make an owner who has a password."""
    owner = create_owner(world.session, "Jesse", now())
    set_password(world.session, owner, hash_password(GOOD), now())
    world.session.commit()


PAGES = (
    "/owner/posts?account=1&window=24h",
    "/owner/compose?text=Read+https%3A%2F%2Fexample.com%2F%C3%A9+%26+tell",
    "/owner/links/abc",
)


@pytest.mark.parametrize("page", PAGES)
def test_a_password_leads_on_to_the_page_that_was_asked_for(sqlite_world: World, page: str) -> None:
    """With its arguments: what a phone's share menu handed over, for instance."""
    with_password(sqlite_world)
    browser = Browser.on(sqlite_world)
    there = browser.get(page).location
    assert there is not None
    wrong = browser.send(there, {"name": "Jesse", "password": "no", "next": page})
    assert f'name="next" value="{html.escape(page)}"' in wrong.text
    answer = browser.send(
        there, {"name": "Jesse", "password": GOOD, "next": page}, form="/owner/sign-in"
    )
    assert (answer.status_code, answer.location) == (303, page)


@pytest.mark.parametrize("page", PAGES)
def test_a_one_time_link_leads_on_too(sqlite_world: World, page: str) -> None:
    """In the same browser, within an hour."""
    browser = Browser.on(sqlite_world)
    link = browser.sign_in_address(sqlite_world)
    browser.get(browser.get(page).location or "")
    answer = browser.send(link, {})
    assert (answer.status_code, answer.location) == (303, page)
    signed_in = browser.get(f"/owner/sign-in?next={quote(page)}")
    assert (signed_in.status_code, signed_in.location) == (302, page)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/owner/posts",
        "//evil.example/owner/posts",
        "/owner//evil.example",
        "/\\evil.example/owner/",
        "/owner/..//evil.example",
        "/owner/../abc",
        "/owner/%2e%2e/abc",
        "/owner/posts\r\nSet-Cookie: a=b",
        "/owner/posts\t",
        "/owner/sign-out",
        "/owner/sign-in?next=/owner/posts",
        "/owner/demo",
        "/abc",
        "owner/posts",
        "javascript:alert(1)",
        "/owner/posts?" + "a" * 3_000,
    ],
)
def test_signing_in_leads_nowhere_else(sqlite_world: World, elsewhere: str) -> None:
    """Neither to another site, nor along a short link, nor to what changes something."""
    with_password(sqlite_world)
    browser = Browser.on(sqlite_world)
    page = browser.get(f"/owner/sign-in?next={quote(elsewhere)}")
    assert 'name="next"' not in page.text
    form: dict[str, str | list[str]] = {"name": "Jesse", "password": GOOD, "next": elsewhere}
    answer = browser.send("/owner/sign-in", form)
    assert (answer.status_code, answer.location) == (303, "/owner/")
    again = browser.get(f"/owner/sign-in?next={quote(elsewhere)}")
    assert again.location == "/owner/"


def test_what_scripts_ask_for_is_not_led_on_to(sqlite_world: World) -> None:
    """An open page asks for news; after signing in nobody wants to read JSON."""
    assert Browser.on(sqlite_world).get("/owner/live.json").location == "/owner/sign-in"


@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
def test_a_text_that_was_typed_survives_the_end_of_the_session(
    sqlite_world: World, long: bool
) -> None:
    """The page that answers shows it; a short one is in the form again after signing in."""
    with_password(sqlite_world)
    sqlite_world.account()
    browser = Browser.on(sqlite_world)
    browser.send("/owner/sign-in", {"name": "Jesse", "password": GOOD})
    written = "Two <words> & https://example.com/one" + " and more" * (500 if long else 0)
    form = browser.get("/owner/compose").text
    sqlite_world.session.execute(delete(OwnerSession))
    sqlite_world.session.commit()
    token = re.findall(r'name="csrf_token" value="([^"]+)"', form)[0]
    sent = {"text": written, "account": "1", "csrf_token": token}
    answer = browser.client.post("/owner/compose", data=sent)
    assert answer.status_code == 403
    assert "You were signed out before this was saved." in read(answer)
    assert written in html.unescape(answer.text)
    place = html.unescape(re.findall(r'class="button" href="([^"]+)"', answer.text)[0])
    wanted = parse_qs(place.partition("?")[2])["next"][0]
    page = browser.send(place, {"name": "Jesse", "password": GOOD, "next": wanted})
    assert page.status_code == 303
    again = html.unescape(browser.get(page.location or "").text)
    assert (written in again) is not long
    assert ("Copy your text before you sign in" in read(answer)) is long


def test_a_text_in_a_form_that_is_too_old_is_shown(sqlite_world: World) -> None:
    """Whoever signed out and in again elsewhere meets it; nothing is made."""
    browser = Browser.signed_in(sqlite_world)
    old = {"text": "Read https://example.com/one", "account": "1", "csrf_token": "old"}
    answer = browser.client.post("/owner/compose", data=old)
    assert answer.status_code == 400
    assert "This form was too old to be sent." in read(answer)
    assert "Read https://example.com/one" in read(answer)
    assert browser.client.post("/owner/accounts", data={"handle": "@a"}).status_code == 400

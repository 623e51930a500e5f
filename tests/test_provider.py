"""Signing in through an organisation's provider: honest ones let in, hostile ones are refused."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from browser import Browser, read
from databases import Maker
from openid import CLIENT, SECRET, OpenIDProvider, served
from playwright.sync_api import Browser as Chromium
from servers import environment, serving
from sqlalchemy import select
from world import World

from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.owners.access import create_owner, find_owner
from linktrack.owners.models import Owner, OwnerSession
from linktrack.owners.passwords import hash_password, set_password
from linktrack.owners.signing_in.models import ProvidedPerson
from linktrack.settings import in_force, load_settings

GOOD = "seven quiet herons"
BEGIN = "/owner/sign-in/provider/begin"
BACK = "/owner/sign-in/provider/back"
PROFILE = "/owner/profile"


def settings_of(issuer: str, **more: str) -> dict[str, str]:
    """Return what an owner sets for this provider."""
    return {
        "LINKTRACK_OIDC_ISSUER": issuer,
        "LINKTRACK_OIDC_CLIENT_ID": CLIENT,
        "LINKTRACK_OIDC_CLIENT_SECRET": SECRET,
        "LINKTRACK_OIDC_NAME": "Example Login",
        "LINKTRACK_OIDC_OWNERS": "editors, chiefs",
        "LINKTRACK_OIDC_VIEWERS": "staff",
    } | more


@pytest.fixture
def provider() -> Iterator[OpenIDProvider]:
    with served(OpenIDProvider()) as running:
        yield running


def using(world: World, provider: OpenIDProvider, **more: str) -> World:
    """Return the installation with this provider."""
    texts = {"LINKTRACK_DATA": str(world.settings.data), **settings_of(provider.issuer, **more)}
    return replace(world, settings=replace(world.settings, oidc=load_settings(texts).oidc))


def led_back(browser: Browser, provider: OpenIDProvider, begin: str = BEGIN) -> str:
    """Go to the provider, sign in there, and return the address one is led back to."""
    left = browser.get(begin)
    assert left.status_code == 302, read(left)
    query = {name: values[0] for name, values in parse_qs(urlsplit(left.location).query).items()}
    back = provider.authorize(query)
    assert back.startswith("https://go.jessestay.com/owner/sign-in/provider/back?")
    return back.removeprefix("https://go.jessestay.com")


def come_in(world: World, provider: OpenIDProvider, begin: str = BEGIN) -> tuple[Browser, Any]:
    """Sign in through the provider; return the browser and the last answer."""
    browser = Browser.on(world)
    return browser, browser.get(led_back(browser, provider, begin))


def test_a_group_lets_in_with_its_role_and_for_some_hours(
    world: World, provider: OpenIDProvider
) -> None:
    """The page that was wanted comes next; the same person is the same when names change."""
    world = using(world, provider)
    assert "Sign in with Example Login" in read(Browser.on(world).get("/owner/sign-in"))
    browser, answer = come_in(world, provider, f"{BEGIN}?next=/owner/posts")
    assert (answer.status_code, answer.location) == (303, "/owner/posts")
    page = read(browser.get(PROFILE))
    assert "Vera owner" in page
    assert "with Example Login, until" in page
    (stored,) = world.session.scalars(select(OwnerSession))
    assert stored.expires_at - stored.created_at == timedelta(hours=12)
    provider.said = {"name": "Vera Newname", "groups": ["staff"]}
    create_owner(world.session, "Jesse", now())
    world.session.commit()
    again, _ = come_in(world, provider)
    assert "Vera viewer" in read(again.get(PROFILE))
    assert again.send("/owner/team", {"name": "X"}, form="/owner/profile").status_code == 403


def test_somebody_else_of_the_same_name_or_mail_is_another_person(
    sqlite_world: World, provider: OpenIDProvider
) -> None:
    """Nobody takes over an owner by calling themselves so."""
    world = using(sqlite_world, provider)
    create_owner(world.session, "Vera", now())
    world.session.commit()
    provider.said |= {"email": "vera@example.org", "email_verified": True}
    browser, _ = come_in(world, provider)
    assert "Vera 2 owner" in read(browser.get(PROFILE))
    provider.subject = "4711"
    other, _ = come_in(world, provider)
    assert "Vera 3 owner" in read(other.get(PROFILE))


def test_who_is_in_no_group_stays_out_and_what_they_had_ends(
    world: World, provider: OpenIDProvider
) -> None:
    """At the next sign-in: their sessions and tokens end with it."""
    world = using(world, provider)
    create_owner(world.session, "Jesse", now())
    world.session.commit()
    browser, _ = come_in(world, provider)
    assert browser.send("/owner/tokens", {"name": "T", "scope": "read"}).status_code == 200
    provider.said = {"name": "Vera", "groups": ["alumni"]}
    _, refused = come_in(world, provider)
    assert refused.status_code == 403
    assert "you are in none of the groups that may come in here" in read(refused)
    assert browser.get("/owner/").status_code == 302
    owner = Browser.signed_in(world, "Ada")
    log = read(owner.get("/owner/activity"))
    assert "Revoked the token T." in log
    assert "Refused Vera: in no group that may come in." in log


HOSTILE: dict[str, dict[str, Any]] = {
    "another nonce": {"twist": {"nonce": "another"}},
    "no nonce": {"twist": {"nonce": None}},
    "another audience": {"twist": {"aud": "another"}},
    "several audiences and another party": {"twist": {"aud": [CLIENT, "x"], "azp": "x"}},
    "no audience": {"twist": {"aud": None}},
    "expired": {"twist": {"exp": 1_000_000_000}},
    "no expiry": {"twist": {"exp": None}},
    "not yet": {"twist": {"nbf": 4_000_000_000}},
    "another issuer": {"twist": {"iss": "https://evil.example"}},
    "no issuer": {"twist": {"iss": None}},
    "no subject": {"twist": {"sub": None}},
    "a subject that is no text": {"twist": {"sub": 7}},
    "an endless subject": {"twist": {"sub": "x" * 300}},
    "another access token": {"twist": {"at_hash": "AAAA"}},
    "unsigned": {"algorithm": "none"},
    "the public key as a secret": {"algorithm": "HS256"},
    "another's key": {"stranger_signs": True},
}


@pytest.mark.parametrize("how", HOSTILE)
def test_what_is_not_proved_lets_nobody_in(
    sqlite_world: World, provider: OpenIDProvider, how: str
) -> None:
    """One sentence, no session, nobody added."""
    for name, value in HOSTILE[how].items():
        setattr(provider, name, value)
    browser, refused = come_in(using(sqlite_world, provider), provider)
    assert refused.status_code == 403
    assert "What Example Login says about you couldn't be verified." in read(refused)
    assert browser.get("/owner/").status_code == 302
    assert not sqlite_world.session.scalars(select(Owner)).all()


def test_only_the_browser_that_began_comes_back_and_once(
    world: World, provider: OpenIDProvider
) -> None:
    """Not with another state, not in another browser, not again, not late, not from another."""
    world = using(world, provider)
    browser = Browser.on(world)
    back = led_back(browser, provider)
    kept = browser.client.get_cookie("linktrack", path="/owner")
    assert kept is not None
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert Browser.on(world).get(back).status_code == 403
    assert browser.get(f"{BACK}?code={code}&state=another").status_code == 403
    browser.client.set_cookie("linktrack", kept.value, path="/owner")
    assert browser.get(back.replace("iss=", "iss=https://evil.example")).status_code == 403
    browser.client.set_cookie("linktrack", kept.value, path="/owner")
    assert browser.get(back).status_code == 303
    browser.client.set_cookie("linktrack", kept.value, path="/owner")
    assert browser.get(back).status_code == 403
    assert len(world.session.scalars(select(OwnerSession)).all()) == 1


def test_a_code_without_its_verifier_is_worth_nothing(
    sqlite_world: World, provider: OpenIDProvider
) -> None:
    """A code that was stolen from another browser's address is refused by the provider (PKCE)."""
    world = using(sqlite_world, provider)
    victim, thief = Browser.on(world), Browser.on(world)
    stolen = parse_qs(urlsplit(led_back(victim, provider)).query)["code"][0]
    own = led_back(thief, provider)
    code = parse_qs(urlsplit(own).query)["code"][0]
    assert thief.get(own.replace(code, stolen)).status_code == 403
    assert thief.get("/owner/").status_code == 302


def test_keys_may_change_between_two_sign_ins(
    sqlite_world: World, provider: OpenIDProvider
) -> None:
    """The new key counts at once, and the old one no longer."""
    world = using(sqlite_world, provider)
    assert come_in(world, provider)[1].status_code == 303
    old = provider.keys
    provider.rotate()
    assert come_in(world, provider)[1].status_code == 303
    new = provider.keys
    provider.keys = [*new, *old]

    def only_new(path: str) -> tuple[int, object]:
        if path == "/keys":
            return 200, {"keys": [key.as_dict(private=False) for key in new]}
        return OpenIDProvider.answer(provider, path)

    provider.answer = only_new  # type: ignore[method-assign]  # signs with what it no longer shows
    assert come_in(world, provider)[1].status_code == 403


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({"issuer": "https://evil.example"}, "which isn't LINKTRACK_OIDC_ISSUER"),
        ({"token_endpoint": None}, "names no token_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "names no authorization_endpoint"),
        ({"jwks_uri": ["x"]}, "names no jwks_uri"),
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_gone_to(
    sqlite_world: World, provider: OpenIDProvider, described: dict[str, Any], said: str
) -> None:
    """The page says what is wrong; the other ways stay."""
    provider.described = described
    answer = Browser.on(using(sqlite_world, provider)).get(BEGIN)
    assert answer.status_code == 503
    assert said in read(answer)
    assert "With a password" in read(answer)


def test_a_provider_that_is_away_is_named_and_nothing_else_waits(sqlite_world: World) -> None:
    """Passwords go on."""
    with served(OpenIDProvider()) as gone:
        world = using(sqlite_world, gone)
    answer = Browser.on(world).get(BEGIN)
    assert answer.status_code == 503
    assert "Example Login can't be asked right now." in read(answer)


def test_a_private_address_that_only_the_provider_names_is_not_asked(
    sqlite_world: World, provider: OpenIDProvider
) -> None:
    """Its own host was named by the owner; what it names itself must be public."""
    elsewhere = provider.issuer.replace("127.0.0.1", "127.0.0.2")
    provider.described = {"jwks_uri": f"{elsewhere}/keys"}
    _, refused = come_in(using(sqlite_world, provider), provider)
    assert refused.status_code == 503
    assert "is not a public address" in read(refused)


def test_groups_come_from_userinfo_where_the_token_has_none(
    sqlite_world: World, provider: OpenIDProvider
) -> None:
    """But only of the same person."""
    world = using(sqlite_world, provider)
    provider.said = {"name": "Vera"}
    provider.userinfo = {"sub": "somebody else", "groups": ["editors"]}
    assert come_in(world, provider)[1].status_code == 403
    provider.userinfo = {"sub": provider.subject, "groups": ["editors"]}
    assert come_in(world, provider)[1].status_code == 303


def test_a_mail_address_as_a_group_must_be_verified(
    sqlite_world: World, provider: OpenIDProvider
) -> None:
    """For providers without groups: whoever may come in is named by address."""
    more = {"LINKTRACK_OIDC_GROUPS": "email", "LINKTRACK_OIDC_OWNERS": "vera@example.org"}
    world = using(sqlite_world, provider, **more)
    provider.said = {"email": "vera@example.org"}
    assert come_in(world, provider)[1].status_code == 403
    provider.said |= {"email_verified": True}
    assert come_in(world, provider)[1].status_code == 303


def test_who_was_brought_has_no_password_and_who_was_here_before_keeps_theirs(
    world: World, provider: OpenIDProvider
) -> None:
    """A password of their own would outlast the group."""
    world = using(world, provider)
    browser, _ = come_in(world, provider)
    form: dict[str, str | list[str]] = {"password": GOOD, "again": GOOD}
    assert browser.send(f"{PROFILE}/password", form, form=PROFILE).status_code == 422
    assert "New password" not in read(browser.get(PROFILE))
    vera = find_owner(world.session, "Vera")
    set_password(world.session, vera, hash_password(GOOD), now())
    world.session.commit()
    way_in: dict[str, str | list[str]] = {"name": "Vera", "password": GOOD}
    refused = Browser.on(world).send("/owner/sign-in", way_in)
    assert refused.status_code == 403
    assert "Sign in through Example Login" in read(refused)

    jesse = Browser.signed_in(world, "Jesse")
    assert jesse.send(f"{PROFILE}/password", form, form=PROFILE).status_code == 303
    provider.subject, provider.said = "4711", {"name": "J", "groups": ["staff"]}
    connected = jesse.get(led_back(jesse, provider, f"{BEGIN}?connect=1"))
    assert (connected.status_code, connected.location) == (303, PROFILE)
    assert "You can sign in through Example Login now." in read(jesse.get(PROFILE))
    again, _ = come_in(world, provider)
    assert "Jesse owner" in read(again.get(PROFILE))
    assert Browser.on(world).send("/owner/sign-in", way_in | {"name": "Jesse"}).status_code == 303
    taken = browser.get(led_back(browser, provider, f"{BEGIN}?connect=1"))
    assert taken.status_code == 403
    assert "is somebody else here already" in read(taken)
    assert jesse.send(f"{PROFILE}/provider/disconnect", {}, form=PROFILE).status_code == 303
    left = world.session.scalars(select(ProvidedPerson.subject)).all()
    assert left == ["0815"]


def test_connecting_is_for_who_began_it(sqlite_world: World, provider: OpenIDProvider) -> None:
    """Somebody who signed in as another meanwhile isn't connected with it."""
    world = using(sqlite_world, provider)
    jesse = Browser.signed_in(world, "Jesse")
    back = led_back(jesse, provider, f"{BEGIN}?connect=1")
    kept = jesse.client.get_cookie("linktrack", path="/owner")
    assert kept is not None
    stranger = Browser.on(world)
    jesse.send("/owner/sign-out", {}, form="/owner/")
    stranger.client.set_cookie("linktrack", kept.value, path="/owner")
    assert stranger.get(back).status_code == 403
    assert not world.session.scalars(select(ProvidedPerson)).all()


def test_the_other_ways_can_be_closed_but_for_links(
    sqlite_world: World, provider: OpenIDProvider
) -> None:
    """A link from the server's command line is the owner's way back in."""
    world = using(sqlite_world, provider, LINKTRACK_OIDC_OTHERS="closed")
    set_password(
        world.session, create_owner(world.session, "Jesse", now()), hash_password(GOOD), now()
    )
    world.session.commit()
    page = read(Browser.on(world).get("/owner/sign-in"))
    assert "Sign in with Example Login" in page
    assert "With a password" not in page
    browser = Browser.on(using(sqlite_world, provider))
    token = browser.get("/owner/sign-in").text.split('name="csrf_token" value="')[1].split('"')[0]
    closed = Browser.on(world)
    kept = browser.client.get_cookie("linktrack", path="/owner")
    assert kept is not None
    closed.client.set_cookie("linktrack", kept.value, path="/owner")
    sent = {"name": "Jesse", "password": GOOD, "csrf_token": token}
    assert closed.client.post("/owner/sign-in", data=sent).status_code == 403
    assert Browser.signed_in(world, "Ada").get("/owner/").status_code == 200


def test_the_only_owner_is_not_made_a_viewer_by_a_group(
    sqlite_world: World, provider: OpenIDProvider
) -> None:
    """Somebody must be able to change things: the page says so."""
    world = using(sqlite_world, provider)
    come_in(world, provider)
    provider.said = {"name": "Vera", "groups": ["staff"]}
    _, refused = come_in(world, provider)
    assert refused.status_code == 403
    assert "Vera is the only owner" in read(refused)


def test_without_a_provider_there_is_nothing_at_its_addresses(sqlite_world: World) -> None:
    """Nor a button."""
    browser = Browser.on(sqlite_world)
    assert browser.get(BEGIN).status_code == 404
    assert browser.get(f"{BACK}?code=x&state=y").status_code == 404


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"LINKTRACK_OIDC_ISSUER": "login.example.org"}, "must be like https://"),
        ({"LINKTRACK_OIDC_CLIENT_ID": ""}, "LINKTRACK_OIDC_CLIENT_ID is missing"),
        (
            {"LINKTRACK_OIDC_OWNERS": "", "LINKTRACK_OIDC_VIEWERS": " , "},
            "nobody could come in",
        ),
        ({"LINKTRACK_OIDC_SCOPES": "profile"}, "must have openid"),
        ({"LINKTRACK_OIDC_HOURS": "0"}, "a number from 1 to 720"),
        ({"LINKTRACK_OIDC_HOURS": "1000"}, "a number from 1 to 720"),
        ({"LINKTRACK_OIDC_OTHERS": "maybe"}, "must be open or closed"),
        ({"LINKTRACK_OIDC_NAME": "x" * 41}, "40 visible characters"),
    ],
)
def test_a_wrong_setting_of_the_provider_is_named(
    tmp_path: Path, changed: dict[str, str], said: str
) -> None:
    """And no secret is shown, neither there nor where the settings are."""
    right = {"LINKTRACK_DATA": str(tmp_path), **settings_of("https://login.example.org")}
    shown = in_force(load_settings(right))
    assert shown["LINKTRACK_OIDC_OWNERS"] == "editors, chiefs"
    hidden = shown["LINKTRACK_OIDC_CLIENT_SECRET"]
    assert hidden == "(not shown)"
    assert SECRET not in repr(load_settings(right))
    with pytest.raises(Invalid, match=said) as refusal:
        load_settings(right | changed)
    assert SECRET not in refusal.value.sentence


@pytest.mark.slow
def test_a_real_browser_goes_there_and_back(
    chromium: Chromium, sqlite_databases: Maker, tmp_path: Path, provider: OpenIDProvider
) -> None:
    """Past the policy of the pages, and with the cookie that a redirect from elsewhere brings."""
    environ = environment(tmp_path / "data", sqlite_databases()) | settings_of(provider.issuer)
    with serving(environ, tmp_path / "log") as server, chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{server.base_url}/owner/posts")
        page.get_by_role("link", name="Sign in with Example Login").click()
        page.wait_for_url(f"{server.base_url}/owner/posts")
        assert page.get_by_role("heading", name="Posts").count() == 1

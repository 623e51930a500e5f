"""Who somebody is, proved by signing in on their network: the honest come in, no other does."""

import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import blake2b
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from browser import read
from identities import OURS, Visitor
from mastodonplace import MastodonPlace, connect_to, reset, served
from sqlalchemy import select, update
from world import World

from linktrack.audience.identity.asking import MOST_A_DAY
from linktrack.audience.identity.models import Registration
from linktrack.db import now
from linktrack.errors import Invalid, NotFound, Unavailable
from linktrack.keys import load_keys, seal, unseal
from linktrack.networks.credentials import Credential
from linktrack.networks.mastodon.places import Places
from linktrack.owners.signing_in.challenges import make_challenge


@pytest.fixture(scope="module")
def running() -> Iterator[MastodonPlace]:
    with served(MastodonPlace()) as place:
        yield place


@pytest.fixture
def place(running: MastodonPlace) -> MastodonPlace:
    """The server, as it was when it began."""
    return reset(running)


def at_square(world: World, place: MastodonPlace) -> Visitor:
    """Open a browser on an installation with an account on this server."""
    connect_to(world, world.account("@me@square.test", "mastodon"), place)
    return Visitor.of(world)


def stored(world: World) -> list[Registration]:
    world.session.expire_all()
    found = list(world.session.scalars(select(Registration)))
    world.session.rollback()
    return found


def test_whoever_signs_in_there_is_who_the_server_says(world: World, place: MastodonPlace) -> None:
    """Only the profile is asked for, and the token is revoked; the id is that of follower lists."""
    browser = at_square(world, place)
    answer = browser.back(place.consented(browser.led()))
    assert answer.text == f"@me@square.test: {place.url('ann')} @ann@square.test (a note)"
    assert place.revoked and not place.tokens
    assert [app["scopes"] for app in place.apps.values()] == ["profile"]
    assert browser.cookies() == []


def test_a_server_is_registered_with_once_a_day(world: World, place: MastodonPlace) -> None:
    """What is kept of it is sealed, and says neither the server nor who came from there."""
    browser = at_square(world, place)
    for name in ("ann", "bob"):
        place.who = name
        answer = browser.back(place.consented(browser.led(f"@{name}@square.test")))
        assert place.url(name) in answer.text
    assert len(place.apps) == 1
    [kept] = stored(world)
    assert "127.0.0.1" not in kept.sealed + kept.key_hash
    world.session.execute(update(Registration).values(made_at=now() - timedelta(hours=21)))
    world.session.commit()
    browser.led()
    assert len(place.apps) == 2
    assert len(stored(world)) == 1


def test_an_old_server_is_asked_for_the_narrowest_it_knows(
    world: World, place: MastodonPlace
) -> None:
    """Before Mastodon 4.3 a server said nothing of itself, and had no scope for the profile."""
    place.is_old = True
    browser = at_square(world, place)
    assert place.url("ann") in browser.back(place.consented(browser.led("square.test"))).text
    assert [app["scopes"] for app in place.apps.values()] == ["read:accounts"]


def test_a_sign_in_comes_back_once_to_the_browser_that_began(
    world: World, place: MastodonPlace
) -> None:
    """Another state, another browser, the same once more, another address: all are refused."""
    browser = at_square(world, place)
    back = place.consented(browser.led())
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    path = urlsplit(back).path

    for who, address in (
        (Visitor.of(world), back),
        (browser, f"{OURS}{path}?{urlencode(query | {'state': query['state'][:-2] + 'xx'})}"),
        (browser, f"{OURS}{path}?code={query['code']}"),
        (browser, f"{back}&state={query['state']}"),
        (browser, back.replace(path, "/oauth/back/0123456789abcdef")),
        (browser, back.replace(path, "/oauth/back")),
    ):
        answer = who.back(address)
        assert answer.status_code == 403, address
        assert "was used already" in read(answer)
    assert place.url("ann") in browser.back(back).text
    again = browser.back(back)
    assert again.status_code == 403
    assert "was used already" in read(again)


def test_a_copied_cookie_does_not_make_a_code_good_twice(
    world: World, place: MastodonPlace
) -> None:
    """The state is spent, also for whoever kept the cookie of before."""
    browser = at_square(world, place)
    back = place.consented(browser.led())
    [cookie] = browser.cookies()
    assert (cookie.path, cookie.http_only, cookie.secure) == ("/oauth", True, True)
    browser.back(back)
    thief = Visitor.of(world)
    thief.client.set_cookie("identity", cookie.value, domain="localhost", path="/oauth")
    assert thief.back(back).status_code == 403


def test_a_code_is_good_only_with_its_own_verifier_and_once(
    world: World, place: MastodonPlace
) -> None:
    """A code of another sign-in is refused by the server, and we say so."""
    ann, bob = at_square(world, place), Visitor.of(world)
    for_ann, for_bob = place.consented(ann.led()), place.consented(bob.led())
    code, other = (parse_qs(urlsplit(each).query)["code"][0] for each in (for_ann, for_bob))
    answer = ann.back(for_ann.replace(code, other))
    assert answer.status_code == 403
    assert "didn't confirm this sign-in: begin again. (a note)" in answer.text
    assert bob.back(for_bob).status_code == 403  # used up by then


@pytest.mark.parametrize(
    ("twist", "sentence"),
    [
        ({"who": "bob"}, "You signed in as @bob@square.test, but wrote @ann@square.test"),
        ({"said": {"url": "https://mastodon.social/@ann"}}, "which of its own people you are"),
        ({"said": {"acct": "ann@elsewhere.test"}}, "which of its own people you are"),
        ({"said": {"url": "https://127.0.0.1@evil.test/@ann"}}, "which of its own people you are"),
        ({"said": {"url": "https://[/@ann"}}, "which of its own people you are"),
        ({"said": {"url": None}}, "which of its own people you are"),
        ({"back": {"iss": "https://mastodon.social/"}}, "Another server than"),
        ({"described": {"authorization_response_iss_parameter_supported": True}}, "Another server"),
    ],
)
def test_a_server_speaks_for_its_own_people_and_for_who_was_meant(
    sqlite_world: World, place: MastodonPlace, twist: dict[str, object], sentence: str
) -> None:
    """Whoever signs in as somebody else, and whatever a hostile server says, is nobody here."""
    browser = at_square(sqlite_world, place)
    for name, value in twist.items():
        setattr(place, name, value)
    answer = browser.back(place.consented(browser.led()))
    assert answer.status_code == 403
    assert sentence in answer.text
    assert not place.tokens


def test_whoever_cancels_is_told_so(sqlite_world: World, place: MastodonPlace) -> None:
    """And a server that reports another error, or no code, signs nobody in."""
    browser = at_square(sqlite_world, place)
    for sent, sentence in (
        ({"error": "access_denied"}, "You cancelled at 127.0.0.1"),
        ({"error": "server_error"}, "didn't sign you in"),
        ({"error": "<b>", "code": "c"}, "didn't sign you in"),
        ({"code": "c" * 5_000}, "didn't sign you in"),
        ({}, "didn't sign you in"),
    ):
        state = parse_qs(urlsplit(browser.led()).query)
        back = state["redirect_uri"][0]
        answer = browser.back(f"{back}?{urlencode({'state': state['state'][0], **sent})}")
        assert answer.status_code == 403
        assert sentence in answer.text
    assert not place.tokens


def test_a_sign_in_ends_after_ten_minutes(sqlite_world: World, place: MastodonPlace) -> None:
    """The browser forgets it by then; whoever keeps the cookie longer is refused."""
    keys = load_keys(sqlite_world.settings.data)
    old = make_challenge(keys.sealing(), "identity", now() - timedelta(minutes=11))
    browser = at_square(sqlite_world, place)
    address = browser.led()
    [cookie] = browser.cookies()
    assert cookie.max_age == 600
    key = blake2b(keys.sealing(), person=b"identity", digest_size=32).digest()
    kept = json.loads(unseal(key, cookie.value, ""))
    state = kept[-1]
    kept[-1] = old
    browser.client.set_cookie("identity", seal(key, json.dumps(kept)), path="/oauth")
    answer = browser.back(place.consented(address).replace(state, old))
    assert answer.status_code == 403
    assert "took longer than ten minutes" in read(answer)


@pytest.mark.parametrize(
    "cookie", ["", "x", "gAAAAA", "\xff", "a" * 4_000, "[1,2,3,4,5,6,7]", "null"]
)
def test_a_cookie_that_is_not_ours_signs_nobody_in(sqlite_world: World, cookie: str) -> None:
    """Nor does one that was sealed for something else."""
    browser = Visitor.on(sqlite_world)
    browser.client.set_cookie("identity", cookie, path="/oauth")
    assert browser.get("/oauth/back?state=s&code=c").status_code == 403
    sealed = seal(load_keys(sqlite_world.settings.data).sealing(), '["a", 1]')
    browser.client.set_cookie("identity", sealed, path="/oauth")
    assert browser.get("/oauth/back?state=s&code=c").status_code == 403


@pytest.mark.parametrize(
    "typed",
    [
        *("", "ann", "@ann", "@ann@", "@@square.test", "ann@square.test@x", "@ann@localhost"),
        *("@ann@127.0.0.1", "@ann@[::1]", "@ann@2130706433", "@ann@0x7f.1", "@ann@square.test:22"),
        *("https://square.test:22/@ann", "file:///etc/passwd", "@ann@-.test", "http://a@b.test/"),
        *("@ann@sq uare.test", "@ann@square.test/x", "@ann@\u202esquare", "@" + "a" * 400),
        *("@ann@" + "a" * 64 + ".test", "@ann@a..test", "@a\r\nb@square.test", "@ann@x.test\0"),
    ],
)
def test_what_cannot_be_a_handle_is_no_server_to_ask(typed: str) -> None:
    """Nobody has us ask a number, a port, a name without a dot, or another scheme."""
    with pytest.raises(Invalid):
        Places(()).find(typed)


@pytest.mark.parametrize("typed", ["@ann@localhost.localdomain", "@ann@no-such-server.invalid"])
def test_a_name_that_leads_nowhere_public_is_not_asked(typed: str) -> None:
    """What a name stands for is judged when it is looked up."""
    with pytest.raises((Invalid, NotFound, Unavailable)):
        Places(()).find(typed)


def test_a_private_server_is_asked_only_if_an_owner_has_set_it() -> None:
    """And only for the handles of the account that is there."""
    values = {"access_token": "t", "id": "9", "url": "u", "handle": "@me@square.test"}
    usual = Credential("mastodon", "https://square.test", values)
    set_here = Credential("mastodon", "http://127.0.0.1:9", {**values, "server_is_set": "yes"})
    assert Places([set_here]).find("@ann@square.test").server == "http://127.0.0.1:9"
    assert Places([set_here]).find("@ann@square.test").guard.named == "127.0.0.1"
    for homes in ([usual], []):
        with pytest.raises((Invalid, NotFound, Unavailable)):
            Places(homes).find("@ann@square.test")
    assert Places([usual]).find("square.test").guard.named is None


def test_nobody_has_us_ask_servers_all_day(sqlite_world: World, place: MastodonPlace) -> None:
    """Sixty sign-ins a day begin from one network; no address is stored for that."""
    browser = at_square(sqlite_world, place)
    for _ in range(MOST_A_DAY):
        assert browser.begin("ann").status_code == 422
    answer = browser.begin()
    assert answer.status_code == 429
    assert "from your network today" in read(answer)
    assert not place.asked


def test_a_network_without_sign_in_says_why(sqlite_world: World, place: MastodonPlace) -> None:
    """So the page that asks can offer another way."""
    browser = at_square(sqlite_world, place)
    answer = browser.begin("@ann", "x")
    assert answer.status_code == 422
    assert "only together with the right to read your posts" in read(answer)
    assert browser.begin("ann", "other").status_code == 422
    assert browser.get("/oauth/x.json").status_code == 404
    assert browser.get("/oauth/nothing.json").status_code == 404

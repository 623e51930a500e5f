"""Passkeys: made and used in a real browser with a virtual device, and refused elsewhere."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.base import AXE_SCRIPT
from browser import Browser as Forms
from browser import read
from databases import Maker
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page
from servers import environment, free_port, serving
from sqlalchemy import select
from world import World

from linktrack.db import now
from linktrack.errors import Forbidden
from linktrack.keys import load_keys
from linktrack.owners.access import create_owner
from linktrack.owners.models import Owner
from linktrack.owners.signing_in.challenges import check_challenge, make_challenge, spend_challenge
from linktrack.owners.signing_in.homes import Home, home_of
from linktrack.owners.signing_in.models import Passkey
from linktrack.owners.signing_in.passkeys import request_options, use_passkey
from linktrack.settings import load_settings

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
KEY = b"k" * 32
AXE = "options => axe.run(options).then(found => found.violations.map(one => one.id))"


@pytest.mark.parametrize(
    ("base_url", "rp_id", "origin"),
    [
        ("https://go.example.org", "go.example.org", "https://go.example.org"),
        ("https://go.example.org:8443", "go.example.org", "https://go.example.org:8443"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
        ("http://127.0.0.1:8000", "localhost", "http://localhost:8000"),
        ("http://[::1]:8000", "localhost", "http://localhost:8000"),
        ("http://go.example.org", None, None),
        ("http://192.0.2.7:8000", None, None),
        ("https://192.0.2.7", None, None),
    ],
)
def test_passkeys_belong_to_the_name_of_the_base_address(
    tmp_path: Path, base_url: str, rp_id: str | None, origin: str | None
) -> None:
    """Browsers offer none without https, but for localhost, and none at an IP address."""
    settings = load_settings({"LINKTRACK_DATA": str(tmp_path), "LINKTRACK_BASE_URL": base_url})
    home = home_of(settings)
    assert (home and home.rp_id, home and home.origin) == (rp_id, origin)


def test_a_challenge_holds_for_ten_minutes_and_one_purpose(sqlite_world: World) -> None:
    """It is made without storing anything, and taken once."""
    challenge = make_challenge(KEY, "sign in", NOON)
    check_challenge(KEY, "sign in", challenge, NOON + timedelta(minutes=10))
    late = NOON + timedelta(minutes=10, seconds=1)
    for key, purpose, text, at in (
        (KEY, "sign in", challenge, late),
        (KEY, "sign in", challenge, NOON - timedelta(minutes=2)),
        (KEY, "register 1", challenge, NOON),
        (b"o" * 32, "sign in", challenge, NOON),
        (KEY, "sign in", challenge[:-2] + ("AA" if challenge[-2:] != "AA" else "BB"), NOON),
        (KEY, "sign in", "", NOON),
        (KEY, "sign in", "é" * 64, NOON),
    ):
        with pytest.raises(Forbidden):
            check_challenge(key, purpose, text, at)
    spend_challenge(sqlite_world.session, challenge, NOON)
    with pytest.raises(Forbidden):
        spend_challenge(sqlite_world.session, challenge, NOON)


@dataclass
class Visit:
    """A person's page in Chromium with a virtual device for passkeys."""

    page: Page
    devices: CDPSession
    device: str

    @property
    def credentials(self) -> list[dict[str, Any]]:
        """What the device holds."""
        found = self.devices.send("WebAuthn.getCredentials", {"authenticatorId": self.device})
        return list(found["credentials"])

    def touches(self, yes: bool) -> None:
        """Let the person touch the device, or choose a passkey, as soon as they may; or not."""
        self.devices.send(
            "WebAuthn.setAutomaticPresenceSimulation",
            {"authenticatorId": self.device, "enabled": yes},
        )

    def verifies(self, yes: bool) -> None:
        """Let the person's finger be right, or not be asked for."""
        self.devices.send(
            "WebAuthn.setUserVerified", {"authenticatorId": self.device, "isUserVerified": yes}
        )


def with_device(context: BrowserContext, *, verifies: bool = True) -> Visit:
    """Open a page, and give it a device as a phone or a laptop has one."""
    context.add_init_script(AXE_SCRIPT)
    page = context.new_page()
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    made = devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": verifies,
                "isUserVerified": verifies,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return Visit(page, devices, str(made["authenticatorId"]))


@contextmanager
def served(folder: Path, databases: Maker) -> Iterator[tuple[str, str]]:
    """Serve on loopback; give the address by name, and a path that signs in."""
    environ = environment(folder / "data", databases())
    with serving(environ, folder / "log") as server:
        yield server.base_url.replace("127.0.0.1", "localhost"), server.sign_in_path()


@pytest.mark.slow
def test_a_passkey_is_added_signs_in_and_is_removed_in_a_real_browser(
    chromium: Browser, sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Without a name or a password; the list says when it was used; nothing breaks the policy."""
    with (
        served(tmp_path, sqlite_databases) as (address, sign_in),
        chromium.new_context() as context,
    ):
        visit = with_device(context)
        page, complaints = visit.page, []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda one: complaints.append(one.text) if one.type == "error" else None,
        )
        page.goto(address + sign_in)
        page.get_by_role("button", name="Sign in on this browser").click()
        page.goto(f"{address}/owner/profile")
        page.get_by_role("textbox", name="Name", exact=True).fill("My laptop")
        page.get_by_role("button", name="Add passkey").click()
        page.get_by_text("The passkey My laptop is added.").wait_for()
        assert page.get_by_text("not used yet").count() == 1
        assert len(visit.credentials) == 1
        assert page.evaluate(AXE, {}) == []

        visit.touches(False)
        page.get_by_role("button", name="Sign out", exact=True).last.click()
        page.get_by_role("button", name="Sign in with a passkey").wait_for()
        # axe's list of what autocomplete may say is older than "webauthn" in the HTML standard.
        assert page.evaluate(AXE, {}) == ["autocomplete-valid"]
        visit.touches(True)
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url(f"{address}/owner/")

        # Chosen among what the browser offers in the name's field, without that button.
        page.get_by_role("button", name="Sign out", exact=True).last.click()
        page.wait_for_url(f"{address}/owner/")
        page.goto(f"{address}/owner/profile")
        page.get_by_text("with a passkey, until").wait_for()
        assert page.get_by_text("not used yet").count() == 0

        page.get_by_text("Add a passkey").click()
        page.get_by_role("button", name="Add passkey").click()
        page.get_by_text("This device has a passkey for you already.").wait_for()
        page.get_by_role("button", name="Remove the passkey My laptop").click()
        page.get_by_text("The passkey is removed.").wait_for()
        page.get_by_role("button", name="Sign out", exact=True).last.click()
        page.get_by_role("heading", name="With a password").wait_for()
        assert page.get_by_role("button", name="Sign in with a passkey").count() == 0
        assert complaints == []


@pytest.mark.slow
def test_at_another_address_the_page_says_where_passkeys_work(
    chromium: Browser, sqlite_databases: Maker, tmp_path: Path
) -> None:
    """At 127.0.0.1 that is localhost; the other ways to sign in work there."""
    with (
        served(tmp_path, sqlite_databases) as (address, sign_in),
        chromium.new_context() as context,
    ):
        page = with_device(context).page
        elsewhere = address.replace("localhost", "127.0.0.1")
        page.goto(elsewhere + sign_in)
        page.get_by_role("button", name="Sign in on this browser").click()
        page.goto(f"{elsewhere}/owner/profile")
        page.get_by_text(f"Passkeys belong to {address}.").wait_for()
        assert not page.get_by_role("button", name="Add passkey").is_visible()
        link = page.get_by_role("link", name="Open this page there")
        assert link.get_attribute("href") == f"{address}/owner/profile"


@pytest.fixture(scope="module")
def ceremony(chromium: Browser) -> Iterator["Ceremony"]:
    """A page at the installation's address, for which Chromium makes and uses passkeys."""
    with chromium.new_context() as context:
        visit = with_device(context)
        context.route("**/*", lambda route: route.fulfill(body="<p>", content_type="text/html"))
        script = Path("linktrack/web/static/passkeys.js").read_text()
        visit.page.goto("https://go.jessestay.com/owner/profile")
        plain = script[: script.index("const WHY")].replace("const ", "var ")
        visit.page.evaluate(f"() => {{ {plain}; window.read = read; window.written = written; }}")
        yield Ceremony(visit)


@dataclass
class Ceremony:
    """Asks a real browser for what our pages ask for."""

    visit: Visit

    def make(self, options: object) -> str:
        """Make a passkey; return what the page would send."""
        code = "o => navigator.credentials.create({publicKey: read(o)}).then(written)"
        return str(self.visit.page.evaluate(code, options))

    def sign(self, options: object) -> str:
        """Use a passkey; return what the page would send."""
        code = "o => navigator.credentials.get({publicKey: read(o)}).then(written)"
        return str(self.visit.page.evaluate(code, options))

    def forget(self) -> None:
        """Empty the device."""
        device = {"authenticatorId": self.visit.device}
        self.visit.devices.send("WebAuthn.clearCredentials", device)
        self.visit.verifies(True)


def options_in(page: str) -> object:
    """Return what a page asks the browser."""
    import html
    import re

    found = re.search(r'data-options="([^"]+)"', page)
    assert found is not None
    return json.loads(html.unescape(found[1]))


PROFILE = "/owner/profile"
SIGN_IN = "/owner/sign-in"


def registered(world: World, ceremony: Ceremony) -> Forms:
    """Sign somebody in who adds a passkey."""
    ceremony.forget()
    owner = Forms.signed_in(world, "Jesse")
    sent = ceremony.make(options_in(owner.get(PROFILE).text))
    added = owner.send(f"{PROFILE}/passkeys", {"name": "Key", "credential": sent}, form=PROFILE)
    assert added.status_code == 303, read(added)
    return owner


@pytest.mark.slow
def test_what_a_browser_signed_is_taken_once(world: World, ceremony: Ceremony) -> None:
    """A copy of it is refused, also at another browser and at another installation's key."""
    registered(world, ceremony)
    stranger = Forms.on(world)
    sent = ceremony.sign(options_in(stranger.get(SIGN_IN).text))
    form: dict[str, str | list[str]] = {"credential": sent, "next": "/owner/posts"}
    answer = stranger.send(f"{SIGN_IN}/passkey", form, form=SIGN_IN)
    assert (answer.status_code, answer.location) == (303, "/owner/posts")
    again = Forms.on(world).send(f"{SIGN_IN}/passkey", form, form=SIGN_IN)
    assert again.status_code == 403
    assert "took too long, or was used already" in read(again)


@pytest.mark.slow
def test_a_passkey_signs_in_nowhere_else_and_not_late(world: World, ceremony: Ceremony) -> None:
    """Another origin, another name, another challenge, a changed signature: the same refusal."""
    registered(world, ceremony)
    world.session.rollback()
    key = load_keys(world.settings.data).sealing()
    home, at = home_of(world.settings), now()
    assert home is not None
    sent = ceremony.sign(request_options(home, key, at))

    def changed(**parts: str) -> str:
        fields = json.loads(sent)
        return json.dumps(fields | {"response": fields["response"] | parts})

    data = json.loads(
        base64.urlsafe_b64decode(json.loads(sent)["response"]["clientDataJSON"] + "==")
    )
    other = base64.urlsafe_b64encode(json.dumps(data | {"type": "webauthn.create"}).encode())
    signature = json.loads(sent)["response"]["signature"]
    swapped = signature[:20] + ("A" if signature[20] != "A" else "B") + signature[21:]
    attempts: list[tuple[str, Home, datetime]] = [
        (sent, replace(home, origin="https://evil.example"), at),
        (sent, replace(home, rp_id="jessestay.com"), at),
        (sent, home, at + timedelta(minutes=11)),
        (changed(signature=swapped), home, at),
        (changed(clientDataJSON=other.decode().rstrip("=")), home, at),
        (changed(userHandle="AAAA"), home, at),
        (json.dumps(json.loads(sent) | {"id": "AAAA", "rawId": "AAAA"}), home, at),
    ]
    for text, where, when in attempts:
        with pytest.raises(Forbidden):
            use_passkey(world.session, text, where, key, when)
        world.session.rollback()
    assert use_passkey(world.session, sent, home, key, at).owner.name == "Jesse"


@pytest.mark.slow
def test_a_passkey_whose_count_goes_back_is_refused_and_noted(
    sqlite_world: World, ceremony: Ceremony
) -> None:
    """Then somebody has copied it."""
    owner = registered(sqlite_world, ceremony)
    (passkey,) = sqlite_world.session.scalars(select(Passkey))
    passkey.sign_count = 1_000
    sqlite_world.session.commit()
    stranger = Forms.on(sqlite_world)
    sent = ceremony.sign(options_in(stranger.get(SIGN_IN).text))
    refused = stranger.send(f"{SIGN_IN}/passkey", {"credential": sent}, form=SIGN_IN)
    assert refused.status_code == 403
    assert "Refused the passkey Key of Jesse: it may have been copied." in read(
        owner.get("/owner/activity")
    )


@pytest.mark.slow
def test_a_passkey_of_another_person_is_registered_for_nobody_else(
    sqlite_world: World, ceremony: Ceremony
) -> None:
    """What one person was asked is not taken from another, and no passkey is two people's."""
    registered(sqlite_world, ceremony)
    vera = Forms.signed_in(sqlite_world, "Vera")
    ceremony.forget()
    for_vera = ceremony.make(options_in(vera.get(PROFILE).text))
    ada = Forms.signed_in(sqlite_world, "Ada")
    stolen = {"name": "Key", "credential": for_vera}
    refused = ada.send(f"{PROFILE}/passkeys", dict(stolen), form=PROFILE)
    assert refused.status_code == 422
    assert vera.send(f"{PROFILE}/passkeys", dict(stolen), form=PROFILE).status_code == 303
    assert vera.send(f"{PROFILE}/passkeys", dict(stolen), form=PROFILE).status_code == 422


@pytest.mark.slow
def test_a_passkey_without_finger_or_pin_asks_for_a_code(
    sqlite_world: World, ceremony: Ceremony
) -> None:
    """Whoever has turned codes on; with one, the passkey is enough."""
    from pyotp import TOTP

    from linktrack.owners.signing_in.codes import begin_codes, finish_codes, secret_to_set_up

    registered(sqlite_world, ceremony)
    session, key = sqlite_world.session, load_keys(sqlite_world.settings.data).sealing()
    owner, at = session.scalars(select(Owner)).one(), now() - timedelta(minutes=5)
    begin_codes(session, owner, key, at)
    secret = secret_to_set_up(session, owner, key, at)
    assert secret is not None
    finish_codes(session, owner, TOTP(secret).at(at), key, at)
    session.commit()

    def used() -> str | None:
        stranger = Forms.on(sqlite_world)
        sent = ceremony.sign(options_in(stranger.get(SIGN_IN).text))
        return stranger.send(f"{SIGN_IN}/passkey", {"credential": sent}, form=SIGN_IN).location

    assert used() == "/owner/"
    ceremony.visit.touches(True)
    ceremony.visit.verifies(False)
    options = dict(
        request_options(Home("go.jessestay.com", "https://go.jessestay.com"), key, now())
    )
    sent = ceremony.sign(options | {"userVerification": "discouraged"})
    stranger = Forms.on(sqlite_world)
    asked = stranger.send(f"{SIGN_IN}/passkey", {"credential": sent}, form=SIGN_IN)
    assert asked.location == f"{SIGN_IN}/code"
    assert stranger.get("/owner/").status_code == 302
    done = stranger.send(f"{SIGN_IN}/code", {"code": TOTP(secret).now()})
    assert done.location == "/owner/"


HOSTILE = (
    "", "null", "[]", "{}", '{"response": 1}', '{"response": {}}', "[" * 10_000, "\0",
    '{"id": 1, "response": {"clientDataJSON": 1}}',
    '{"id": "A", "rawId": "A", "type": "public-key", "response": {"clientDataJSON": "e30"}}',
    '{"response": {"clientDataJSON": "' + "A" * 30_000 + '"}}',
)  # fmt: skip


@pytest.mark.parametrize("sent", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bytes_are_no_passkey(sqlite_world: World, sent: str) -> None:
    """Neither to sign in with, nor to be added."""
    stranger = Forms.on(sqlite_world)
    refused = stranger.send(f"{SIGN_IN}/passkey", {"credential": sent}, form=SIGN_IN)
    assert refused.status_code == 403
    owner = Forms.signed_in(sqlite_world)
    form: dict[str, str | list[str]] = {"name": "Key", "credential": sent}
    assert owner.send(f"{PROFILE}/passkeys", form, form=PROFILE).status_code == 422


def test_who_has_no_password_adds_a_passkey_only_soon_after_signing_in(
    sqlite_world: World,
) -> None:
    """A browser left open gives nobody a way back in."""
    from linktrack.owners.models import OwnerSession

    owner = Forms.signed_in(sqlite_world)
    (session,) = sqlite_world.session.scalars(select(OwnerSession))
    session.created_at -= timedelta(hours=2)
    sqlite_world.session.commit()
    form: dict[str, str | list[str]] = {"name": "Key", "credential": "{}"}
    answer = owner.send(f"{PROFILE}/passkeys", form, form=PROFILE)
    assert "You signed in more than an hour ago" in read(answer)
    password: dict[str, str | list[str]] = {"password": "seven quiet herons"}
    password["again"] = password["password"]
    assert owner.send(f"{PROFILE}/password", password, form=PROFILE).status_code == 422
    sqlite_world.account()
    naming = {"handle": "@a", "network": "x", "account": "1", "password": str(password["again"])}
    owner.send("/owner/compose/made/account", dict(naming), form=PROFILE)
    sqlite_world.session.rollback()
    assert sqlite_world.session.scalars(select(Owner.password_hash)).all() == [None]


def test_where_browsers_have_no_passkeys_the_page_says_so(sqlite_world: World) -> None:
    """At an address without https, for instance."""
    settings = replace(sqlite_world.settings, base_url=f"http://192.0.2.7:{free_port()}")
    owner = Forms.signed_in(replace(sqlite_world, settings=settings))
    page = read(owner.get(PROFILE))
    assert "Browsers offer passkeys only with https, and at a name" in page
    assert create_owner(sqlite_world.session, "Vera", NOON).name == "Vera"

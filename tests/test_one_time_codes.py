"""One-time codes: asked for after a password, taken once, and what helps where the app is lost."""

import html
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_core_python.base import AXE_SCRIPT
from browser import Browser, read
from commands import Run, good, parsed
from databases import Maker
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ViewportSize
from pyotp import TOTP
from servers import environment, serving
from sqlalchemy import select, update
from world import World

from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.keys import load_keys
from linktrack.owners.access import create_owner, find_owner, make_sign_in_link
from linktrack.owners.models import Owner, PasswordFailure
from linktrack.owners.passwords import hash_password, set_password
from linktrack.owners.signing_in.codes import (
    MOST_WRONG,
    asks_for_code,
    begin_codes,
    finish_codes,
    forget_wrong_codes,
    secret_to_set_up,
    takes_code,
    turn_off_codes,
)
from linktrack.owners.signing_in.models import OneTimeCodes, RecoveryCode

GOOD = "seven quiet herons"
NOON = datetime(2026, 5, 4, 12, 0, 10, tzinfo=UTC)
PROFILE = "/owner/profile"
HALF_MINUTE = timedelta(seconds=30)


def key_of(world: World) -> bytes:
    """Return the key under which secrets lie in the database."""
    return load_keys(world.settings.data).sealing()


def with_codes(world: World, at: datetime) -> tuple[Owner, TOTP, list[str]]:
    """Make an owner with a password and codes; return them, their app and the recovery codes."""
    session, key = world.session, key_of(world)
    owner = create_owner(session, "Jesse", at)
    set_password(session, owner, hash_password(GOOD), at)
    begin_codes(session, owner, key, at)
    secret = secret_to_set_up(session, owner, key, at)
    assert secret is not None
    app = TOTP(secret)
    recovery = finish_codes(session, owner, app.at(at), key, at)
    session.commit()
    return owner, app, list(recovery)


def test_a_code_is_taken_once_and_within_half_a_minute(world: World) -> None:
    """The one before and the one after as well; an older one never after a newer."""
    owner, app, _ = with_codes(world, NOON)
    session, key = world.session, key_of(world)

    def takes(shown_at: datetime, at: datetime) -> bool:
        return takes_code(session, owner, app.at(shown_at), key, at)

    assert not takes(NOON, NOON), "the code that turned them on was used"
    at = NOON + timedelta(minutes=5)
    assert not takes(at - 2 * HALF_MINUTE, at)
    assert not takes(at + 2 * HALF_MINUTE, at)
    assert takes(at - HALF_MINUTE, at)
    assert not takes(at - HALF_MINUTE, at)
    assert takes(at + HALF_MINUTE, at)
    assert not takes(at, at)
    assert not takes(at + HALF_MINUTE, at + HALF_MINUTE)
    assert takes(at + 2 * HALF_MINUTE, at + 2 * HALF_MINUTE)


@pytest.mark.parametrize("typed", ["", "0", "١٢٣٤٥٦", "\0", "x" * 5_000, "\ud800"])
def test_anything_else_is_no_code(sqlite_world: World, typed: str) -> None:
    """Whatever somebody types."""
    owner, _, _ = with_codes(sqlite_world, NOON)
    at = NOON + timedelta(minutes=1)
    assert not takes_code(sqlite_world.session, owner, typed, key_of(sqlite_world), at)


def test_each_recovery_code_signs_in_once_however_it_is_written(world: World) -> None:
    """In small letters, without dashes; and only hashes are stored."""
    owner, _, recovery = with_codes(world, NOON)
    session, key = world.session, key_of(world)
    assert len(set(recovery)) == 10
    assert all(re.fullmatch(r"[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){3}", one) for one in recovery)
    stored = {row.code_hash for row in session.scalars(select(RecoveryCode))}
    assert not stored & {one.replace("-", "") for one in recovery}
    written = (recovery[0], recovery[1].lower(), recovery[2].replace("-", " "))
    assert all(takes_code(session, owner, one, key, NOON) for one in written)
    assert not any(takes_code(session, owner, one, key, NOON) for one in written)


def test_after_a_hundred_wrong_codes_only_what_cannot_be_guessed_signs_in(world: World) -> None:
    """From however many networks they come; a link or a passkey makes codes work again."""
    owner, app, recovery = with_codes(world, NOON)
    session, key = world.session, key_of(world)
    at = NOON + timedelta(minutes=5)
    wrong = "000000" if app.at(at) != "000000" else "111111"
    session.execute(update(OneTimeCodes).values(wrong=MOST_WRONG - 1))
    assert not takes_code(session, owner, wrong, key, at)
    assert not takes_code(session, owner, app.at(at), key, at)
    assert takes_code(session, owner, recovery[0], key, at)
    forget_wrong_codes(session, owner.id)
    assert takes_code(session, owner, app.at(at), key, at)


def test_codes_are_on_only_after_the_app_has_shown_a_right_one(world: World) -> None:
    """A secret that was begun asks for nothing, and is over after an hour."""
    session, key = world.session, key_of(world)
    owner = create_owner(session, "Jesse", NOON)
    begin_codes(session, owner, key, NOON)
    assert not asks_for_code(session, owner.id)
    secret = secret_to_set_up(session, owner, key, NOON)
    assert secret is not None
    stored = session.get_one(OneTimeCodes, owner.id).sealed
    assert secret not in stored
    late = NOON + timedelta(minutes=61)
    with pytest.raises(Invalid, match="took too long"):
        finish_codes(session, owner, TOTP(secret).at(late), key, late)
    assert not asks_for_code(session, owner.id)


def test_a_password_asks_for_a_code_and_leads_on_to_what_was_wanted(world: World) -> None:
    """Nothing is open before the code; the session says how it was begun."""
    _, app, _ = with_codes(world, now() - timedelta(minutes=5))
    browser = Browser.on(world)
    form: dict[str, str | list[str]] = {
        "name": "Jesse", "password": GOOD, "next": "/owner/posts",
    }  # fmt: skip
    asked = browser.send("/owner/sign-in", form)
    assert (asked.status_code, asked.location) == (303, "/owner/sign-in/code")
    assert browser.get("/owner/").status_code == 302
    wrong = "000000" if app.now() != "000000" else "111111"
    refused = browser.send("/owner/sign-in/code", {"code": wrong})
    assert refused.status_code == 403
    assert "That code is wrong or was used already" in read(refused)
    code = app.now()
    answer = browser.send("/owner/sign-in/code", {"code": code})
    assert (answer.status_code, answer.location) == (303, "/owner/posts")
    assert "with a password and a code" in read(browser.get(PROFILE))
    assert not world.session.scalars(select(PasswordFailure)).all()
    elsewhere = Browser.on(world)
    elsewhere.send("/owner/sign-in", form)
    assert elsewhere.send("/owner/sign-in/code", {"code": code}).status_code == 403


def test_who_knows_the_password_cannot_guess_codes_without_end(sqlite_world: World) -> None:
    """A right password does not forget the wrong codes before; then even a right code waits."""
    _, app, _ = with_codes(sqlite_world, now() - timedelta(minutes=5))
    browser = Browser.on(sqlite_world)
    wrong = "000000" if app.now() != "000000" else "111111"
    for _ in range(3):
        browser.send("/owner/sign-in", {"name": "Jesse", "password": GOOD})
        if browser.get("/owner/sign-in/code").status_code == 200:
            browser.send("/owner/sign-in/code", {"code": wrong})
    refused = browser.send("/owner/sign-in", {"name": "Jesse", "password": GOOD})
    assert refused.status_code == 403
    assert browser.client.get("/owner/").status_code == 302


def test_the_step_for_a_code_is_over_when_the_password_is_another_one(sqlite_world: World) -> None:
    """Whoever learnt the old one begins anew, and gets no further."""
    owner, _, _ = with_codes(sqlite_world, now() - timedelta(minutes=5))
    browser = Browser.on(sqlite_world)
    browser.send("/owner/sign-in", {"name": "Jesse", "password": GOOD})
    set_password(sqlite_world.session, owner, hash_password(GOOD + " new"), now())
    sqlite_world.session.commit()
    assert browser.get("/owner/sign-in/code").location == "/owner/sign-in"
    assert Browser.on(sqlite_world).get("/owner/sign-in/code").location == "/owner/sign-in"


def test_a_recovery_code_signs_in_and_a_link_needs_none(sqlite_world: World) -> None:
    """A link is the way back in for who has lost both."""
    owner, _, recovery = with_codes(sqlite_world, now() - timedelta(minutes=5))
    browser = Browser.on(sqlite_world)
    browser.send("/owner/sign-in", {"name": "Jesse", "password": GOOD})
    assert browser.send("/owner/sign-in/code", {"recovery": recovery[0]}).status_code == 303
    assert "9 of 10 recovery codes left" in read(browser.get(PROFILE))
    assert "Used a recovery code of Jesse." in read(browser.get("/owner/activity"))
    secret = make_sign_in_link(sqlite_world.session, owner, now())
    sqlite_world.session.commit()
    other = Browser.on(sqlite_world)
    assert other.send(f"/owner/sign-in/{secret}", {}).location == "/owner/"


def test_codes_are_set_up_on_the_page_and_turned_off_with_a_code(world: World) -> None:
    """The password begins it, the app's code ends it, and the recovery codes are shown once."""
    owner = create_owner(world.session, "Jesse", now())
    set_password(world.session, owner, hash_password(GOOD), now())
    world.session.commit()
    browser = Browser.on(world)
    browser.send("/owner/sign-in", {"name": "Jesse", "password": GOOD})
    assert browser.get(f"{PROFILE}/codes").status_code == 303
    begin = f"{PROFILE}/codes/begin"
    assert browser.send(begin, {"present": "not it, alas"}, form=PROFILE).status_code == 422
    assert browser.send(begin, {"present": GOOD}, form=PROFILE).location == f"{PROFILE}/codes"
    page = browser.get(f"{PROFILE}/codes")
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', page.text)
    assert found is not None
    app = TOTP(found[1].replace(" ", ""))
    assert "<svg" in page.text
    wrong = "000000" if app.now() != "000000" else "111111"
    assert browser.send(f"{PROFILE}/codes", {"code": wrong}).status_code == 422
    shown = browser.send(f"{PROFILE}/codes", {"code": app.now()})
    codes = re.findall(r"(?:[A-Z2-9]{4}-){3}[A-Z2-9]{4}", html.unescape(shown.text))
    assert len(set(codes)) == 10
    assert browser.get(f"{PROFILE}/codes").status_code == 303
    assert browser.send(begin, {"present": GOOD}, form=PROFILE).status_code == 422
    renewed = browser.send(f"{PROFILE}/codes/recovery", {"code": codes[0]}, form=PROFILE)
    fresh = re.findall(r"(?:[A-Z2-9]{4}-){3}[A-Z2-9]{4}", renewed.text)
    assert not set(codes) & set(fresh)
    off = f"{PROFILE}/codes/off"
    assert browser.send(off, {"code": codes[1]}, form=PROFILE).status_code == 422
    assert browser.send(off, {"code": fresh[0]}, form=PROFILE).status_code == 303
    assert "Set up one-time codes" in read(browser.get(PROFILE))
    log = read(browser.get("/owner/activity"))
    for sentence in ("Turned on one-time codes", "Made new recovery codes", "Turned off one-time"):
        assert sentence in log


def test_an_owner_turns_off_codes_of_who_has_lost_their_app(world: World) -> None:
    """On the page Team; a viewer can't."""
    vera, _, _ = with_codes(world, now() - timedelta(minutes=5))
    ada = Browser.signed_in(world, "Ada")
    assert "Has a password, with one-time codes." in read(ada.get("/owner/team"))
    answer = ada.send(f"/owner/team/{vera.id}/codes/off", {}, form="/owner/team")
    assert answer.status_code == 303
    assert "Jesse signs in without one-time codes now." in read(ada.get("/owner/team"))
    browser = Browser.on(world)
    assert browser.send("/owner/sign-in", {"name": "Jesse", "password": GOOD}).location == "/owner/"


def test_codes_by_command(run: Run) -> None:
    """The list says who has them, and the server's owner turns them off."""
    good(run("owner", "create", "Jesse"))
    (line,) = parsed(run("owner", "list", "--json"))
    expected = {"name": "Jesse", "role": "owner", "password": "no", "codes": "no", "passkeys": 0}
    assert line | expected == line
    assert "as before" in good(run("owner", "reset-codes", "Jesse"))
    assert "Removed 0 passkeys of Jesse." in good(run("owner", "remove-passkeys", "Jesse"))


def test_turning_codes_off_leaves_nothing(world: World) -> None:
    """Neither secret nor recovery codes."""
    owner, _, _ = with_codes(world, NOON)
    assert turn_off_codes(world.session, find_owner(world.session, "Jesse"), NOON)
    assert not turn_off_codes(world.session, owner, NOON)
    world.session.commit()
    assert not world.session.scalars(select(OneTimeCodes)).all()
    assert not world.session.scalars(select(RecoveryCode)).all()


@pytest.mark.slow
def test_codes_are_set_up_and_used_on_a_phone(
    chromium: Chromium, sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Each page accessible and no wider than the screen, by day and by night; codes are kept."""
    environ = environment(tmp_path / "data", sqlite_databases())
    size = ViewportSize(width=320, height=640)
    with (
        serving(environ, tmp_path / "log") as server,
        chromium.new_context(viewport=size, reduced_motion="reduce") as context,
    ):
        context.add_init_script(AXE_SCRIPT)
        page = context.new_page()

        def look() -> None:
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                found = "o => axe.run(o).then(found => found.violations.map(one => one.id))"
                assert page.evaluate(found, {}) == [], page.url
                root = "document.documentElement"
                assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") <= 0, page.url

        page.goto(server.base_url + server.sign_in_path())
        page.get_by_role("button", name="Sign in on this browser").click()
        page.goto(f"{server.base_url}{PROFILE}")
        page.get_by_label("New password").fill(GOOD)
        page.get_by_label("Confirm password").fill(GOOD)
        page.get_by_role("button", name="Set password").click()
        page.get_by_text("Set up one-time codes").first.click()
        page.locator("#present-codes").fill(GOOD)
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("heading", name="Set up one-time codes").wait_for()
        look()
        app = TOTP(page.locator("#secret").inner_text().replace(" ", ""))
        page.get_by_label("Code").fill(app.now())
        page.get_by_role("button", name="Turn on one-time codes").click()
        codes = page.locator("#recovery-codes").inner_text().split()
        look()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        kept = Path(download.value.path()).read_text()
        assert all(code in kept for code in codes)
        page.get_by_role("link", name="I have kept them").click()
        page.get_by_text("10 of 10 recovery codes left").wait_for()
        look()
        page.get_by_role("button", name="Sign out", exact=True).last.click()
        page.get_by_label("Name").fill("owner")
        page.get_by_label("Password").fill(GOOD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_text("No access to your app?").click()
        look()
        page.get_by_label("Recovery code").fill(codes[0].lower())
        page.get_by_role("button", name="Sign in with a recovery code").click()
        page.wait_for_url(f"{server.base_url}/owner/")

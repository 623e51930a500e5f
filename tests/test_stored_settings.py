"""Settings chosen on a page or by command are stored; the environment wins, and says so."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from browser import Browser, read
from clicking import FIREFOX
from commands import Run, good, parsed
from databases import Maker
from servers import command, environment, serving
from services import BROWSER, a_link, loaded
from sqlalchemy import insert
from werkzeug.test import TestResponse
from world import NOON, World

from linktrack.clicks.records import ClickRecord
from linktrack.db import Database, is_sqlite, to_ms
from linktrack.errors import Conflict, Invalid, NotFound, Unavailable, Unconfirmed
from linktrack.installation import Installation
from linktrack.keys import load_keys
from linktrack.mail import send as send_mail
from linktrack.owners.audit import acting, entries
from linktrack.owners.stored_settings import (
    STORABLE,
    StoredSetting,
    change_settings,
    read_stored,
    setting_lines,
    setting_named,
    with_stored,
)
from linktrack.portability.export.everything import export_all
from linktrack.portability.export.restore import import_all
from linktrack.settings import SETTINGS, load_settings
from linktrack.upkeep.backup import back_up
from linktrack.upkeep.doctor import examine
from linktrack.upkeep.restore import restore

ZONE = "LINKTRACK_TIMEZONE"
KEEP = "LINKTRACK_KEEP_DAYS"


def change(world: World, **changes: str) -> list[str]:
    """Store settings, which are named without their beginning."""
    named = {f"LINKTRACK_{name}": text for name, text in changes.items()}
    done = change_settings(world.session, world.settings, named, NOON, confirmed=True)
    world.session.commit()
    return done


def installation(world: World) -> Installation:
    keys = load_keys(world.settings.data)
    return Installation(world.settings, keys, world.database, world.shortener)


@contextmanager
def of_environment(world: World, **environ: str) -> Iterator[World]:
    """The same installation, with more in its environment."""
    before = world.settings
    named = {f"LINKTRACK_{name}": text for name, text in environ.items()}
    world.settings = replace(load_settings(named), data=before.data, database=before.database)
    try:
        yield world
    finally:
        world.settings = before


def test_what_is_stored_holds_until_it_is_unset(world: World) -> None:
    """And each change is in the activity log, once, with who made it."""
    acting(world.session, "Jesse")
    opened = installation(world)
    assert not opened.keep_up()
    assert change(world, TIMEZONE="Europe/Berlin", CONTACT="me@example.org") == [
        ZONE,
        "LINKTRACK_CONTACT",
    ]
    assert change(world, TIMEZONE="Europe/Berlin") == []
    assert opened.keep_up()
    assert opened.settings.timezone.key == "Europe/Berlin"
    assert opened.settings.contact == opened.settings.abuse_contact == "mailto:me@example.org"
    assert opened.database.settings == opened.settings
    change(world, TIMEZONE="")
    opened.keep_up()
    assert opened.settings.timezone.key == "UTC"
    said = [(each.actor, each.what) for each in entries(world.session, None, 10)]
    assert said == [
        ("Jesse", "Changed the setting “Time zone” back to its default."),
        ("Jesse", "Changed the setting “Contact” to me@example.org."),
        ("Jesse", "Changed the setting “Time zone” to Europe/Berlin."),
    ]


@pytest.mark.parametrize(
    ("name", "text", "remedy"),
    [
        ("TIMEZONE", "Berlin", "no such time zone"),
        ("TIMEZONE", '"Europe/Berlin"', "quotation marks"),
        ("KEEP_DAYS", "0", "at least one day"),
        ("SYNC_HOURS", "often", "whole number"),
        ("CHECK_LINKS", "daily", "weekly, never"),
        ("DOORS", "bitly", "choose among"),
        ("CONTACT", "me", "me@example.org"),
        ("MAIL_TO", "me", "you@example.org"),
        ("SMTP_URL", "smtps://mail.example.org", "LINKTRACK_MAIL_TO"),
        ("SMTP_URL", "mail.example.org", "smtp://"),
        ("CONTACT", f"https://example.org/{'a' * 500}", "at most 500"),
        ("DATABASE", "postgresql://u@h/d", "only be set in the environment"),
        ("SMTP_PASSWORD", "s3cret", "only be set in the environment"),
    ],
)
def test_a_wrong_value_is_refused_as_the_environments_is(
    sqlite_world: World, name: str, text: str, remedy: str
) -> None:
    """With the same sentence; nothing is stored, and nothing beside it either."""
    with pytest.raises(Invalid, match=remedy) as caught:
        change(sqlite_world, **{"CHECK_LINKS": "never", name: text})
    assert "s3cret" not in caught.value.sentence
    sqlite_world.session.rollback()
    assert read_stored(sqlite_world.database.engine) == {}


def test_an_unknown_setting_is_named(sqlite_world: World) -> None:
    """And how to see those there are; capitals and dashes don't matter."""
    with pytest.raises(NotFound, match="linktrack setting list"):
        change(sqlite_world, COLOUR="red")
    assert setting_named("keep-days") is setting_named(KEEP)


def test_the_password_of_mail_goes_to_no_other_server(sqlite_world: World) -> None:
    """Whoever signs in may choose a server, and isn't told the password by it."""
    world = sqlite_world
    change(world, SMTP_URL="smtps://jo@elsewhere.example", MAIL_TO="me@example.org")
    for named in ({}, {"SMTP_PASSWORD_HOST": "mail.example.org"}):
        with of_environment(world, SMTP_PASSWORD="s3cret", **named):  # noqa: S106
            opened = installation(world)
            opened.keep_up()
            mail = opened.settings.mail
            assert mail is not None
            assert (mail.host, mail.password) == ("elsewhere.example", "")
            with pytest.raises(Unavailable, match="LINKTRACK_SMTP_PASSWORD_HOST"):
                send_mail(mail, "subject", "text")


def test_no_password_is_stored(sqlite_world: World) -> None:
    """Neither in a setting nor in the activity log: it comes from the environment."""
    world = sqlite_world
    with pytest.raises(Invalid, match="LINKTRACK_SMTP_PASSWORD") as caught:
        change(world, SMTP_URL="smtps://jo:s3cret@mail.example.org", MAIL_TO="me@example.org")
    assert "s3cret" not in caught.value.sentence
    world.session.rollback()
    change(world, SMTP_URL="smtps://jo@mail.example.org", MAIL_TO="me@example.org")
    own = {"SMTP_PASSWORD": "s3cret", "SMTP_PASSWORD_HOST": "Mail.example.org"}
    with of_environment(world, **own):
        opened = installation(world)
        opened.keep_up()
        mail = opened.settings.mail
        assert mail is not None
        assert (mail.host, mail.user, mail.password) == ("mail.example.org", "jo", "s3cret")
        assert mail.recipients == ("me@example.org",)
        lines = setting_lines(opened.settings, read_stored(world.database.engine))
        assert "s3cret" not in " ".join(line.value for line in lines)


def test_the_environment_wins_and_is_named(world: World) -> None:
    """What it has can't be stored; what was stored before it had it waits."""
    change(world, TIMEZONE="Europe/Berlin")
    with of_environment(world, TIMEZONE="Asia/Tokyo"):
        opened = installation(world)
        opened.keep_up()
        assert opened.settings.timezone.key == "Asia/Tokyo"
        with pytest.raises(Conflict, match=f"{ZONE} is set in the environment"):
            change(world, TIMEZONE="Europe/Paris")
        world.session.rollback()
        stored = read_stored(world.database.engine)
        sources = {
            line.setting.name: line.source for line in setting_lines(opened.settings, stored)
        }
        assert (sources[ZONE], sources[KEEP]) == ("environment", "default")
    opened = installation(world)
    opened.keep_up()
    assert opened.settings.timezone.key == "Europe/Berlin"


def test_what_cannot_be_read_any_more_counts_as_unset(sqlite_world: World) -> None:
    """Say, what a newer linktrack stored; all else holds, and no process stops."""
    rows = {ZONE: "Mars/Olympus", KEEP: "90", "LINKTRACK_COLOUR": "red"}
    rows["LINKTRACK_SMTP_URL"] = "smtps://mail.example.org"  # and nobody who gets mail
    with sqlite_world.database.engine.begin() as connection:
        for name, value in rows.items():
            connection.execute(insert(StoredSetting).values(name=name, value=value))
    found = with_stored(sqlite_world.settings, read_stored(sqlite_world.database.engine))
    assert (found.timezone.key, found.keep_days, found.mail) == ("UTC", 90, None)


def test_clicks_are_kept_for_less_time_only_if_that_is_confirmed(sqlite_world: World) -> None:
    """Longer needs no second word."""
    world = sqlite_world

    def keep(days: str, confirmed: bool = False) -> list[str]:
        return change_settings(
            world.session, world.settings, {KEEP: days}, NOON, confirmed=confirmed
        )

    with pytest.raises(Unconfirmed, match="older than 90 days would be deleted"):
        keep("90")
    assert keep("90", confirmed=True) == [KEEP]
    assert keep("120") == [KEEP]
    with pytest.raises(Unconfirmed, match="older than 119 days"):
        keep("119")
    assert keep("") == [KEEP]


def test_only_what_is_safe_may_be_stored() -> None:
    """Nothing that a process needs before it has a database, no secret, and no way inside."""
    assert {name.removeprefix("LINKTRACK_").lower() for name in STORABLE} == {
        "timezone", "keep_days", "journal_keep_days", "doors", "contact", "abuse_contact",
        "check_links", "personal_links", "sync_hours", "smtp_url", "mail_to", "mail_from",
    }  # fmt: skip
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)


def test_the_commands_list_get_set_and_unset(run: Run) -> None:
    """As sentences, and as JSON for programs."""
    assert good(run("setting", "set", "timezone", "Europe/Berlin")) == (
        "LINKTRACK_TIMEZONE is Europe/Berlin now.\n"
    )
    assert good(run("setting", "set", ZONE, "Europe/Berlin")).startswith(
        f"{ZONE} already had that value"
    )
    assert good(run("setting", "get", "timezone")) == "Europe/Berlin\n"
    assert parsed(run("setting", "get", "timezone", "--json")) == {
        "name": ZONE,
        "value": "Europe/Berlin",
        "source": "stored",
        "default": "UTC",
        "meaning": setting_named(ZONE).meaning,
        "changeable": True,
    }
    listed = {line["name"]: line for line in parsed(run("setting", "list", "--json"))}
    assert list(listed) == [setting.name for setting in SETTINGS]
    assert listed["LINKTRACK_DATA"]["source"] == "environment"
    assert not listed["LINKTRACK_DATA"]["changeable"]
    assert (listed[KEEP]["value"], listed[KEEP]["source"]) == (None, "default")
    assert "Europe/Berlin" in good(run("setting", "list"))
    refused = run("setting", "set", "keep-days", "30")
    assert (refused.exit_code, "--yes" in refused.stderr) == (1, True)
    good(run("setting", "set", "keep-days", "30", "--yes"))
    good(run("setting", "unset", "keep-days"))
    assert good(run("setting", "get", "keep-days")) == "forever\n"
    assert (
        good(run("setting", "unset", "timezone")) == "LINKTRACK_TIMEZONE is back to its default.\n"
    )
    wrong = run("setting", "set", "timezone", "Berlin")
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (1, 1)


def test_commands_use_what_is_stored(run: Run) -> None:
    """A time without an offset is in the stored zone."""
    good(run("setting", "set", "timezone", "Asia/Tokyo"))
    good(run("account", "add", "@a", "--network", "x"))
    good(run("counts", "record", "@a", "5", "--at", "2026-05-04T09:00"))
    (count,) = parsed(run("counts", "list", "@a", "--json"))
    assert count["counted_at"] == "2026-05-04T00:00:00Z"


def test_a_changed_zone_says_that_figures_are_to_be_counted_anew(world: World) -> None:
    """As soon as anything is counted; every page says so until then."""
    account = world.account()
    link = world.post(account, "https://example.com/a").links[0]
    world.click([ClickRecord(to_ms(NOON), link.id, FIREFOX, None, 1)])
    browser = Browser.signed_in(world)
    assert "linktrack rebuild" not in read(browser.get("/owner/links"))
    change(world, TIMEZONE="Asia/Tokyo")
    assert "LINKTRACK_TIMEZONE is Asia/Tokyo" in read(browser.get("/owner/links"))


def test_pages_follow_a_change_at_once(world: World) -> None:
    """In every worker: contact, the zone of times, and whose clients are answered."""
    browser = Browser.signed_in(world)
    assert browser.get("/yourls-api.php").status_code == 404
    change(world, CONTACT="me@example.org", TIMEZONE="Asia/Tokyo", DOORS="yourls")
    assert "Asia/Tokyo" in read(browser.get("/owner/"))
    assert "Contact: mailto:me@example.org" in browser.get("/.well-known/security.txt").text
    assert browser.get("/yourls-api.php").status_code not in (404, 500)
    change(world, DOORS="")
    assert browser.get("/yourls-api.php").status_code == 404
    assert browser.client.post("/links", json={}).status_code == 404


PAGE = "/owner/settings"


def send(browser: Browser, group: str, **fields: str | list[str]) -> TestResponse:
    """Save the settings of one group on the page."""
    return browser.send(f"{PAGE}/{group}", fields, form=PAGE)


def test_an_owner_changes_settings_on_the_page(world: World) -> None:
    """They hold at once, and the page shows them; a default that is chosen is stored as nothing."""
    browser = Browser.signed_in(world)
    assert send(browser, "time", LINKTRACK_TIMEZONE="Europe/Berlin").status_code == 303
    page = browser.get(PAGE)
    assert "Saved. Everything follows within seconds." in read(page)
    assert 'value="Europe/Berlin"' in page.text
    choices = {"LINKTRACK_CHECK_LINKS": "never", "LINKTRACK_PERSONAL_LINKS": "off"}
    send(browser, "reading", LINKTRACK_SYNC_HOURS="24", **choices)
    send(browser, "doors", LINKTRACK_DOORS=["yourls", "dub"])
    stored = read_stored(world.database.engine)
    assert stored == {
        ZONE: "Europe/Berlin",
        "LINKTRACK_CHECK_LINKS": "never",
        "LINKTRACK_DOORS": "yourls, dub",
    }
    send(browser, "doors")
    assert "LINKTRACK_DOORS" not in read_stored(world.database.engine)
    log = read(browser.get("/owner/activity"))
    assert "Changed the setting “Link checks” to never." in log


def test_a_mail_server_is_entered_in_parts_and_tried(sqlite_world: World) -> None:
    """They make one address; a server that doesn't answer is said on the page."""
    world = sqlite_world
    browser = Browser.signed_in(world)
    parts = {"host": "127.0.0.1", "security": "smtp", "port": "1", "user": "jo@example.org"}
    to = {"LINKTRACK_MAIL_TO": "me@example.org", "LINKTRACK_MAIL_FROM": ""}
    refused = send(browser, "mail", **{**parts, "LINKTRACK_MAIL_TO": "", "LINKTRACK_MAIL_FROM": ""})
    assert refused.status_code == 422
    assert "say who gets email" in read(refused)
    assert 'value="127.0.0.1"' in refused.text
    assert send(browser, "mail", **parts, **to).status_code == 303
    found = read_stored(world.database.engine)["LINKTRACK_SMTP_URL"]
    assert found == "smtp://jo%40example.org@127.0.0.1:1"
    page = browser.get(PAGE)
    assert 'value="jo@example.org"' in page.text
    tried = browser.send(f"{PAGE}/mail/test", {}, form=PAGE)
    assert tried.status_code == 422
    assert "There is no password for 127.0.0.1" in read(tried)
    send(browser, "mail", **{**parts, "user": ""}, **to)
    tried = browser.send(f"{PAGE}/mail/test", {}, form=PAGE)
    assert "did not take the email" in read(tried)
    send(browser, "mail", host="", security="smtps", port="", user="", **to)
    assert "LINKTRACK_SMTP_URL" not in read_stored(world.database.engine)


def test_the_page_asks_before_clicks_are_deleted(sqlite_world: World) -> None:
    """Nothing is stored until the box is ticked, and what was typed stays."""
    browser = Browser.signed_in(sqlite_world)
    days = {"LINKTRACK_KEEP_DAYS": "90", "LINKTRACK_JOURNAL_KEEP_DAYS": "7"}
    asked = send(browser, "keeping", **days)
    assert asked.status_code == 422
    assert "Delete older clicks for good" in read(asked)
    assert 'value="90"' in asked.text
    assert read_stored(sqlite_world.database.engine) == {}
    assert send(browser, "keeping", **days, confirmed="yes").status_code == 303
    assert read_stored(sqlite_world.database.engine) == {KEEP: "90"}


def test_the_page_says_what_the_environment_has_set(sqlite_world: World) -> None:
    """Without a field for it, and a form that sends it all the same changes nothing."""
    with of_environment(sqlite_world, TIMEZONE="Asia/Tokyo"):
        browser = Browser.signed_in(sqlite_world)
        page = browser.get(PAGE)
        assert "Set by LINKTRACK_TIMEZONE in the environment; change it there." in read(page)
        assert 'name="LINKTRACK_TIMEZONE"' not in page.text
        send(browser, "time", LINKTRACK_TIMEZONE="UTC")
        assert read_stored(sqlite_world.database.engine) == {}


def test_nobody_saves_over_a_setting_unseen(sqlite_world: World) -> None:
    """And an unknown group of settings is no page."""
    browser = Browser.signed_in(sqlite_world)
    old = re.findall(r'name="made_from" value="([^"]+)"', browser.get(PAGE).text)[1]
    change(sqlite_world, CONTACT="me@example.org")
    mine = {"LINKTRACK_CONTACT": "you@example.org", "LINKTRACK_ABUSE_CONTACT": ""}
    told = send(browser, "contact", **mine, made_from=old)
    assert told.status_code == 422
    assert "Contact: me@example.org" in read(told)
    assert send(browser, "nonsense").status_code == 404


def test_exports_and_backups_carry_what_is_stored(
    world: World, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """No secret is among it: passwords are never stored."""
    change(world, TIMEZONE="Europe/Berlin", KEEP_DAYS="90")
    stored = read_stored(world.database.engine)
    export_all(world.database, tmp_path / "all.zip", NOON)
    kind = "sqlite" if is_sqlite(world.database.engine) else "postgresql"
    make: Maker = request.getfixturevalue(f"{kind}_databases")
    with World.at(tmp_path / "other", make()) as other:
        import_all(other.database, tmp_path / "all.zip")
        assert read_stored(other.database.engine) == stored
    backup = tmp_path / "backup.tar.gz"
    back_up(installation(world), backup, {}, NOON)
    there = {"LINKTRACK_DATA": str(tmp_path / "third"), "LINKTRACK_DATABASE": make()}
    restore(load_settings(there), backup, {})
    database = Database(load_settings(there))
    assert read_stored(database.engine) == stored
    database.close()


def test_the_doctor_names_what_is_stored_and_not_used(sqlite_world: World) -> None:
    """With the reason, and what to do about it."""
    change(sqlite_world, TIMEZONE="Asia/Tokyo", KEEP_DAYS="90")
    settings = sqlite_world.settings
    environ = {
        "LINKTRACK_DATA": str(settings.data),
        "LINKTRACK_DATABASE": settings.database,
        "LINKTRACK_BASE_URL": settings.base_url,
    }
    looked = {each.name: each for each in examine(environ, NOON)}
    assert looked["stored settings"].remedy is None
    assert "Asia/Tokyo" in looked["figures by day"].says
    looked = {each.name: each for each in examine({**environ, ZONE: "UTC"}, NOON)}
    assert looked["stored settings"].says == f"{ZONE} is also set in the environment, which wins."
    assert (
        looked["stored settings"].remedy == f"linktrack setting unset {ZONE}, or set another value"
    )


@pytest.mark.slow
def test_a_running_service_follows_without_a_restart(tmp_path: Path) -> None:
    """The loader begins anew with the new zone, in the same process, and loses no click."""
    environ = environment(tmp_path / "data")
    zone = "Pacific/Kiritimati" if datetime.now(UTC).hour >= 11 else "Pacific/Pago_Pago"
    day = datetime.now(ZoneInfo(zone)).date().toordinal()  # never the one in UTC
    with serving(environ, tmp_path / "log") as server:
        path = a_link(environ)
        assert server.request(path, **BROWSER)[0] == 302
        assert loaded(environ) == 1
        done = command(environ, "setting", "set", "timezone", zone)
        assert done.returncode == 0, done.stderr
        assert "linktrack rebuild" in done.stdout
        for _ in range(25):
            assert server.request(path, **BROWSER)[0] == 302
            time.sleep(0.2)  # clicks go on while the loader begins anew
        assert loaded(environ) == 26
        assert command(environ, "rebuild").returncode == 0
        assert server.request(path, **BROWSER)[0] == 302
        assert loaded(environ) == 27
        with closing(sqlite3.connect(tmp_path / "data" / "linktrack.db")) as database:
            found = database.execute("SELECT day, sum(clicks) FROM link_days GROUP BY day")
            assert found.fetchall() == [(day, 27)]
        assert "The loader ended" not in (tmp_path / "log").read_text()

"""Where somebody is signed in: named, ended one by one, and told of by mail where it is new."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from browser import Browser, read
from commands import Run, good, parsed
from mailboxes import Mailbox, served
from mmdb_writer import MMDBWriter
from netaddr import IPSet
from servers import free_port
from sqlalchemy import select
from world import World

from linktrack.db import now
from linktrack.keys import load_keys
from linktrack.mail import mail_server
from linktrack.owners.access import create_owner, ever_signed_in, find_owner
from linktrack.owners.leaving import remove_owner
from linktrack.owners.models import OwnerSession
from linktrack.owners.passwords import hash_password, set_password
from linktrack.owners.signing_in.models import SignInMail
from linktrack.owners.signing_in.new_devices import device_mark, is_known, send_due

GOOD = "seven quiet herons"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
)
PROFILE = "/owner/profile"


def on_an_iphone(world: World) -> Browser:
    """Open a stranger's browser on a phone."""
    browser = Browser.on(world)
    browser.client.environ_base["HTTP_USER_AGENT"] = IPHONE
    return browser


def with_mail(world: World, where: str) -> World:
    """Return the installation with a mail server."""
    server = mail_server(f"smtp://{where}", "", "me@example.org")
    return replace(world, settings=replace(world.settings, mail=server))


def with_password(world: World, name: str = "Jesse") -> None:
    """Add an owner who has a password."""
    set_password(
        world.session, create_owner(world.session, name, now()), hash_password(GOOD), now()
    )
    world.session.commit()


def sign_in(browser: Browser, name: str = "Jesse") -> None:
    """Sign in with the password."""
    answer = browser.send("/owner/sign-in", {"name": name, "password": GOOD})
    assert answer.status_code == 303, read(answer)


def test_a_session_says_device_country_and_way_and_keeps_no_address(
    sqlite_world: World, tmp_path: Path
) -> None:
    """The country comes from the file that the owner gave; without one there is none."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True)
    germany = {"country": {"iso_code": "DE", "names": {"en": "Germany"}}}
    writer.insert_network(IPSet(["203.0.113.0/24"]), germany)
    writer.to_db_file(str(tmp_path / "countries.mmdb"))
    settings = replace(sqlite_world.settings, geoip=tmp_path / "countries.mmdb")
    world = replace(sqlite_world, settings=settings)
    with_password(world)
    phone = on_an_iphone(world)
    phone.client.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    sign_in(phone)
    page = read(phone.get(PROFILE))
    assert re.search(
        r"Safari on iOS, Germany Signed in .* with a password, until .* this browser", page
    )
    (stored,) = world.session.scalars(select(OwnerSession))
    assert "203.0.113" not in repr({name: str(value) for name, value in vars(stored).items()})
    nowhere = Browser.on(sqlite_world)
    sign_in(nowhere)
    assert "Unknown browser Signed in" in read(nowhere.get(PROFILE))


def test_one_other_browser_is_signed_out_by_its_owner_alone(world: World) -> None:
    """A viewer does it, too; nobody ends another person's session by its mark."""
    first, second = Browser.signed_in(world, "Jesse"), Browser.on(world)
    with_password(world, "Vera")
    sign_in(second, "Vera")
    phone = on_an_iphone(world)
    sign_in(phone, "Vera")
    marks = re.findall(r'name="session" value="(\w+)"', second.get(PROFILE).text)
    assert len(marks) == 1
    ending = f"{PROFILE}/sessions/end-one"
    assert first.send(ending, {"session": marks[0]}, form=PROFILE).status_code == 404
    assert phone.get("/owner/").status_code == 200
    assert second.send(ending, {"session": marks[0]}, form=PROFILE).status_code == 303
    assert phone.get("/owner/").status_code == 302
    assert second.get("/owner/").status_code == 200


def test_sessions_by_command(run: Run) -> None:
    """They are listed, and ended one by one or all."""
    good(run("owner", "create", "Jesse"))
    assert parsed(run("owner", "sessions", "--json")) == []
    assert "Jesse is signed out of 0 browsers." in good(run("owner", "sign-out", "Jesse"))
    refused = run("owner", "sign-out", "Jesse", "--session", "0123")
    assert refused.exit_code == 1
    assert "Jesse is no longer signed in with that browser." in refused.output


def test_a_mail_tells_of_a_new_device_once(world: World) -> None:
    """It says who, where and how; the same device signs in again without a mail."""
    box = Mailbox()
    with served(box) as where:
        mailing = with_mail(world, where)
        with_password(mailing)
        phone = on_an_iphone(mailing)
        sign_in(phone)
        assert send_due(world.database, mailing.settings.mail, now()) == 1
        assert send_due(world.database, mailing.settings.mail, now()) == 0
        phone.send("/owner/sign-out", {}, form="/owner/")
        sign_in(phone)
        assert send_due(world.database, mailing.settings.mail, now()) == 0
    mail = box.mail()
    assert mail["Subject"] == "Jesse signed in on a new device: go.jessestay.com"
    said = mail.get_content()
    assert "Jesse signed in to linktrack on go.jessestay.com with a password" in said
    assert "Safari on iOS" in said.splitlines()
    assert "(UTC)" in said


def test_a_mail_waits_for_a_server_that_is_away_for_a_day(world: World) -> None:
    """Where nobody listened nothing was sent: it is tried again. Then it is given up."""
    port = free_port()
    away = with_mail(world, f"127.0.0.1:{port}")
    with_password(away)
    sign_in(on_an_iphone(away))
    begun = now()
    assert send_due(world.database, away.settings.mail, begun) == 0
    assert send_due(world.database, away.settings.mail, begun + timedelta(minutes=9)) == 0
    box = Mailbox()
    with served(box) as where:
        back = with_mail(world, where).settings.mail
        assert send_due(world.database, back, begun + timedelta(minutes=11)) == 1
    assert len(box.envelopes) == 1
    sign_in(on_an_iphone(away))
    assert send_due(world.database, away.settings.mail, begun + timedelta(days=2)) == 0
    world.session.rollback()
    assert not world.session.scalars(select(SignInMail)).all()


def test_a_mail_that_a_server_was_given_is_never_sent_again(world: World) -> None:
    """Whether it took it or not, and also where the process died in between."""
    box = Mailbox(refused=["me@example.org"])
    with served(box) as where:
        mailing = with_mail(world, where)
        with_password(mailing)
        sign_in(on_an_iphone(mailing))
        assert send_due(world.database, mailing.settings.mail, now()) == 0
        box.refused = ()
        sign_in(on_an_iphone(mailing))
        (mail,) = world.session.scalars(select(SignInMail))
        mail.begun_at = now()  # as somebody left it who died while sending
        world.session.commit()
        later = now() + timedelta(hours=1)
        assert send_due(world.database, mailing.settings.mail, later) == 0
    assert box.envelopes == []


def test_without_a_mail_server_nothing_is_queued(sqlite_world: World) -> None:
    """Setting one up later mails nothing of the past."""
    with_password(sqlite_world)
    sign_in(on_an_iphone(sqlite_world))
    assert not sqlite_world.session.scalars(select(SignInMail)).all()


def test_a_device_is_known_as_one_persons(sqlite_world: World) -> None:
    """Its mark can't be made without the key, and says nothing of somebody added later."""
    session = sqlite_world.session
    markers = load_keys(sqlite_world.settings.data).markers()
    jesse, vera = (create_owner(session, name, now()) for name in ("Jesse", "Vera"))
    content = device_mark(markers, jesse)
    assert is_known(markers, jesse, f"a=b; device-{jesse.id}={content}")
    assert not is_known(markers, vera, f"device-{vera.id}={content}")
    forged = content[:-1] + ("0" if content[-1] != "0" else "1")
    assert not is_known(markers, jesse, f"device-{jesse.id}={forged}")
    jesse.created_at += timedelta(days=1)  # somebody else, under the number of one who left
    assert not is_known(markers, jesse, f"device-{jesse.id}={content}")


def test_an_installation_whose_people_were_removed_was_signed_in_to(world: World) -> None:
    """So the next start prints no sign-in link that nobody asked for."""
    assert not ever_signed_in(world.session)
    Browser.signed_in(world, "Jesse")
    create_owner(world.session, "Vera", now())
    remove_owner(world.session, find_owner(world.session, "Jesse"), now())
    world.session.commit()
    assert ever_signed_in(world.session)

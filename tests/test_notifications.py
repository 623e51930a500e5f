"""Notifications: digests by mail and by Apprise, sent by the service itself, where they may go."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import psutil
import pytest
from audiences import take
from browser import Browser, read
from databases import Maker
from mailboxes import Mailbox, served
from receiving import Receiver
from servers import answer, command, environment, serving
from sqlalchemy import select, text, update
from waiting import wait_until
from world import NOON, World

from linktrack.db import Database
from linktrack.errors import Invalid
from linktrack.keys import load_keys, seal
from linktrack.mail import mail_server
from linktrack.outside.apprise_process import Watch
from linktrack.outside.messenger import send_message, service_of
from linktrack.owners.access import create_owner
from linktrack.owners.models import Owner
from linktrack.owners.viewers import set_role
from linktrack.settings import LOOPBACK, load_settings
from linktrack.upkeep.health.attention import waiting
from linktrack.webhooks.catalog import last_deliveries, send_test
from linktrack.webhooks.deliver import LEASE
from linktrack.webhooks.dispatch import Dispatcher
from linktrack.webhooks.models import Delivery, Webhook
from linktrack.webhooks.recipients import Address, Wish, add_recipient, read_address

KEY = bytes(range(32))
MAIL = Address("mail", "me@example.org")
PAGE = "/owner/notifications"
TUESDAY = datetime(2026, 5, 12, 7, tzinfo=UTC)


@pytest.fixture
def box(world: World) -> Iterator[Mailbox]:
    """A mail server that the world's mail goes to."""
    box = Mailbox()
    with served(box) as where:
        mail = mail_server(f"smtp://{where}", "", "owner@example.org")
        world.database.settings = replace(world.settings, mail=mail)
        yield box


def tell(world: World, at: datetime, key: bytes = KEY) -> int:
    """Make one pass of the service at a moment; return how many messages arrived."""
    return Dispatcher(world.database, world.shortener, key, LOOPBACK, lambda: at).dispatch()


def add(world: World, address: Address = MAIL, *messages: str, **more: Any) -> Webhook:
    """Tell somebody something from noon on."""
    recipient = add_recipient(world.session, KEY, Wish(address, messages, **more), NOON)
    world.session.commit()
    return recipient


def test_digests_go_out_at_their_hour_each_once(world: World, box: Mailbox) -> None:
    """A week's on Tuesday at seven, whichever machine is first, and however often it restarts."""
    account = world.account()
    world.post(account, "http://one.com/", NOON)
    add(world)
    assert tell(world, TUESDAY - timedelta(seconds=1)) == 0
    assert [tell(world, TUESDAY) for _ in range(3)] == [1, 0, 0]
    assert tell(world, TUESDAY + timedelta(days=6)) == 0
    mail = box.mail()
    assert (mail["To"], mail["Subject"]) == (
        "me@example.org",
        "Clicks of the week to 10 May 2026: @JessesLinks",
    )
    assert "@JessesLinks, week from 4 May 2026 to 10 May 2026" in mail.get_content()
    assert "https://go.jessestay.com/owner/digest" in mail.get_content()
    assert tell(world, datetime(2026, 6, 2, 7, tzinfo=UTC)) == 2, "a week's and May's"
    subjects = {Mailbox.read(each)["Subject"] for each in box.envelopes[1:]}
    assert subjects == {
        "Clicks of the week to 31 May 2026: @JessesLinks",
        "Clicks of the month to 31 May 2026: @JessesLinks",
    }


def test_the_hour_is_that_of_the_owners_clock(sqlite_world: World, receiver: Receiver) -> None:
    """And a digest is of the accounts that somebody is told of."""
    world = sqlite_world
    mine = world.account("@mine")
    world.account("@other")
    berlin = replace(world.settings, timezone=ZoneInfo("Europe/Berlin"))
    world.database.settings = berlin
    to = Address("apprise", "JSON", f"json://127.0.0.1:{receiver.port}/x")
    add(world, to, "digest.weekly", account_id=mine.id, hour=9)
    assert tell(world, TUESDAY - timedelta(seconds=1)) == 0
    assert tell(world, TUESDAY) == 1  # nine in Berlin
    (told,) = receiver.events()
    assert told["title"] == "Clicks of the week to 10 May 2026: @mine"
    assert "@other" not in str(told["message"])


def test_a_daily_digest_names_people_and_only_who_chose_it_gets_it(
    world: World, box: Mailbox
) -> None:
    """Of the day before, at the chosen hour."""
    account = world.account()
    take(world, account, -1, ["ann", "bob"])
    take(world, account, 0, ["bob", "cleo"])
    add(world, MAIL, "digest.daily", hour=9)
    add(world, Address("mail", "usual@example.org"), "alert.raised", "digest.monthly")
    assert tell(world, NOON) == 0
    tomorrow = NOON + timedelta(days=1)
    assert [tell(world, tomorrow), tell(world, tomorrow)] == [1, 0]
    mail = box.mail()
    assert mail["To"] == "me@example.org"
    assert "ann" in mail.get_content()
    assert "cleo" in mail.get_content()
    assert "bob" not in mail.get_content()


def test_a_digest_of_before_somebody_was_added_is_not_sent(world: World, box: Mailbox) -> None:
    """The next one is the first."""
    world.account()
    recipient = add(world)
    recipient.created_at = TUESDAY + timedelta(hours=1)
    world.session.commit()
    assert tell(world, TUESDAY + timedelta(hours=2)) == 0
    assert tell(world, TUESDAY + timedelta(days=7)) == 1


def test_a_mail_that_was_sent_and_not_written_down_is_sent_again(
    world: World, box: Mailbox
) -> None:
    """At least once: with the same Message-ID, by which mail programs know it."""
    world.account()
    add(world)
    assert tell(world, TUESDAY) == 1
    with world.database.session(writes=True) as session:  # as one who died leaves it
        delivery = session.scalars(select(Delivery)).one()
        delivery.delivered_at, delivery.next_at = None, TUESDAY + LEASE
        session.commit()
    assert tell(world, TUESDAY + LEASE - timedelta(seconds=1)) == 0
    assert tell(world, TUESDAY + LEASE) == 1
    first, second = (Mailbox.read(each)["Message-ID"] for each in box.envelopes)
    assert first == second == f"<msg_{delivery.id}@go.jessestay.com>"


def test_one_that_fails_holds_no_other_up_and_is_said(
    sqlite_world: World, receiver: Receiver
) -> None:
    """What is to do names it, with the reason, until a message arrives."""
    world = sqlite_world
    account = world.account()
    good = add(world, Address("apprise", "JSON", f"json://127.0.0.1:{receiver.port}/x"))
    bad = add(world, Address("apprise", "ntfy: phone", "ntfy://127.0.0.1:1/secret-topic"))
    without = add(world)
    for recipient in (good, bad, without):
        send_test(world.session, recipient, NOON)
    world.session.commit()
    assert tell(world, NOON) == 1
    needs = [each.sentence for each in waiting(world.session, world.settings, [account.id], NOON)]
    told = [sentence for sentence in needs if "did not arrive" in sentence]
    by_ntfy, by_mail = (sentence.split(" did not arrive: ") for sentence in told)
    assert by_ntfy == [
        "A notification by ntfy: phone",
        "The service could not be reached, or did not take it.",
    ]
    assert by_mail == [
        "A notification by email",
        "No mail server is set: choose one on the page Server.",
    ]
    receiver.status = 403
    send_test(world.session, good, NOON)
    world.session.commit()
    tell(world, NOON)
    world.session.expire_all()
    said = last_deliveries(world.session)[good.id].answer
    assert said == "The service answered with status 403."


def test_an_apprise_address_is_kept_sealed_and_shown_nowhere(
    sqlite_world: World, receiver: Receiver
) -> None:
    """Added on the page, it gets a test at once; neither page nor database nor log has it."""
    world = sqlite_world
    key = load_keys(world.settings.data).sealing()
    browser = Browser.signed_in(world)
    world.account()
    assert "No recipients yet" in read(browser.get(PAGE))
    telegram = "tgram://123456789:AAbbccddeeffgghhiijjkkllmmnnooppqqr/42"
    form: dict[str, str | list[str]] = {"to": telegram, "name": "My phone", "messages": []}
    assert browser.send(PAGE, form).status_code == 303
    page = browser.get(PAGE)
    assert "Telegram: My phone" in read(page)
    assert "Test waiting to be sent" in read(browser.get(f"{PAGE}/1"))
    recipient = world.session.scalars(select(Webhook)).one()
    recipient.sealed_secret = seal(key, f"json://127.0.0.1:{receiver.port}/x")
    world.session.commit()
    tell(world, datetime.now(UTC) + timedelta(seconds=1), key)
    assert receiver.events()[0]["message"] == "Notifications arrive here."
    assert "delivered" in read(browser.get(PAGE))
    world.session.rollback()
    rows = [
        str(row)
        for table in ("webhooks", "webhook_deliveries", "audit_entries")
        for row in world.session.execute(text(f"SELECT * FROM {table}"))
    ]
    pages = [browser.get(path).text for path in (PAGE, f"{PAGE}/1", "/owner/audit")]
    assert not [where for where in (*rows, *pages) if "AAbb" in where or "json://" in where]
    assert browser.get("/owner/webhooks/1").status_code == 404
    assert browser.send(f"{PAGE}/1/remove", {}, f"{PAGE}/1").status_code == 303
    assert browser.get(f"{PAGE}/1").status_code == 404


def test_what_is_wrong_with_an_address_is_said_in_the_form(sqlite_world: World) -> None:
    """With what was typed; a viewer has neither the page nor its line."""
    world = sqlite_world
    browser = Browser.signed_in(world)
    for to, sentence in (
        ("nobody", "is not an email address"),
        ("me@example.org", "No mail server is set"),
        ("nonsense://x", "Apprise doesn't know this address"),
        ("json://10.0.0.1/", "LINKTRACK_WEBHOOK_NETWORKS"),
    ):
        refused = browser.send(PAGE, {"to": to, "messages": []})
        assert (refused.status_code, sentence in read(refused)) == (422, True), to
        assert f'value="{to}"' in refused.text
    assert "Notifications" in read(browser.get("/owner/accounts"))
    create_owner(world.session, "Somebody else", NOON)
    owner = world.session.scalars(select(Owner).where(Owner.name == "Jesse")).one()
    set_role(world.session, owner, "viewer", datetime.now(UTC))
    world.session.commit()
    assert browser.get(PAGE).status_code == 403
    assert "Notifications" not in read(browser.get("/owner/accounts"))


@pytest.mark.parametrize(
    "address",
    [
        *("syslog://", "dbus://", "gnome://", "windows://", "macosx://", "kde://", "qt://"),
        *("mailto://u:p@gmail.com", "json://127.0.0.1/", "ntfy://[::1]/t", "xml://192.168.1.1/"),
        *("json://[::ffff:10.0.0.1]/", "file:///etc/passwd", "", "https://", "x" * 3000),
    ],
)
def test_addresses_of_this_house_are_refused_when_added(address: str) -> None:
    """Whatever shows messages on the machine itself, and private addresses as they are written."""
    with pytest.raises(Invalid):
        service_of(address)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433"])
def test_a_host_is_judged_by_what_it_stands_for_when_something_is_sent(
    receiver: Receiver, host: str
) -> None:
    """A private address is connected to only if the owner has named its network."""
    url = f"json://{host}:{receiver.port}/x"
    refused = send_message(url, "title", "text")
    assert not refused.is_sent
    assert "127.0.0.1 is not a public address: name its network" in refused.said
    assert receiver.heard == []
    assert send_message(url, "title", "text", LOOPBACK).is_sent
    assert len(receiver.heard) == 1


def test_a_redirect_into_the_house_is_not_followed(receiver: Receiver) -> None:
    """The address that is connected to counts, whoever names it."""
    receiver.status = 307
    sent = send_message(f"json://127.0.0.2:{receiver.port}/x", "title", "text", LOOPBACK[:0])
    assert not sent.is_sent
    assert receiver.heard == []


def test_no_file_is_read_for_a_message(tmp_path: Path) -> None:
    """Whatever an address names: it opens what Python needs, and nothing of the owner's."""
    watch = Watch([])
    (tmp_path / "keys.json").write_text("{}")
    for event, arguments in (
        ("open", (str(tmp_path / "keys.json"), "r", os.O_RDONLY)),
        ("open", (str(tmp_path / "new"), "w", os.O_WRONLY | os.O_CREAT)),
        ("open", ("/etc/passwd", "r", os.O_RDONLY)),
        ("open", (os.__file__, "w", os.O_WRONLY)),
        ("subprocess.Popen", ("sh", [], None, None)),
        ("socket.bind", (None, ("0.0.0.0", 80))),  # noqa: S104 - refused
        ("socket.connect", (None, "/run/docker.sock")),
        ("socket.connect", (None, ("a-name", 80))),
        ("socket.connect", (None, ("::ffff:10.0.0.1", 80, 0, 0))),
        ("socket.sendto", (None, ("169.254.169.254", 80))),
    ):
        with pytest.raises(PermissionError):
            watch(event, arguments)
    watch("open", (os.__file__, "r", os.O_RDONLY))
    watch("socket.connect", (None, ("93.184.216.34", 443)))
    assert watch.refused == "169.254.169.254"


def test_a_service_that_never_answers_is_given_up_in_time(receiver: Receiver) -> None:
    """Its process is ended."""
    sent = send_message("json://127.0.0.1:1/x", "title", "text", LOOPBACK, seconds=0.01)
    assert (sent.is_sent, sent.said) == (False, "It took longer than 0 seconds.")


def test_messages_and_hours_are_checked(sqlite_world: World) -> None:
    """No message means all of them."""
    world = sqlite_world
    assert add(world).events == "alert.raised digest.weekly digest.monthly"
    for wish in (Wish(MAIL, ["nothing"]), Wish(MAIL, hour=24)):
        with pytest.raises(Invalid):
            add_recipient(world.session, KEY, wish, NOON)
    with pytest.raises(Invalid, match="Say where to"):
        read_address(" ")


@pytest.mark.slow
def test_a_running_service_sends_and_one_that_is_killed_sends_again(
    sqlite_databases: Maker, tmp_path: Path, receiver: Receiver
) -> None:
    """Kill -9 after the mail server took it, before that is written down: a second, equal mail."""

    class Killing(Mailbox):
        pids: ClassVar[list[int]] = []

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            self.envelopes.append(envelope)
            for pid in self.pids:
                os.kill(pid, signal.SIGKILL)
            self.pids.clear()
            return "250 OK"

    box = Killing()
    with served(box) as where:
        environ = environment(
            tmp_path / "data",
            sqlite_databases(),
            LINKTRACK_WEBHOOK_NETWORKS="127.0.0.0/8",
            LINKTRACK_SMTP_URL=f"smtp://{where}",
            LINKTRACK_MAIL_TO="owner@example.org",
        )
        command(environ, "account", "add", "@JessesLinks", "--network", "x")
        to = f"json://127.0.0.1:{receiver.port}/x"
        assert answer(environ, "notify", "add", to)["to"] == "JSON"
        command(environ, "notify", "add", "me@example.org")
        with serving(environ, tmp_path / "log") as server:
            command(environ, "notify", "test", "1")
            wait_until(lambda: receiver.heard, 90)
            family = psutil.Process(server.process.pid).children(recursive=True)
            box.pids.extend(each.pid for each in family if "load" in each.cmdline())
            command(environ, "notify", "test", "2")
            wait_until(lambda: box.envelopes, 90)
            forget_lease(environ)
            wait_until(lambda: len(box.envelopes) == 2, 90)
            wait_until(lambda: _last(environ)["delivered_at"], 90)
    ids = {Mailbox.read(each)["Message-ID"] for each in box.envelopes}
    assert len(ids) == 1
    assert "json://" not in (tmp_path / "log").read_text()
    assert [row["to"] for row in answer(environ, "notify", "list")] == ["JSON", "me@example.org"]
    command(environ, "notify", "remove", "1")


def _last(environ: dict[str, str]) -> dict[str, Any]:
    rows: list[dict[str, Any]] = answer(environ, "notify", "list")
    return rows[-1]


def forget_lease(environ: dict[str, str]) -> None:
    """Let what was being sent be due, as it is five minutes later."""
    database = Database(load_settings(environ))
    with database.session(writes=True) as session:
        session.execute(
            update(Delivery).where(Delivery.delivered_at.is_(None)).values(next_at=NOON)
        )
        session.commit()
    database.close()

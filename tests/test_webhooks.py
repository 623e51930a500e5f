"""Webhooks: told once, signed, again until heard, and never sent where they must not go."""

import base64
import hashlib
import hmac
import ipaddress
import json
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from browser import Browser, read
from click.testing import CliRunner
from clicking import FIREFOX, START
from databases import Maker
from hypothesis import given
from hypothesis import strategies as st
from office import Office
from receiving import Receiver
from servers import answer, command, environment, serving
from sqlalchemy import select
from waiting import wait_until
from world import NOON, World

from linktrack.audience.counts import record_count
from linktrack.cli import main
from linktrack.clicks.records import ClickRecord
from linktrack.db import now, to_ms
from linktrack.errors import Invalid
from linktrack.keys import load_keys, seal, unseal
from linktrack.outside.addresses import is_allowed
from linktrack.outside.finding import Guard
from linktrack.outside.visit import Limits
from linktrack.owners.access import create_owner
from linktrack.owners.models import Owner
from linktrack.owners.sharing import share_report
from linktrack.owners.viewers import set_role
from linktrack.reports.cpf import cpf_report, total_json
from linktrack.settings import LOOPBACK
from linktrack.webhooks.addresses import check_url
from linktrack.webhooks.catalog import EVENTS, add_webhook, send_test
from linktrack.webhooks.deliver import WAITS
from linktrack.webhooks.dispatch import Dispatcher
from linktrack.webhooks.events import is_jump, milestone
from linktrack.webhooks.models import Delivery, Webhook
from linktrack.webhooks.signing import OTHER_KEYS
from linktrack.webhooks.ways import post

KEY = bytes(range(32))
LIMITS = Limits(10, 1_000, is_cut=True)


class Telling:
    """A dispatcher with a clock that the test moves."""

    def __init__(self, world: World, receiver: Receiver, *events: str) -> None:
        self.world = world
        self.now = NOON
        _, self.secret = add_webhook(
            world.session, KEY, receiver.url, events, None, now=NOON, allowed=LOOPBACK
        )
        world.session.commit()
        self.dispatcher = Dispatcher(
            world.database, world.shortener, KEY, LOOPBACK, lambda: self.now
        )

    def tell(self, **later: int) -> int:
        self.now += timedelta(**later)
        return self.dispatcher.dispatch()

    def deliveries(self) -> list[Delivery]:
        self.world.session.expire_all()
        found = list(self.world.session.scalars(select(Delivery).order_by(Delivery.id)))
        self.world.session.rollback()
        return found


def test_a_wrapped_post_is_told_once_and_signed(world: World, receiver: Receiver) -> None:
    """The body is POST posts' answer with its account; the signature is Standard Webhooks'."""
    account = world.account()
    world.post(account, "http://before.com/")
    telling = Telling(world, receiver, "post.wrapped")
    made = world.post(account, "http://one.com/", NOON)
    assert (telling.tell(), telling.tell(), telling.tell(minutes=30)) == (1, 0, 0)
    ((headers, body),) = receiver.heard
    told = json.loads(body)
    assert told["type"] == "post.wrapped"
    assert told["data"]["account"]["handle"] == "@JessesLinks"
    assert told["data"]["links"][0]["code"] == made.links[0].code
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    key = base64.b64decode(telling.secret.removeprefix("whsec_"))
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"
    assert int(headers["webhook-timestamp"]) == int(NOON.timestamp())


def test_what_is_not_heard_is_sent_again_later_and_later(
    sqlite_world: World, receiver: Receiver
) -> None:
    """With the same id and body; after the last wait it is given up, and that is written down."""
    world = sqlite_world
    telling = Telling(world, receiver, "post.wrapped")
    world.post(world.account(), "http://one.com/", NOON)
    receiver.status = 500
    assert telling.tell() == 0
    assert telling.tell(seconds=59) == 0
    assert len(receiver.heard) == 1
    for wait in WAITS:
        telling.now += wait
        telling.tell()
    assert len(receiver.heard) == 1 + len(WAITS)
    assert len({(headers["webhook-id"], body) for headers, body in receiver.heard}) == 1
    (given_up,) = telling.deliveries()
    assert (given_up.next_at, given_up.delivered_at, given_up.answer) == (None, None, "status 500")
    assert telling.tell(days=30) == 0


def test_what_was_sent_is_forgotten_after_a_month(world: World, receiver: Receiver) -> None:
    """And told again by nothing; what is still due stays, however old it is."""
    account = world.account()
    telling = Telling(world, receiver, "post.wrapped", "clicks.milestone", "followers.jumped")
    for hours, people in ((-1, 1_000), (1, 2_000)):
        at = NOON + timedelta(hours=hours)
        record_count(world.session, account, people, at, "entered", now=NOON + timedelta(hours=1))
    made = world.post(account, "http://one.com/", NOON)
    begin, link = to_ms(NOON), made.links[0].id
    world.click([ClickRecord(begin + i * 60_000, link, FIREFOX, None, i) for i in range(12)])
    world.session.rollback()
    assert telling.tell() == 3
    assert telling.tell(days=29) == 0
    assert all(each.body for each in telling.deliveries())
    receiver.status = 500
    world.post(account, "http://two.com/", NOON + timedelta(days=29))
    for _ in range(2):  # the second one falls due again, a month later
        telling.tell(days=31)
    assert [(each.event, bool(each.body), each.attempts) for each in telling.deliveries()] == [
        ("clicks.milestone", False, 1),
        ("followers.jumped", False, 1),
        ("post.wrapped", True, 2),
    ]


def test_a_redirect_is_not_followed(sqlite_world: World, receiver: Receiver) -> None:
    """It might lead into the house."""
    world = sqlite_world
    telling = Telling(world, receiver, "post.wrapped")
    world.post(world.account(), "http://one.com/", NOON)
    receiver.status = 307
    assert telling.tell() == 0
    assert len(receiver.heard) == 1
    receiver.status = 204
    assert telling.tell(minutes=1) == 1


def test_milestones_jumps_and_digests_are_told(world: World, receiver: Receiver) -> None:
    """Each once; what was before the webhook is not news."""
    account = world.account()
    record_count(world.session, account, 1_000, NOON - timedelta(days=9), "entered", now=NOON)
    old = world.post(account, "http://old.com/")
    world.click([ClickRecord(START - 1, old.links[0].id, FIREFOX, "//t.co", n) for n in range(60)])
    telling = Telling(world, receiver, "clicks.milestone", "followers.jumped", "digest.weekly")
    made = world.post(account, "http://one.com/", NOON)
    link = made.links[0].id
    world.click([ClickRecord(START + 1, link, FIREFOX, "//t.co", n) for n in range(9)])
    soon = NOON + timedelta(hours=1)
    record_count(world.session, account, 1_049, soon, "entered", now=soon)
    world.session.commit()
    assert telling.tell() == 0
    world.click([ClickRecord(START + 2, link, FIREFOX, "//t.co", n) for n in range(9, 55)])
    later = NOON + timedelta(hours=2)
    record_count(world.session, account, 1_120, later, "entered", now=later)
    world.session.commit()
    assert telling.tell() == 2
    told = {str(event["type"]): event["data"] for event in receiver.events()}
    milestone_data, jump = told["clicks.milestone"], told["followers.jumped"]
    assert isinstance(milestone_data, dict)
    assert isinstance(jump, dict)
    assert (milestone_data["post"], milestone_data["milestone"]) == (made.id, 50)
    assert (jump["before"], jump["followers"]) == (1_049, 1_120)
    assert telling.tell(days=6) == 0  # Sunday
    world.post(account, "http://late.com/", telling.now + timedelta(hours=11))
    assert telling.tell(days=1) == 0, "the posts of Sunday are still counting"
    assert telling.tell(days=1) == 1
    digest = receiver.events()[-1]["data"]
    assert isinstance(digest, dict)
    assert (digest["from"], digest["to"]) == ("2026-05-04T00:00:00Z", "2026-05-11T00:00:00Z")
    assert digest["total"]["unique_clicks"] == 115
    assert (digest["total"]["posts"], digest["total"]["still_counting"]["posts"]) == (3, 0)
    assert digest["window"] == "24h"
    week = NOON.replace(hour=0)
    again = cpf_report(
        world.session,
        account,
        window="24h",
        since=week,
        until=week + timedelta(days=7),
        now=telling.now,
    )
    assert digest["total"] == total_json(again.total)
    assert telling.tell(days=1) == 0


def test_a_post_that_could_not_be_published_is_told(world: World, receiver: Receiver) -> None:
    """With the reason, once each time it is given up."""
    office = Office(world)
    account = world.account()
    office.network.faults = ["refuses"] * 3
    telling = Telling(world, receiver, "post.failed")
    post = office.draft(account)
    office.enqueue(post)
    office.send(hours=1)
    assert (telling.tell(hours=1), telling.tell()) == (1, 0)
    (told,) = receiver.events()
    assert told["type"] == "post.failed"
    data = told["data"]
    assert isinstance(data, dict)
    assert (data["post"], data["text"], data["in_doubt"]) == (post.id, post.text, False)
    assert data["problem"] == "The network does not take this text."
    assert data["account"]["handle"] == "@JessesLinks"
    office.enqueue(post)
    office.send(hours=1)
    assert telling.tell(hours=1) == 1
    assert len(receiver.events()) == 2


def test_a_webhook_of_one_account_hears_of_no_other(
    sqlite_world: World, receiver: Receiver
) -> None:
    """Neither posts nor counts."""
    world = sqlite_world
    mine, other = world.account("@mine"), world.account("@other")
    add_webhook(world.session, KEY, receiver.url, (), mine.id, now=NOON, allowed=LOOPBACK)
    world.session.commit()
    for account in (mine, other):
        world.post(account, "http://one.com/", NOON)
    dispatcher = Dispatcher(world.database, world.shortener, KEY, LOOPBACK, lambda: NOON)
    assert dispatcher.dispatch() == 1
    assert [event["data"]["account"]["handle"] for event in receiver.events()] == ["@mine"]  # type: ignore[index]


def test_two_processes_do_not_send_the_same(world: World, receiver: Receiver) -> None:
    """Who takes a delivery has it for five minutes."""
    telling = Telling(world, receiver, "post.wrapped")
    world.post(world.account(), "http://one.com/", NOON)
    other = Dispatcher(world.database, world.shortener, KEY, LOOPBACK, lambda: NOON)
    threads = [threading.Thread(target=each.dispatch) for each in (telling.dispatcher, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    telling.tell()
    assert len(receiver.heard) == 1


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1",  # noqa: S104
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    """Also in IPv6's ways to write them; unless the owner names the network."""
    parsed = ipaddress.ip_address(address)
    assert not is_allowed(parsed, ())
    written = f"http://[{address}]/" if ":" in address else f"http://{address}/"
    with pytest.raises(Invalid, match="LINKTRACK_WEBHOOK_NETWORKS"):
        check_url(written, ())
    assert is_allowed(
        parsed, (ipaddress.ip_network(f"{address}/32" if parsed.version == 4 else address),)
    )


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::808:808"])
def test_public_addresses_are_taken(address: str) -> None:
    """As they are."""
    assert is_allowed(ipaddress.ip_address(address), ())


@pytest.mark.parametrize(
    "written",
    [
        "ftp://a.com/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://user:x@a.com/",
        "",
        "http://a.com/#x",
    ],
)
def test_other_addresses_are_refused_when_added(written: str) -> None:
    """Other ways to write loopback are read as browsers read them."""
    with pytest.raises(Invalid):
        check_url(written, ())


def test_a_name_is_judged_by_what_it_stands_for_when_it_is_sent(
    sqlite_world: World, receiver: Receiver
) -> None:
    """`localhost` may be added, and is refused then; the sentence is in the list of deliveries."""
    world = sqlite_world
    assert check_url("http://localhost/", ()) == "http://localhost/"
    refused = post("http://localhost/", {}, "{}", LIMITS, Guard())
    assert not refused.is_delivered
    assert "not a public address" in refused.said
    port = receiver.port
    telling = Telling(world, receiver, "post.wrapped")
    with world.session.begin():
        world.session.scalars(select(Webhook)).one().url = f"http://localhost:{port}/"
    world.post(world.account(), "http://one.com/", NOON)
    strict = Dispatcher(world.database, world.shortener, KEY, (), lambda: NOON)
    assert strict.dispatch() == 0
    assert receiver.heard == []
    assert "not a public address" in (telling.deliveries()[0].answer or "")


def test_the_checked_address_is_the_one_connected_to(receiver: Receiver) -> None:
    """The name goes into Host; it is not looked up again."""
    port = receiver.port
    found = ["127.0.0.1"]  # popped: a second look-up would fail
    guard = Guard(lambda address: address.is_loopback, lookup=lambda *_: [found.pop()])
    url = f"http://name.invalid:{port}/x?y=1"
    assert post(url, {"webhook-id": "m"}, "{}", LIMITS, guard).said == "status 200"
    headers, _ = receiver.heard[0]
    assert headers["host"] == f"name.invalid:{port}"


@given(st.text())
def test_secrets_are_sealed(secret: str) -> None:
    """Nothing of them shows, and another key opens nothing."""
    encodable = secret.encode("utf-8", "replace").decode()
    sealed = seal(KEY, encodable)
    assert unseal(KEY, sealed, OTHER_KEYS) == encodable
    with pytest.raises(Invalid):
        unseal(bytes(32), sealed, OTHER_KEYS)


def test_the_thresholds() -> None:
    """10, 50, 100, 500 …; 5 % and 50 people."""
    found = [milestone(people) for people in (0, 9, 10, 49, 50, 99, 100, 499, 500, 1234, 70_000)]
    assert found == [0, 0, 10, 10, 50, 50, 100, 100, 500, 1_000, 50_000]
    jumps = [is_jump(*pair) for pair in ((10, 59), (10, 60), (2_000, 2_099), (2_000, 1_900))]
    assert jumps == [False, True, False, True]


def test_a_test_is_sent_whatever_is_asked_for(world: World, receiver: Receiver) -> None:
    """Signed and sent again like everything else; another test is another message."""
    telling = Telling(world, receiver, "digest.weekly")
    webhook = world.session.scalars(select(Webhook)).one()
    send_test(world.session, webhook, NOON)
    send_test(world.session, webhook, NOON)
    world.session.commit()
    assert telling.tell() == 2
    assert [event["type"] for event in receiver.events()] == ["webhook.test"] * 2
    assert receiver.events()[0]["data"] == {"webhook": webhook.id, "events": ["digest.weekly"]}
    assert {each.answer for each in telling.deliveries()} == {"status 200"}
    assert telling.tell(hours=1) == 0


def test_what_kept_a_message_away_is_said_in_words(world: World, receiver: Receiver) -> None:
    """A closed port and an unknown name, as far as machines give them."""
    telling = Telling(world, receiver, "post.wrapped")
    webhook = world.session.scalars(select(Webhook)).one()
    for url, sentence in (
        ("http://127.0.0.1:1/", "Nobody listens there: the connection was refused."),
        ("http://nowhere.invalid/", "The name of the host is not known ("),
    ):
        webhook.url = url
        send_test(world.session, webhook, telling.now)
        world.session.commit()
        telling.tell()
        assert (telling.deliveries()[-1].answer or "").startswith(sentence)


def test_an_owner_adds_tests_and_removes_webhooks_on_the_page(
    world: World, receiver: Receiver
) -> None:
    """The secret is on one answer; the page of a webhook says what was answered and when next."""
    browser = Browser.signed_in(world)
    world.account()
    assert "No webhooks yet" in read(browser.get("/owner/webhooks"))
    form: dict[str, str | list[str]] = {
        "url": "https://example.com/hook/s3cret",
        "events": ["post.wrapped"],
        "account": "1",
    }
    wrong = browser.send("/owner/webhooks", form | {"url": "http://127.0.0.1/"})
    assert (wrong.status_code, "public address" in read(wrong)) == (422, True)
    made = browser.send("/owner/webhooks", form)
    secret = made.text.split('id="secret">')[1].split("<")[0]
    assert secret.startswith("whsec_")
    page = browser.get("/owner/webhooks")
    assert secret not in page.text
    told = "https://example.com/hook/s3cret post.wrapped @JessesLinks nothing sent yet"
    assert told in read(page)

    path = "/owner/webhooks/1"
    assert browser.send(f"{path}/test", {}, path).status_code == 303
    assert "webhook.test waiting to be sent within seconds" in read(browser.get(path))
    webhook = world.session.scalars(select(Webhook)).one()
    webhook.url = receiver.url
    key = load_keys(world.settings.data).sealing()
    world.session.commit()
    receiver.status = 500
    later = now() + timedelta(seconds=1)
    Dispatcher(world.database, world.shortener, key, LOOPBACK, lambda: later).dispatch()
    assert "failing 1 try, next" in read(browser.get(path))
    assert "status 500" in read(browser.get(path))
    receiver.status = 200
    later += timedelta(minutes=2)
    Dispatcher(world.database, world.shortener, key, LOOPBACK, lambda: later).dispatch()
    assert "delivered" in read(browser.get("/owner/webhooks"))
    assert "status 200" in read(browser.get(path))

    assert browser.send(f"{path}/remove", {}, path).status_code == 303
    assert "is removed" in read(browser.get("/owner/webhooks"))
    assert browser.get(path).status_code == 404


def test_a_viewer_sees_no_whole_address_of_a_webhook(sqlite_world: World) -> None:
    """It often holds a secret of the receiver."""
    world = sqlite_world
    browser = Browser.signed_in(world)
    add_webhook(world.session, KEY, "https://example.com/hook/s3cret", (), None, now=NOON)
    create_owner(world.session, "Somebody else", NOON)
    owner = world.session.scalars(select(Owner).where(Owner.name == "Jesse")).one()
    set_role(world.session, owner, "viewer", now())
    world.session.commit()
    for path in ("/owner/webhooks", "/owner/webhooks/1"):
        page = browser.get(path)
        assert page.status_code == 200
        assert "example.com" in page.text
        assert "s3cret" not in page.text


def test_a_limited_viewer_sees_the_webhooks_of_their_accounts(sqlite_world: World) -> None:
    """Neither those of another account nor those of all, by number either; shared reports alike."""
    world = sqlite_world
    shown, hidden = world.account(), world.account("@hidden")
    for name, number in (("shown", shown.id), ("hidden", hidden.id), ("all", None)):
        add_webhook(world.session, KEY, f"https://{name}.example/", (), number, now=NOON)
    share_report(world.session, hidden.id, 99, now())
    browser = Browser.signed_in(world, "Vic")
    create_owner(world.session, "Jesse", NOON)
    vic = world.session.scalars(select(Owner).where(Owner.name == "Vic")).one()
    set_role(world.session, vic, "viewer", now(), [shown.id])
    world.session.commit()
    page = read(browser.get("/owner/webhooks"))
    assert "shown.example" in page
    assert "hidden.example" not in page
    assert "all.example" not in page
    statuses = [browser.get(f"/owner/webhooks/{number}").status_code for number in (1, 2, 3)]
    assert statuses == [200, 404, 404]
    assert "Nothing is shared" in read(browser.get("/owner/shared"))


def test_the_commands_add_list_and_remove(sqlite_world: World) -> None:
    """The secret is printed once, and is in the database sealed only."""
    world = sqlite_world
    env = {
        "LINKTRACK_DATA": str(world.settings.data),
        "LINKTRACK_DATABASE": world.settings.database,
    }

    def run(*arguments: str, status: int = 0) -> str:
        done = CliRunner().invoke(main, ["webhook", *arguments], env=env)
        assert done.exit_code == status, done.output
        return done.output

    added = json.loads(run("add", "https://example.com/hook", "--json"))
    assert added["events"] == list(EVENTS)
    assert added["secret"].startswith("whsec_")
    stored = world.session.scalars(select(Webhook)).one()
    assert added["secret"] not in stored.sealed_secret
    world.session.rollback()
    assert added["secret"] not in run("list", "--json")
    assert json.loads(run("deliveries", "1", "--json")) == []
    assert "public address" in run("add", "http://127.0.0.1/", status=1)
    assert "isn't an event" in run("add", "http://a.com/", "--event", "x", status=1)
    assert "on its way" in run("test", "1")
    (waiting,) = json.loads(run("deliveries", "1", "--json"))
    assert (waiting["event"], waiting["attempts"]) == ("webhook.test", 0)
    run("remove", "1")
    assert json.loads(run("list", "--json")) == []
    run("remove", "1", status=1)


@pytest.mark.slow
def test_a_running_service_tells(
    sqlite_databases: Maker, tmp_path: Path, receiver: Receiver
) -> None:
    """The loader's process does it, within seconds."""
    environ = environment(
        tmp_path / "data", sqlite_databases(), LINKTRACK_WEBHOOK_NETWORKS="127.0.0.0/8"
    )
    command(environ, "account", "add", "@JessesLinks", "--network", "x")
    answer(environ, "webhook", "add", receiver.url, "--event", "post.wrapped")
    with serving(environ, tmp_path / "log"):
        answer(environ, "wrap", "@JessesLinks", "http://one.com/")
        wait_until(lambda: receiver.heard, 30)
    (event,) = receiver.events()
    assert event["type"] == "post.wrapped"
    assert datetime.fromisoformat(str(event["timestamp"])).tzinfo is not None

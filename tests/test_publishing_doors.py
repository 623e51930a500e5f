"""Publishing through the doors: pages, API, commands."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from browser import Browser, read
from databases import Maker
from doorways import Caller, problem
from fakenetwork import Clock
from office import TEXT, Office, connect
from servers import answer, command, environment
from world import World

from linktrack.audience.accounts import remove_account
from linktrack.audience.models import Account
from linktrack.db import now
from linktrack.links.models import Post
from linktrack.owners.access import create_owner
from linktrack.owners.models import Owner
from linktrack.owners.tokens import create_token
from linktrack.owners.viewers import set_role
from linktrack.publishing.models import Sending

BASE = "https://go.jessestay.com"


@pytest.fixture
def office(sqlite_world: World) -> Office:
    """Its clock is set to that of the doors when something is sent."""
    return Office(sqlite_world, Clock(now()))


def later(**time: float) -> str:
    """A time from now, as a form has it (the time zone is UTC)."""
    return f"{now() + timedelta(**time):%Y-%m-%dT%H:%M}"


def send(office: Office, **time: float) -> Sending:
    """Send what is due a while from now; return the newest post's sending."""
    office.clock.now = now() + timedelta(**time)
    return office.send()


def newest(world: World) -> Post:
    world.session.rollback()
    world.session.expire_all()
    post = world.session.query(Post).order_by(Post.id.desc()).first()
    assert post is not None
    world.session.rollback()
    return post


def test_one_text_is_published_for_all_connected_accounts(office: Office) -> None:
    """The rest becomes drafts to post by hand; where it went is on each post's page."""
    world = office.world
    x, bluesky = world.account(), world.account("@jesse.example", "bluesky")
    letter = world.account("Letter", "other")
    browser = Browser.signed_in(world)
    assert "Publish now" not in read(browser.get("/owner/compose"))
    for account in (x, bluesky):
        connect(world, account)
    assert "linktrack publishes for @JessesLinks, @jesse.example" in read(
        browser.get("/owner/compose")
    )
    fields: dict[str, str | list[str]] = {
        "account": str(x.id),
        "also": [str(bluesky.id), str(letter.id)],
        "text": TEXT,
        "state": "send",
    }
    made = browser.send("/owner/compose", fields)
    page = read(browser.get(made.location))
    assert "2 posts are in the queue. Post the other one yourself." in page
    assert page.count("In the queue") == 2
    queue = read(browser.get("/owner/queue"))
    assert "Waiting" in queue
    office.clock.now = now()
    office.sender.send_due()
    assert len(office.network.shown) == 2
    queue = read(browser.get("/owner/queue"))
    assert "The queue is empty" in queue
    assert "Recently published" in queue
    shown = browser.get("/owner/posts/1").text
    assert 'href="https://network.example/n1"' in shown
    assert "published" in read(browser.get("/owner/posts/1"))


def test_a_post_is_published_at_a_time(office: Office) -> None:
    """The time and the button must fit each other."""
    account = office.world.account()
    connect(office.world, account)
    browser = Browser.signed_in(office.world)
    fields: dict[str, str | list[str]] = {"account": str(account.id), "text": TEXT}
    for state, at, said in (
        ("send-later", "", "Choose when"),
        ("send", later(days=1), "You chose a time"),
        ("send-later", later(days=-1), "a time in the future"),
    ):
        refused = browser.send("/owner/compose", {**fields, "state": state, "posted_at": at})
        assert refused.status_code == 422
        assert said in read(refused)
    assert "The queue is empty" in read(browser.get("/owner/queue"))
    at = later(hours=2)
    made = browser.send("/owner/compose", {**fields, "state": "send-later", "posted_at": at})
    assert "linktrack publishes it" in read(browser.get(made.location))
    assert send(office, hours=1).state == "waiting"
    assert send(office, hours=2).state == "sent"


def test_what_could_not_be_published_is_mended_on_its_page(office: Office) -> None:
    """Every page says that something failed; the queue says why."""
    post = office.draft(office.world.account())
    browser = Browser.signed_in(office.world)
    assert "Let linktrack publish it" in read(browser.get("/owner/posts/1"))
    sent = browser.send("/owner/queue/1/send", {}, form="/owner/posts/1")
    assert sent.location == "/owner/posts/1"
    office.network.faults = ["refuses"]
    send(office, seconds=1)
    assert "A post could not be published." in read(browser.get("/owner/links"))
    needs = browser.get("/owner/needs-you")
    assert "The network does not take this text." in read(needs)
    assert 'href="/owner/posts/1"' in needs.text
    queue = read(browser.get("/owner/queue"))
    assert "The network does not take this text." in queue
    assert "tried 1 time" in queue
    page = read(browser.get("/owner/posts/1"))
    assert "Not published" in page
    long = browser.send("/owner/queue/1/text", {"text": f"{TEXT} {'x' * 300}"}, "/owner/posts/1")
    assert long.status_code == 422
    assert "too long for X" in read(long)
    assert f"{'x' * 300}</textarea>" in long.text
    text = "Better: http://example.org/a-long-address"
    saved = browser.send("/owner/queue/1/text", {"text": text, "send": "1"}, "/owner/posts/1")
    assert saved.status_code == 303
    send(office, seconds=1)
    code = newest(office.world).links[0].code
    assert list(office.network.shown.values()) == [f"Better: {BASE}/{code}"]
    for page in ("/owner/links", "/owner/needs-you"):
        assert "ould not be published" not in read(browser.get(page))
    assert post.id == 1


@pytest.mark.parametrize("is_there", [True, False])
def test_what_nobody_may_look_for_is_settled_by_hand(office: Office, is_there: bool) -> None:
    """A plan of X that may not read: its owner looks, and says whether it was published."""
    office.enqueue(office.draft(office.world.account()))
    office.network.look_is_refused = True
    lost = "takes it and loses the answer" if is_there else "loses the question"
    office.network.faults = [lost]
    send(office, seconds=1)
    failed = send(office, minutes=5)
    assert (failed.state, failed.in_doubt) == ("failed", True)
    browser = Browser.signed_in(office.world)
    page = "/owner/posts/1"
    assert "X may have it anyway" in read(browser.get(page))
    if is_there:
        said = browser.send("/owner/posts/1/publish", {"posted_at": ""}, page)
        assert said.status_code == 303
        assert newest(office.world).state == "published"
    else:
        said = browser.send("/owner/queue/1/not-there", {}, page)
        assert said.status_code == 303
        shown = read(browser.get(page))
        assert "X may have it" not in shown
        assert "Edit the text" in shown
        assert browser.send("/owner/queue/1/send", {}, page).status_code == 303
        assert send(office, minutes=5).state == "sent"
    again = browser.send("/owner/queue/1/not-there", {}, "/owner/profile")
    assert again.status_code == 422
    assert "It is not in doubt whether post 1 is out" in read(again)
    assert len(office.network.shown) == 1


def test_what_failed_is_no_matter_once_its_account_is_removed(office: Office) -> None:
    """No page says that something failed that the queue does not show."""
    account = office.world.account()
    office.enqueue(office.draft(account))
    office.network.faults = ["refuses"]
    send(office, seconds=1)
    browser = Browser.signed_in(office.world)
    assert "A post could not be published." in read(browser.get("/owner/links"))
    office.world.session.rollback()
    remove_account(office.world.session, account, now())
    office.world.session.commit()
    assert "could not be published" not in read(browser.get("/owner/links"))


def test_a_post_is_taken_out_of_the_queue(office: Office) -> None:
    """It is a draft again, to be posted by hand or let go."""
    post = office.draft(office.world.account())
    office.enqueue(post, timedelta(hours=1))
    browser = Browser.signed_in(office.world)
    out = browser.send("/owner/queue/1/withdraw", {"queue": "1"}, form="/owner/queue")
    assert out.location == "/owner/queue"
    assert newest(office.world).state == "draft"
    again = browser.send("/owner/queue/1/withdraw", {}, form="/owner/posts/1")
    assert again.status_code == 422
    assert "is not in the queue" in read(again)
    late = browser.send("/owner/queue/1/send", {"later": "1", "posted_at": ""}, "/owner/posts/1")
    assert "Choose when" in read(late)


def sent_to(accounts: list[Account]) -> dict[str, str | list[str]]:
    """Fill in the form of one text for two accounts, to be sent."""
    return {
        "account": str(accounts[0].id),
        "also": [str(accounts[1].id)],
        "text": TEXT,
        "state": "send",
    }


def test_the_same_text_on_two_x_accounts_is_asked_about(office: Office) -> None:
    """A tick is the second word; before that nothing is made."""
    accounts = [office.world.account(handle) for handle in ("@one", "@two")]
    for account in accounts:
        connect(office.world, account)
    browser = Browser.signed_in(office.world)
    fields = sent_to(accounts)
    asked = browser.send("/owner/compose", fields)
    assert asked.status_code == 422
    assert "X forbids the same post on several accounts" in read(asked)
    assert 'name="confirmed"' in asked.text
    assert "The queue is empty" in read(browser.get("/owner/queue"))
    assert browser.send("/owner/compose", {**fields, "confirmed": "1"}).status_code == 303
    send(office, seconds=1)
    assert len(office.network.shown) == 2


def test_it_is_asked_about_too_where_the_other_is_posted_by_hand(office: Office) -> None:
    """X does not care who sends it; the draft says so as well, and so do two drafts."""
    world = office.world
    accounts = [world.account(handle) for handle in ("@one", "@two")]
    connect(world, accounts[0])
    browser = Browser.signed_in(world)
    fields = sent_to(accounts)
    asked = browser.send("/owner/compose", fields)
    assert asked.status_code == 422
    assert "The same text is already on @one, or queued for it" in read(asked)
    assert 'name="confirmed"' in asked.text
    assert browser.send("/owner/compose", {**fields, "confirmed": "1"}).status_code == 303
    by_hand = newest(world)
    assert (by_hand.account_id, by_hand.state) == (accounts[1].id, "draft")
    warning = "change the text before you post it"
    assert warning in read(browser.get(f"/owner/posts/{by_hand.id}"))
    drafts = browser.send("/owner/compose", {**fields, "text": f"{TEXT} 2", "state": "draft"})
    assert "change the text of all but one" in read(browser.get(drafts.location))
    assert warning not in read(browser.get(f"/owner/posts/{newest(world).id}"))


def test_viewers_see_the_queue_of_their_accounts_and_send_nothing(office: Office) -> None:
    """Those of the others are not there."""
    mine, other = office.world.account("@mine"), office.world.account("@other")
    for account, text in ((mine, "My words"), (other, "Secret words")):
        office.enqueue(office.draft(account, f"{text}: http://example.org/"), timedelta(hours=1))
    session = office.world.session
    browser = Browser.signed_in(office.world, "Ada")
    create_owner(session, "Boss", now())
    set_role(session, session.query(Owner).filter_by(name="Ada").one(), "viewer", now(), [mine.id])
    session.commit()
    seen = read(browser.get("/owner/queue"))
    assert "My words" in seen
    assert "Secret words" not in seen
    for path in ("send", "withdraw", "text"):
        refused = browser.send(f"/owner/queue/1/{path}", {"text": TEXT}, form="/owner/queue")
        assert refused.status_code == 403


def test_the_api_sends(office: Office) -> None:
    """A post says how far it is; what the API sends needs scope write."""
    account = office.world.account()
    connect(office.world, account)
    call = Caller(office.world)
    wish = {"account": "@JessesLinks", "text": TEXT, "send": True}
    made = call("POST", "/posts", wish)
    assert made.status_code == 201
    assert made.get_json()["state"] == "scheduled"
    assert made.get_json()["sending"]["state"] == "waiting"
    assert call("GET", "/queue").get_json()["data"][0]["post"] == 1
    office.network.faults = ["refuses"]
    send(office, seconds=1)
    told = call("GET", "/posts/1").get_json()["sending"]
    assert (told["state"], told["problem"]) == ("failed", "The network does not take this text.")
    changed = call("PATCH", "/posts/1", {"text": f"Now {TEXT}"}).get_json()
    assert changed["text"] == "Now " + made.get_json()["text"]
    assert call("POST", "/posts/1/send", {}).get_json()["sending"]["state"] == "waiting"
    send(office, seconds=1)
    told = call("GET", "/posts/1").get_json()
    assert (told["state"], told["sending"]["url"]) == ("published", "https://network.example/n1")
    assert call("GET", "/queue?account=@JessesLinks").get_json() == {"data": []}
    assert problem(call("POST", "/posts/1/send", {}), 409)
    assert problem(call("DELETE", "/posts/1/send"), 409)
    later_on = call("POST", "/posts", wish | {"posted_at": later(hours=1)}).get_json()
    assert later_on["sending"]["next_at"] == later_on["sending"]["due_at"]
    back = call("DELETE", f"/posts/{later_on['id']}/send").get_json()
    assert (back["state"], back["sending"]["state"]) == ("draft", "withdrawn")


def test_the_api_refuses_what_it_cannot_send(office: Office) -> None:
    """Nothing is recorded then."""
    office.world.account()
    call = Caller(office.world)
    wish = {"account": "@JessesLinks", "text": TEXT, "send": True}
    assert "is not connected" in problem(call("POST", "/posts", wish), 422)
    connect(office.world, office.world.session.query(Account).one())
    assert "Leave state out" in problem(call("POST", "/posts", wish | {"state": "draft"}), 422)
    no_link = wish | {"text": "no address"}
    assert "nothing was sent" in problem(call("POST", "/posts", no_link), 422)
    call.secret = create_token(office.world.session, "wrapper", "wrap", None, now())
    office.world.session.commit()
    assert "needs write" in problem(call("POST", "/posts", wish), 403)
    assert "sending" not in call("POST", "/posts", wish | {"send": False}).get_json()
    assert newest(office.world).id == 1


@pytest.mark.slow
def test_commands_look_after_the_queue(sqlite_databases: Maker, tmp_path: Path) -> None:
    """An account whose credential is of another installation says so, and the post stays."""
    environ = environment(tmp_path, sqlite_databases(), LINKTRACK_BASE_URL=BASE)
    refused = command(environ, "account", "add", "@jesse.example", "--network", "bluesky")
    assert refused.returncode == 0
    refused = command(environ, "wrap", "@jesse.example", TEXT, "--send")
    assert refused.returncode == 1
    assert "@jesse.example is not connected to Bluesky" in refused.stderr
    assert answer(environ, "post", "list") == []
    with World.at(tmp_path, environ["LINKTRACK_DATABASE"]) as world:
        connect(world, world.session.query(Account).one())
    planned = answer(environ, "wrap", "@jesse.example", TEXT, "--send", "--at", "2099-01-01")
    assert planned["sending"]["due_at"] == "2099-01-01T00:00:00Z"
    taken = command(environ, "post", "withdraw", "1").stdout
    undo = "post send 1 --at 2099-01-01T00:00:00Z"
    assert taken == f"Post 1 is a draft again. Undo: linktrack {undo}\n"
    assert "1 Jan 2099" in command(environ, *undo.split()).stdout
    edited = command(environ, "post", "edit", "1", f"Now {TEXT}")
    assert edited.stdout == f"Now {planned['text']}\n"
    failed = command(environ, "post", "send", "1")
    assert failed.returncode == 1
    assert failed.stderr.startswith("Error: Post 1 was not published: ")
    (line,) = answer(environ, "post", "queue", "--send")
    assert (line["post"], line["sending"]["state"]) == (1, "failed")
    assert "failed" in command(environ, "post", "queue", "@jesse.example").stdout
    assert command(environ, "post", "withdraw", "1").returncode == 0
    assert json.loads(command(environ, "post", "list", "--json").stdout)[0]["state"] == "draft"
    settled = command(environ, "post", "send", "1", "--not-there")
    assert settled.stderr == "Error: It is not in doubt whether post 1 is out.\n"
    both = command(environ, "wrap", "@jesse.example", TEXT, "--send", "--draft")
    assert "leave out --draft or --send" in both.stderr

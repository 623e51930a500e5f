"""Asking to join: whoever proves who they are is there for the owner, and nobody else."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, read
from communing import MASTODON, asks, member, opened, sealing
from mailboxes import Mailbox
from mailboxes import served as mail_served
from mastodonplace import MastodonPlace, connect_to, reset
from mastodonplace import served as place_served
from sqlalchemy import func, select, update
from standins import Answer, Asked, standin
from werkzeug.test import TestResponse
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.community.asking.codes import code_of, found_by_code
from linktrack.community.asking.mails import GIVEN_UP, MOST_A_DAY, Post, send_due
from linktrack.community.asking.requests import (
    LIFE,
    LONGEST,
    MOST_UNCONFIRMED,
    Wish,
    ask_to_join,
    confirm,
    delete_unconfirmed,
    find_unconfirmed,
)
from linktrack.community.communities import close_community
from linktrack.community.contacts import read_mail
from linktrack.community.floods import MOST
from linktrack.community.models import JoinMail, JoinRequest, StrangerAttempt
from linktrack.db import now
from linktrack.errors import Forbidden, Invalid, NotFound
from linktrack.keys import load_keys
from linktrack.links.excerpts import cut
from linktrack.networks.identity import Identity
from linktrack.networks.mastodon.public_texts import public_texts as mastodon_texts
from linktrack.networks.records import PublicTexts

OURS = "https://go.jessestay.com"
HELLO = "I paint birds, and I read you every morning."
MAIL = {"LINKTRACK_MAIL_TO": "owner@example.org", "LINKTRACK_SMTP_URL": "smtp://127.0.0.1:9"}


@dataclass
class Sky:
    """An AppView of Bluesky: what profiles and newest posts say, by handle."""

    profiles: dict[str, str] = field(default_factory=dict)
    posts: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Of a person: who wrote it (a repost is somebody else's), and the text."""
    renamed: dict[str, str] = field(default_factory=dict)
    address: str = ""

    def answer(self, asked: Asked) -> Answer:
        """Answer getProfile and getAuthorFeed."""
        (actor,) = asked.arguments.get("actor", [""])
        name = actor.removeprefix("did:plc:").casefold()
        if name not in self.profiles:
            return Answer({"error": "InvalidRequest", "message": "Profile not found"}, 400)
        if asked.path.endswith("getProfile"):
            return Answer(
                {
                    "did": f"did:plc:{name}",
                    "handle": self.renamed.get(name, name),
                    "description": self.profiles[name],
                    "followersCount": 3,
                }
            )
        items = [self._item(name, writer, text) for writer, text in self.posts.get(name, [])]
        return Answer({"feed": items})

    def _item(self, name: str, writer: str, text: str) -> dict[str, Any]:
        at = "2026-05-04T11:00:00Z"
        post = {
            "uri": f"at://did:plc:{writer}/app.bsky.feed.post/1",
            "author": {"did": f"did:plc:{writer}"},
            "record": {"$type": "app.bsky.feed.post", "text": text, "createdAt": at},
            "indexedAt": at,
        }
        if writer == name:
            return {"post": post}
        reason = {"$type": "app.bsky.feed.defs#reasonRepost", "indexedAt": at, "uri": "at://r/1"}
        return {"post": post, "reason": reason}


@pytest.fixture(scope="module")
def running_sky() -> Iterator[Sky]:
    sky = Sky()
    with standin(sky.answer) as running:
        sky.address = running.address
        yield sky


@pytest.fixture
def sky(running_sky: Sky) -> Sky:
    """The AppView, with nobody on it."""
    running_sky.__dict__.update(Sky(address=running_sky.address).__dict__)
    return running_sky


@pytest.fixture(scope="module")
def running_place() -> Iterator[MastodonPlace]:
    with place_served(MastodonPlace()) as place:
        yield place


@pytest.fixture
def place(running_place: MastodonPlace) -> MastodonPlace:
    """Somebody's Mastodon server, as it was when it began."""
    return reset(running_place)


@contextmanager
def on(world: World, **environ: str) -> Iterator[World]:
    """The same installation with other settings."""
    with World.at(world.settings.data, world.settings.database, **environ) as other:
        yield other


def home(world: World, place: MastodonPlace) -> Account:
    """An open community on a Mastodon server that was set on purpose."""
    account = opened(world, "@me@square.test")
    connect_to(world, account, place)
    return account


def send(browser: Browser, account: Account, **fields: str) -> TestResponse:
    """Send the form."""
    return browser.client.post(f"/join/{account.handle}", data={"introduction": HELLO, **fields})


def requests(world: World) -> list[JoinRequest]:
    """What is stored."""
    world.session.rollback()
    world.session.expire_all()
    return list(world.session.scalars(select(JoinRequest).order_by(JoinRequest.id)))


def end_of(answer: TestResponse) -> str:
    """The page to which an answer leads at the end."""
    assert answer.status_code == 303, read(answer)
    return answer.location.rpartition("/")[2]


def code_on(answer: TestResponse) -> str:
    """The code on a page."""
    found = re.search(r"i-ask-to-join(?:-[a-z2-7]{4}){4}", answer.text)
    assert found is not None
    return found[0]


# ---- Signing in with the network


def led_away(answer: TestResponse) -> str:
    assert answer.status_code == 200, read(answer)
    return answer.headers["Refresh"].partition("; url=")[2]


def test_whoever_signs_in_has_asked(world: World, place: MastodonPlace) -> None:
    """What is kept is who the network says it is; both consents are as they were given."""
    account = home(world, place)
    browser = Browser.on(world)
    away = led_away(send(browser, account, way="network", handle="@ann@square.test", links="yes"))
    assert [each.state for each in requests(world)] == ["unconfirmed"]
    back = browser.get(place.consented(away).removeprefix(OURS))
    assert end_of(back) == "waiting"
    assert "by hand" in read(browser.get(back.location))
    (asked,) = requests(world)
    assert (asked.state, asked.proof, asked.network_id) == ("waiting", "network", place.url("ann"))
    assert (asked.handle, asked.handle_key) == ("@ann@square.test", "ann@square.test")
    assert (asked.introduction, asked.agrees_links, asked.agrees_mail) == (HELLO, True, False)
    assert asked.secret_hash is None
    again = browser.get(place.consented(away).removeprefix(OURS))
    assert again.status_code == 403


def test_who_asks_twice_changes_the_request_that_is_there(
    world: World, place: MastodonPlace
) -> None:
    """Only once they have proved who they are; until then it is as it was."""
    account = home(world, place)
    browser = Browser.on(world)
    first = led_away(send(browser, account, way="network", handle="ann@square.test", links="yes"))
    browser.get(place.consented(first).removeprefix(OURS))
    second = led_away(
        send(browser, account, way="network", handle="ann@square.test", introduction="Only me.")
    )
    assert [each.introduction for each in requests(world)] == [HELLO, "Only me."]
    browser.get(place.consented(second).removeprefix(OURS))
    (asked,) = requests(world)
    assert (asked.introduction, asked.agrees_links, asked.state) == ("Only me.", False, "waiting")


def test_a_sign_in_that_is_cancelled_shows_the_form_with_what_was_typed(
    sqlite_world: World, place: MastodonPlace
) -> None:
    """And says what to do. What they agreed to is not ticked: that they say anew."""
    account = home(sqlite_world, place)
    browser = Browser.on(sqlite_world)
    away = led_away(send(browser, account, way="network", handle="ann@square.test", links="yes"))
    refused = browser.get(place.cancelled(away).removeprefix(OURS))
    assert refused.status_code == 422
    assert HELLO in refused.text
    assert "You cancelled" in read(refused)
    assert "To ask to join, press “Ask to join” again" in read(refused)
    assert 'value="ann@square.test"' in refused.text
    assert 'name="links" value="yes" checked' not in refused.text


def test_a_server_that_cannot_be_found_leaves_nothing_stored(
    sqlite_world: World, place: MastodonPlace
) -> None:
    """And says what is wrong, with what was typed."""
    account = home(sqlite_world, place)
    answer = send(Browser.on(sqlite_world), account, way="network", handle="@ann@[::1]")
    assert answer.status_code == 422
    assert HELLO in answer.text
    assert requests(sqlite_world) == []


# ---- A code


@pytest.fixture
def blue(world: World, sky: Sky) -> Iterator[World]:
    """An installation that asks the stand-in AppView."""
    with on(world, LINKTRACK_BLUESKY=sky.address) as other:
        yield other


def asked_by_code(blue: World, account: Account, handle: str) -> tuple[Browser, str]:
    """Ask with a handle; return the browser and the page with the code."""
    browser = Browser.on(blue)
    answer = send(browser, account, way="code", handle=handle)
    assert answer.status_code == 303, read(answer)
    return browser, answer.location


@pytest.mark.parametrize("where", ["profile", "post"])
def test_a_code_in_the_profile_or_a_post_proves_a_handle(blue: World, sky: Sky, where: str) -> None:
    """Until it is there the page says so, and the request is nobody's."""
    account = opened(blue, "@jessestay.bsky.social", "bluesky")
    sky.profiles["ann.test"] = "I paint."
    browser, page = asked_by_code(blue, account, "@Ann.test")
    code = code_on(browser.get(page))
    early = browser.client.post(page)
    assert (early.status_code, "isn't in the profile" in read(early)) == (422, True)
    assert [each.state for each in requests(blue)] == ["unconfirmed"]
    if where == "profile":
        sky.profiles["ann.test"] = f"I paint. {code.upper()}!"
    else:
        sky.posts["ann.test"] = [("ann.test", "hello"), ("ann.test", f"see {code}")]
    assert end_of(browser.client.post(page)) == "waiting"
    (asked,) = requests(blue)
    assert (asked.proof, asked.network_id, asked.handle) == (
        "code", "did:plc:ann.test", "@ann.test",
    )  # fmt: skip
    replayed = browser.client.post(page)
    assert replayed.status_code == 404


def test_a_code_on_another_persons_profile_proves_nothing(blue: World, sky: Sky) -> None:
    """Nor does another request's code, a repost of the code, or a handle that is another's now."""
    account = opened(blue, "@jessestay.bsky.social", "bluesky")
    sky.profiles |= {"ann.test": "", "eve.test": "", "old.test": ""}
    browser, page = asked_by_code(blue, account, "@ann.test")
    code = code_on(browser.get(page))
    other, others = asked_by_code(blue, account, "@eve.test")
    sky.profiles["eve.test"] = code
    sky.profiles["ann.test"] = code_on(other.get(others))
    sky.posts["ann.test"] = [("eve.test", code)]
    assert browser.client.post(page).status_code == 422
    assert other.client.post(others).status_code == 422
    third, thirds = asked_by_code(blue, account, "@old.test")
    sky.profiles["old.test"] = code_on(third.get(thirds))
    sky.renamed["old.test"] = "handle.invalid"
    assert "doesn't say whose handle" in read(third.client.post(thirds))
    assert {each.state for each in requests(blue)} == {"unconfirmed"}


def test_codes_tell_nothing_of_their_secret_and_are_never_the_same() -> None:
    """A person's text must have all of it."""
    said = PublicTexts("did:plc:ann", "@ann", (code_of("a")[:-1], code_of("b")))
    with pytest.raises(Invalid):
        found_by_code("bluesky", "a", said)
    assert found_by_code("bluesky", "b", said) == Identity("bluesky", "did:plc:ann", "@ann")
    assert code_of("a") != code_of("b")


def test_a_mastodon_server_speaks_for_its_own_people_alone() -> None:
    """Whatever it says of people elsewhere is refused; the fields of a profile are read, too."""
    said: dict[str, object] = {}

    def answer(asked: Asked) -> Answer:
        if asked.path == "/api/v1/accounts/lookup":
            return Answer(said)
        return Answer([])

    with standin(answer) as server:
        said |= {"id": "1", "username": "ann", "url": f"{server.address}/@ann"}
        said |= {"note": "<p>I paint</p>", "fields": [{"name": "x", "value": "<b>the code</b>"}]}
        found = mastodon_texts("@ann@square.test", server.address)
        assert found.network_id == f"{server.address}/@ann"
        assert [*found.texts] == ["I paint", "the code"]
        for url in ("https://mastodon.social/@ann", "javascript:alert(1)", "", None, 7):
            said["url"] = url
            with pytest.raises(Exception, match="its own people"):
                mastodon_texts("@ann@square.test", server.address)
        said |= {"url": f"{server.address}/@eve", "username": "eve"}
        with pytest.raises(Exception, match="its own people"):
            mastodon_texts("@ann@square.test", server.address)


# ---- A mail


@pytest.fixture
def mailing(world: World) -> Iterator[World]:
    """An installation with a mail server, which nobody has started."""
    with on(world, **MAIL) as other:
        yield other


def carried(world: World, box: Mailbox, at: datetime | None = None) -> list[str]:
    """Send what is due; return the links of the mails, newest last."""
    before = len(box.envelopes)
    with (
        mail_served(box) as where,
        on(world, **MAIL | {"LINKTRACK_SMTP_URL": f"smtp://{where}"}) as other,
    ):
        keys = load_keys(world.settings.data)
        post = Post(other.database, other.settings.mail, keys, OURS)
        send_due(post, at or now())
    texts = [box.read(each).get_content() for each in box.envelopes[before:]]
    found = [re.search(rf"{OURS}(/join/\S+)", text) for text in texts]
    return [each[1] for each in found if each is not None]


def test_a_mail_that_is_confirmed_proves_an_address(mailing: World) -> None:
    """Opening the link is not enough; the mail has no word of whoever asked."""
    account = opened(mailing, "@jessestay", "x")
    browser, box = Browser.on(mailing), Mailbox()
    page = read(browser.get("/join/@jessestay"))
    assert "Say in your introduction who you are on X" in page
    answer = send(browser, account, mail="Ann@example.org", links="yes", mails="yes")
    assert end_of(answer) == "mail"
    (link,) = carried(mailing, box)
    assert box.envelopes[0].rcpt_tos == ["Ann@example.org"]
    assert "birds" not in box.mail().get_content()
    shown = browser.get(link)
    assert HELLO in shown.text
    assert [each.state for each in requests(mailing)] == ["unconfirmed"]
    assert end_of(browser.client.post(link)) == "waiting"
    (asked,) = requests(mailing)
    assert (asked.state, asked.proof, asked.network, asked.handle) == (
        "waiting",
        "mail",
        None,
        None,
    )
    assert (asked.agrees_links, asked.agrees_mail) == (True, True)
    assert asked.sealed_mail is not None
    assert read_mail(sealing(mailing), asked.sealed_mail) == "Ann@example.org"
    assert browser.client.post(link).status_code == 404


def test_whoever_did_not_ask_deletes_their_address(mailing: World) -> None:
    """Nothing of it is there afterwards."""
    account = opened(mailing, "@jessestay", "x")
    browser, box = Browser.on(mailing), Mailbox()
    send(browser, account, mail="ann@example.org")
    (link,) = carried(mailing, box)
    assert end_of(browser.client.post(f"{link}/not-me")) == "deleted"
    assert requests(mailing) == []
    assert mailing.session.scalar(select(func.count()).select_from(JoinMail)) == 0


def test_a_link_of_a_mail_is_good_for_one_account_and_seven_days(mailing: World) -> None:
    """Another's number, another account, a changed letter or a day too many open nothing."""
    account = opened(mailing, "@jessestay", "x")
    opened(mailing, "@other", "x")
    browser, box = Browser.on(mailing), Mailbox()
    send(browser, account, mail="ann@example.org")
    (link,) = carried(mailing, box)
    for wrong in (
        link.replace("/mail/1-", "/mail/2-"),
        link.replace("@jessestay", "@other"),
        f"{link[:-1]}{'0' if link[-1] != '0' else '1'}",
        f"{link}0",
        f"{link[: link.rindex('/')]}/ü",
    ):
        assert browser.get(wrong).status_code == 404, wrong
        assert browser.client.post(wrong).status_code == 404, wrong
    old = now() - LIFE
    mailing.session.execute(update(JoinMail).values(made_at=old))
    mailing.session.commit()
    assert browser.get(link).status_code == 404


def test_an_address_gets_three_mails_a_day_whoever_asks(mailing: World) -> None:
    """Beyond that the answer is the same."""
    account = opened(mailing, "@jessestay", "x")
    browser, box = Browser.on(mailing), Mailbox()
    answers = [send(browser, account, mail="ann@example.org") for _ in range(MOST_A_DAY + 2)]
    assert {end_of(answer) for answer in answers} == {"mail"}
    assert len(carried(mailing, box)) == MOST_A_DAY
    assert carried(mailing, box) == []


def test_a_mail_is_sent_once_whatever_is_killed_and_waits_for_a_server_that_is_away(
    mailing: World,
) -> None:
    """One that was begun is never sent again; one that no server was given is, for a day."""
    account = opened(mailing, "@jessestay", "x")
    browser, box, at = Browser.on(mailing), Mailbox(), now()
    send(browser, account, mail="ann@example.org")
    keys = load_keys(mailing.settings.data)
    away = Post(mailing.database, mailing.settings.mail, keys, OURS)
    assert send_due(away, now()) == 0  # nobody listens there
    assert carried(mailing, box, at) == []
    assert len(carried(mailing, box, now() + timedelta(minutes=11))) == 1
    send(browser, account, mail="ben@example.org")
    mailing.session.execute(update(JoinMail).values(state="begun"))  # and the process is killed
    mailing.session.commit()
    assert carried(mailing, box, now() + GIVEN_UP) == []


def test_no_log_names_an_address_whatever_the_mail_server_says(
    sqlite_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It names whom it refuses, for now or for good."""
    box = Mailbox(deferred=["ann@example.org"])
    with on(sqlite_world, **MAIL) as mailing:
        send(Browser.on(mailing), opened(mailing, "@jessestay", "x"), mail="ann@example.org")
        assert carried(mailing, box) == []
        box.refused = box.deferred
        assert carried(mailing, box, now() + timedelta(minutes=11)) == []
        assert mailing.session.scalars(select(JoinMail.state)).all() == ["refused"]
    assert len(caplog.messages) >= 2
    assert "ann@" not in caplog.text


def test_mail_beside_a_handle_counts_once_it_is_confirmed(
    world: World, place: MastodonPlace
) -> None:
    """Whoever signs in can't have somebody else mailed; it comes to the member, too."""
    with on(world, **MAIL) as mailing:
        account = home(mailing, place)
        browser, box = Browser.on(mailing), Mailbox()
        typed = {"handle": "ann@square.test", "mail": "ann@example.org", "mails": "yes"}
        away = led_away(send(browser, account, way="network", **typed))
        assert carried(mailing, box) == []  # not before the network said who it is
        browser.get(place.consented(away).removeprefix(OURS))
        (asked,) = requests(mailing)
        assert (asked.agrees_mail, asked.sealed_mail, asked.state) == (False, None, "waiting")
        (link,) = carried(mailing, box)
        assert "@ann@square.test asked to join" in read(browser.get(link))
        assert end_of(browser.client.post(link)) == "address"
        (asked,) = requests(mailing)
        assert asked.agrees_mail
        assert asked.sealed_mail is not None
        assert read_mail(sealing(mailing), asked.sealed_mail) == "ann@example.org"


# ---- What nobody learns without a proof


def test_members_and_the_declined_learn_it_only_once_they_prove_who_they_are(
    blue: World, sky: Sky
) -> None:
    """Until then the answers to them and to anybody else are the same, letter by letter."""
    account = opened(blue, "@jessestay.bsky.social", "bluesky")
    inside, outside = member(blue, account, "bob"), asks(blue, account, "cleo")
    inside.network_id, outside.network_id = "did:plc:bob.test", "did:plc:cleo.test"
    outside.state, outside.decided_at = "declined", NOON
    blue.session.commit()
    sky.profiles |= {"bob.test": "", "cleo.test": "", "dora.test": ""}
    shown = {}
    for name, outcome in (("bob", "member"), ("cleo", "declined"), ("dora", "waiting")):
        browser, page = asked_by_code(blue, account, f"@{name}.test")
        code = code_on(browser.get(page))
        early = browser.client.post(page)
        shown[name] = early.text.replace(name, "NAME").replace(code, "CODE")
        shown[name] = shown[name].replace(page.rpartition("/")[2], "SECRET")
        sky.profiles[f"{name}.test"] = code
        assert end_of(browser.client.post(page)) == outcome
    assert len(set(shown.values())) == 1
    assert [each.state for each in requests(blue)] == ["declined", "waiting"]


def test_an_unproved_request_changes_nothing_of_what_is_there(world: World) -> None:
    """It is not shown, and goes after seven days, with the mail that it waited for."""
    account = opened(world)
    there = asks(world, account, "ann")
    wish = Wish(proof="mail", introduction="I am ann, too", mail="ann@example.org")
    begun = ask_to_join(world.session, account, wish, sealing(world), NOON)
    world.session.commit()
    assert [each.introduction for each in requests(world)] == [there.introduction, "I am ann, too"]
    found = find_unconfirmed(world.session, account, begun.secret, NOON + LIFE - timedelta(1))
    assert found.id == begun.request.id
    with pytest.raises(NotFound):
        find_unconfirmed(world.session, account, begun.secret, NOON + LIFE)
    delete_unconfirmed(world.session, NOON + LIFE)
    world.session.commit()
    assert [each.id for each in requests(world)] == [there.id]


def test_of_two_confirmations_one_request_comes(world: World) -> None:
    """The second finds the first, and takes its place."""
    account = opened(world)
    wish = Wish(proof="network", introduction=HELLO, handle="@ann")
    who = Identity(MASTODON, "https://m.test/@ann", "@ann@m.test")
    first = ask_to_join(world.session, account, wish, sealing(world), NOON)
    second = ask_to_join(world.session, account, wish, sealing(world), NOON)
    assert confirm(world.session, first.request, who, NOON) == "waiting"
    assert confirm(world.session, second.request, who, NOON) == "waiting"
    world.session.commit()
    assert [each.id for each in requests(world)] == [first.request.id]


# ---- Floods, programs, other sites, and browsers that ask not to be tracked


def test_a_thousand_requests_in_a_minute_from_one_network_are_a_dozen(
    sqlite_world: World, place: MastodonPlace
) -> None:
    """The others are answered 429, with a sentence, and leave nothing."""
    with on(sqlite_world, **MAIL) as world:
        account = home(world, place)
        browser = Browser.on(world)
        statuses = [
            send(browser, account, way="mail", mail=f"a{number}@example.org").status_code
            for number in range(1_000)
        ]
        assert statuses == [303] * MOST + [429] * (1_000 - MOST)
        assert len(requests(world)) == MOST
        rows = world.session.scalars(select(StrangerAttempt.number)).all()
        assert list(rows) == [MOST]


def test_of_unproved_requests_a_thousand_are_kept(sqlite_world: World) -> None:
    """The oldest goes, so that a flood keeps nobody out who proves it soon."""
    account, key = opened(sqlite_world), sealing(sqlite_world)
    wish = Wish(proof="network", introduction=HELLO)
    first = ask_to_join(sqlite_world.session, account, wish, key, NOON)
    for _ in range(MOST_UNCONFIRMED + 3):
        last = ask_to_join(sqlite_world.session, account, wish, key, NOON)
    sqlite_world.session.commit()
    assert len(requests(sqlite_world)) == MOST_UNCONFIRMED
    with pytest.raises(NotFound):
        find_unconfirmed(sqlite_world.session, account, first.secret, NOON)
    found = find_unconfirmed(sqlite_world.session, account, last.secret, NOON)
    assert found.id == last.request.id


def test_a_program_that_fills_in_everything_is_thanked_and_forgotten(
    sqlite_world: World, place: MastodonPlace
) -> None:
    """It can't tell that from having asked."""
    with on(sqlite_world, **MAIL) as world:
        account = home(world, place)
        form = Browser.on(world).get(f"/join/{account.handle}").text
        assert 'name="homepage" tabindex="-1"' in form
        answer = send(
            Browser.on(world), account, mail="a@example.org", homepage="https://x.example"
        )
        assert end_of(answer) == "mail"
        assert requests(world) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://e.test"},
    ],
)
def test_another_site_cannot_send_the_form(
    sqlite_world: World, place: MastodonPlace, headers: dict[str, str]
) -> None:
    """Asking is a consent: nobody can be made to."""
    account = home(sqlite_world, place)
    browser = Browser.on(sqlite_world)
    answer = browser.client.post(
        f"/join/{account.handle}", data={"introduction": HELLO}, headers=headers
    )
    assert answer.status_code == 403
    assert requests(sqlite_world) == []


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_a_browser_that_asks_not_to_be_tracked_agrees_to_no_personal_links(
    sqlite_world: World, place: MastodonPlace, header: str
) -> None:
    """The form doesn't offer it, and what is sent all the same is not kept."""
    account = home(sqlite_world, place)
    browser = Browser.on(sqlite_world)
    browser.client.environ_base[f"HTTP_{header.upper().replace('-', '_')}"] = "1"
    page = browser.get(f"/join/{account.handle}")
    assert 'name="links"' not in page.text
    assert "asks not to be tracked" in read(page)
    send(browser, account, way="network", handle="ann@square.test", links="yes")
    (asked,) = requests(sqlite_world)
    assert not asked.agrees_links


def test_consents_are_two_and_neither_is_ticked(sqlite_world: World, place: MastodonPlace) -> None:
    """Nor needed."""
    with on(sqlite_world, **MAIL) as world:
        account = home(world, place)
        page = Browser.on(world).get(f"/join/{account.handle}").text
        boxes = re.findall(r'<input type="checkbox"[^>]*>', page)
        assert [re.search(r'name="(\w+)"', box)[1] for box in boxes] == ["links", "mails"]  # type: ignore[index]
        assert not any("checked" in box or "required" in box for box in boxes)


def test_a_closed_community_says_so_and_takes_nothing(world: World, place: MastodonPlace) -> None:
    """So does an account that never had one; the front page leads only to those that are open."""
    account = home(world, place)
    browser = Browser.on(world)
    assert "Ask to join @me@square.test" in read(browser.get("/"))
    close_community(world.session, account, NOON)
    world.account("@jesse", role="me")
    world.session.commit()
    for handle in ("@me@square.test", "@jesse"):
        assert "doesn’t take requests" in read(browser.get(f"/join/{handle}"))
    assert "Ask to join" not in read(browser.get("/"))
    assert send(browser, account, way="network", handle="ann@square.test").status_code == 422
    with pytest.raises(Forbidden):
        ask_to_join(world.session, account, Wish(proof="network", introduction=HELLO), b"", NOON)
    assert requests(world) == []


def test_where_nothing_proves_who_somebody_is_the_page_says_so(sqlite_world: World) -> None:
    """To strangers, and to the owner with what to do."""
    opened(sqlite_world, "@jessestay", "x")
    page = read(Browser.on(sqlite_world).get("/join/@jessestay"))
    assert "You can’t ask to join here yet" in page
    owner = read(Browser.signed_in(sqlite_world).get("/owner/community"))
    assert "Nobody can ask yet" in owner
    assert "LINKTRACK_SMTP_URL" in owner


def test_the_owner_gets_the_address_a_text_and_a_code(sqlite_world: World) -> None:
    """To paste, and to show."""
    account = opened(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    page = browser.get("/owner/community")
    assert f"{OURS}/join/@jessestay@mastodon.social" in page.text
    for form, kind in (("svg", "image/svg+xml"), ("png", "image/png")):
        code = browser.get(f"/owner/community/{account.id}/qr.{form}")
        assert (code.status_code, code.mimetype) == (200, kind)
    assert browser.get(f"/owner/community/{account.id}/qr.gif").status_code == 404


# ---- Hostile introductions


def test_introductions_that_are_too_long_empty_or_unstorable_are_refused(
    sqlite_world: World, place: MastodonPlace
) -> None:
    """With a sentence, and with what was typed."""
    account = home(sqlite_world, place)
    for introduction, why in (
        ("", "few words"),
        (" \n ", "few words"),
        ("ä" * (LONGEST + 1), "may have 1,000"),
        ("nul \0", "NUL"),
    ):
        browser = Browser.on(sqlite_world)
        answer = send(browser, account, way="network", handle="ann", introduction=introduction)
        assert answer.status_code == 422, introduction[:9]
        assert why in read(answer)
    assert requests(sqlite_world) == []


class Shown(HTMLParser):
    """The introductions on a page, and the elements within them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside: list[str] = []
        self._open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._open:
            self.inside.append(tag)
        if ("class", "post-text") in attrs:
            self._open = True
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "p"


def test_hostile_introductions_are_text_and_nothing_else(
    sqlite_world: World, shared_data: Path
) -> None:
    """On the owner's list they stand as they were sent, cut, and make no element."""
    strings = json.loads((shared_data / "urls/blns/blns.json").read_text())
    account, session = opened(sqlite_world), sqlite_world.session
    sent = []
    for number, text in enumerate(strings):
        wish = Wish(proof="network", introduction=text)
        try:
            begun = ask_to_join(session, account, wish, b"", NOON)
        except Invalid:
            continue
        who = Identity(MASTODON, f"https://m.test/@p{number}", f"@p{number}@m.test")
        confirm(session, begun.request, who, NOON)
        sent.append(cut(text.strip(), 280))
    session.commit()
    browser, found, after = Browser.signed_in(sqlite_world), [], ""
    while True:
        answer = browser.get(f"/owner/community/requests{after}")
        assert answer.status_code == 200
        shown = Shown(answer.text)
        assert shown.inside == []
        found += shown.texts
        more = re.search(r'href="/owner/community/requests(\?[^"]*)" rel="next"', answer.text)
        if more is None:
            break
        after = more[1].replace("&amp;", "&")
    assert len(sent) > 400
    assert found == sent


def test_hostile_handles_and_addresses_are_stored_whole_or_refused_in_words(
    sqlite_world: World, shared_data: Path
) -> None:
    """No string ends in another exception, and none is sent anywhere but to who it names."""
    account, key = opened(sqlite_world), sealing(sqlite_world)
    said: list[str] = []
    for string in json.loads((shared_data / "urls/blns/blns.json").read_text()):
        for wish in (
            Wish(proof="code", introduction=HELLO, handle=string),
            Wish(proof="code", introduction=HELLO, handle=f"@ann@{string}"),
            Wish(proof="mail", introduction=HELLO, mail=string),
            Wish(proof="mail", introduction=HELLO, mail=f"ann@{string}"),
        ):
            try:
                request = ask_to_join(sqlite_world.session, account, wish, key, NOON).request
            except Invalid as error:
                said.append(error.sentence)
                continue
            if request.sealed_mail is not None:
                assert "\n" not in read_mail(key, request.sealed_mail)
    assert said
    assert all(each.endswith(".") for each in said)

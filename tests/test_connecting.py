"""Connecting accounts: what signs them in is tried, sealed, used, and shown to nobody."""

import contextlib
import json
import logging
import os
import pty
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from blueskyserver import APP_PASSWORD, DID, Server, connected, keys_of
from browser import Browser, read
from click.testing import CliRunner, Result
from replaying import replayed
from sqlalchemy import select, update
from standins import Answer, Asked, Standin, standin
from world import NOON, World

from linktrack.audience.accounts import bring_back, remove_account
from linktrack.audience.credentials import connect, connections, disconnect, open_writer
from linktrack.audience.models import Account, StoredCredential
from linktrack.cli import main
from linktrack.db import now
from linktrack.errors import Conflict, Invalid, LinktrackError, Unavailable
from linktrack.installation import Installation
from linktrack.keys import Keys, seal
from linktrack.networks.credentials import Credential, SignIn
from linktrack.networks.errors import Pause, Refused, SignedOut, Unclear
from linktrack.networks.records import Card, Message
from linktrack.networks.signing_in import needs_of, sign_in
from linktrack.owners.access import find_owner
from linktrack.owners.tokens import create_token
from linktrack.owners.viewers import set_role
from linktrack.portability.export.everything import export_all
from linktrack.sync import sync_one
from linktrack.web.asking import asking


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def place(server: Server) -> Iterator[Standin]:
    with standin(server.answer) as running:
        yield running


def test_an_account_is_connected_used_and_disconnected(world: World, place: Standin) -> None:
    """The app password is forgotten at once; the network's id of the account is kept."""
    account = connected(world, place)
    assert account.network_id == DID
    assert connections(world.session)[account.id].connected_at == NOON
    with closing(open_writer(world.database, keys_of(world), account)) as writer:
        assert (writer.abilities.edits, writer.abilities.follows) == (False, True)
        assert len(writer.new_key()) == 13
    assert disconnect(world.session, account, NOON)
    assert not disconnect(world.session, account, NOON)
    world.session.commit()
    assert connections(world.session) == {}
    with pytest.raises(SignedOut, match="linktrack account connect @jesse"):
        open_writer(world.database, keys_of(world), account)


def test_a_renewed_session_takes_the_place_of_the_old_one(
    world: World, place: Standin, server: Server
) -> None:
    """It is sealed as the first one was, and nobody signs in anew."""
    server.lives = 60.0
    account = connected(world, place)
    before = world.session.scalars(select(StoredCredential.sealed)).one()
    world.session.rollback()
    server.next = [Answer({"records": []})] * 2
    for _ in range(2):
        with closing(open_writer(world.database, keys_of(world), account)) as writer:
            assert writer.posts(None).posts == []
    assert [path.rpartition(".")[2] for path in place.paths()] == [
        "createSession", "refreshSession", "listRecords", "listRecords",
    ]  # fmt: skip
    assert "secondsignature" in place.asked[-1].headers["authorization"]
    world.session.rollback()
    assert world.session.scalars(select(StoredCredential.sealed)).one() != before


def test_what_the_network_has_against_it_is_kept_until_it_is_connected_again(
    world: World, place: Standin, server: Server
) -> None:
    """A connection that was made anew meanwhile is not blamed."""
    account = connected(world, place)
    gone = Answer({"error": "ExpiredToken", "message": "Token has been revoked"}, 400)
    server.next = [gone, gone]
    with closing(open_writer(world.database, keys_of(world), account)) as writer:
        with pytest.raises(SignedOut):
            writer.posts(None)
        problem = connections(world.session)[account.id].problem
        assert problem == (
            "Bluesky no longer accepts the sign-in (ExpiredToken): connect the account again."
        )
        signed = sign_in("bluesky", account.handle, {"app_password": APP_PASSWORD}, place.address)
        connect(world.session, keys_of(world), account, signed, NOON + timedelta(hours=1))
        world.session.commit()
        with pytest.raises(SignedOut):
            writer.posts(None)
    assert connections(world.session)[account.id].problem is None


def test_it_is_forgotten_when_the_network_takes_the_sign_in_again(
    world: World, place: Standin, server: Server
) -> None:
    """By the same opening or the next; another failure says nothing about it."""
    account = connected(world, place)
    refusal = Answer({"error": "AuthMissing", "message": "Come again"}, 401)
    out, well = Answer({"error": "InternalServerError"}, 500), Answer({"records": []})

    def ask(*answers: Answer) -> str | None:
        server.next = list(answers)
        with closing(open_writer(world.database, keys_of(world), account)) as writer:
            for _ in answers:
                with suppress(Unavailable, SignedOut):
                    writer.posts(None)
        world.session.rollback()
        return connections(world.session)[account.id].problem

    assert ask(well) is None
    assert "connect the account again" in str(ask(refusal))
    assert ask(out) is not None
    assert ask(well) is None
    assert ask(refusal, well) is None


def test_what_another_process_has_renewed_is_not_blamed(
    world: World, place: Standin, server: Server
) -> None:
    """Its own session is over since, and the one that is kept is not."""
    account = connected(world, place)
    server.next = [Answer({"error": "ExpiredToken", "message": "Token has been revoked"}, 400)]
    with closing(open_writer(world.database, keys_of(world), account)) as writer:
        sealed = seal(keys_of(world).sealing(), "renewed")
        world.session.execute(update(StoredCredential).values(sealed=sealed))
        world.session.commit()
        with pytest.raises(SignedOut):
            writer.posts(None)
    assert connections(world.session)[account.id].problem is None


def test_somebody_elses_sign_in_is_refused(world: World, place: Standin) -> None:
    """By the network's id where it is known, else by the handle."""
    other = world.account("@other.example.com", "bluesky")
    signed = SignIn(DID, "@jesse.example.com", Credential("bluesky", place.address, {}))
    with pytest.raises(Conflict, match=r"signs in @jesse\.example\.com on Bluesky, not @other"):
        connect(world.session, keys_of(world), other, signed, NOON)
    renamed = world.account("@old.example.com", "bluesky")
    renamed.network_id = DID
    connect(world.session, keys_of(world), renamed, signed, NOON)
    renamed.network_id = "did:plc:another"
    with pytest.raises(Conflict):
        connect(world.session, keys_of(world), renamed, signed, NOON)


def test_a_removed_account_is_not_signed_in_any_more(world: World, place: Standin) -> None:
    """Bringing it back does not bring that back."""
    account = connected(world, place)
    remove_account(world.session, account, NOON)
    bring_back(world.session, account, NOON)
    world.session.commit()
    assert connections(world.session) == {}


def test_other_keys_open_nothing(world: World, place: Standin) -> None:
    """And the sentence says what to do."""
    account = connected(world, place)
    other = Keys("salt", bytes(32), "ab" * 32)
    with pytest.raises(
        Invalid, match=r"encrypted with a different keys\.json: connect the account again"
    ):
        open_writer(world.database, other, account)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "App password is missing. On Bluesky: Settings"),
        ("my own password", "App password cannot be right"),
        ("mysecret", "This isn't an app password"),
        ("aaaa-bbbb-cccc-dddd", "doesn't accept this app password for @jesse.example.com"),
    ],
)
def test_what_cannot_be_right_is_said_without_repeating_it(
    place: Standin, typed: str, sentence: str
) -> None:
    """Also where the network says so."""
    with pytest.raises((Invalid, SignedOut)) as failed:
        sign_in("bluesky", "@jesse.example.com", {"app_password": typed}, place.address)
    assert sentence in failed.value.sentence
    assert not typed or typed not in failed.value.sentence


@pytest.mark.parametrize(
    "server",
    ["pds.example.org", "ftp://pds.example.org", "https://", "https://a:b@c", "https://[a"],
)
def test_a_server_is_written_as_an_address(server: str) -> None:
    """Nothing is asked where it is not."""
    with pytest.raises(Invalid, match="isn't a server: write it like"):
        sign_in("bluesky", "@jesse.example.com", {"app_password": APP_PASSWORD}, server)


def test_where_nobody_signs_in_nothing_is_asked() -> None:
    """A newsletter is posted by hand."""
    with pytest.raises(Invalid, match="yourself"):
        sign_in("other", "Newsletter", {}, None)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(silent=True), Unclear),
        (Answer({"error": "InternalServerError", "message": "Internal"}, 500), Unclear),
        (Answer({"error": "UpstreamFailure", "message": "Away"}, 502), Unclear),
        (Answer({"error": "InvalidRequest", "message": "grapheme too big"}, 400), Refused),
        (Answer({"error": "AuthMissing", "message": "Authentication Required"}, 401), SignedOut),
        (Answer({"error": "RateLimitExceeded"}, 429), Pause),
        (Answer(b"<html>", 200, {"Content-Type": "text/html"}), Unclear),
    ],
)
def test_what_may_have_been_done_is_told_from_what_was_not(
    sqlite_world: World, place: Standin, server: Server, answer: Answer, error: type[Exception]
) -> None:
    """Only what surely was not is worth a plain retry."""
    account = connected(sqlite_world, place)
    server.next = [answer]
    with (
        closing(open_writer(sqlite_world.database, keys_of(sqlite_world), account)) as writer,
        pytest.raises(error) as raised,
    ):
        writer.publish(Message(writer.new_key(), "Hello"))
    assert type(raised.value) is error


@pytest.mark.parametrize("name", ["AccountTakedown", "AccountDeactivated"])
def test_an_account_that_is_suspended_says_nothing_of_ours(
    sqlite_world: World, place: Standin, server: Server, name: str
) -> None:
    """Who followed us is often suspended before they are followed back."""
    account = connected(sqlite_world, place)
    server.next = [Answer({"error": name, "message": "Account has been suspended"}, 400)]
    with (
        closing(open_writer(sqlite_world.database, keys_of(sqlite_world), account)) as writer,
        pytest.raises(Refused, match="suspended") as refused,
    ):
        writer.follow("did:plc:ann")
    assert type(refused.value) is Refused
    assert connections(sqlite_world.session)[account.id].problem is None


def test_a_picture_that_is_refused_keeps_no_post_back(
    sqlite_world: World, place: Standin, server: Server
) -> None:
    """The card goes without it."""
    account = connected(sqlite_world, place)
    server.next = [
        Answer({"error": "InvalidMimeType", "message": "no picture"}, 400),
        Answer({"uri": f"at://{DID}/app.bsky.feed.post/3jzfcijpj2z2a", "cid": "b"}),
    ]
    card = Card("https://go.jessestay.com/Ab3dE", "A title", "", b"<svg/>", "image/svg+xml")
    with closing(open_writer(sqlite_world.database, keys_of(sqlite_world), account)) as writer:
        writer.publish(Message("3jzfcijpj2z2a", "Hello", (), card))
    external = place.asked[-1].json["record"]["embed"]["external"]
    assert external == {"uri": card.url, "title": "A title", "description": ""}


def test_reading_is_never_unclear(sqlite_world: World, place: Standin, server: Server) -> None:
    """Nothing can have been done."""
    account = connected(sqlite_world, place)
    server.next = [Answer(silent=True), Answer({"error": "InternalServerError"}, 500)]
    with closing(open_writer(sqlite_world.database, keys_of(sqlite_world), account)) as writer:
        for _ in range(2):
            with pytest.raises(Unavailable) as raised:
                writer.posts(None)
            assert type(raised.value) is Unavailable


def test_a_server_that_is_not_there_has_done_nothing(sqlite_world: World, server: Server) -> None:
    """So a plain retry is worth it."""
    with standin(server.answer) as place:
        account = connected(sqlite_world, place)
    with (
        closing(open_writer(sqlite_world.database, keys_of(sqlite_world), account)) as writer,
        pytest.raises(Unavailable, match="cannot be reached") as raised,
    ):
        writer.publish(Message(writer.new_key(), "Hello"))
    assert type(raised.value) is Unavailable


def test_a_pause_ends_when_the_network_says(
    sqlite_world: World, place: Standin, server: Server
) -> None:
    """In seconds since 1970, or in seconds from now."""
    account = connected(sqlite_world, place)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=90)
    reset = {"ratelimit-reset": str(int(until.timestamp()))}
    server.next = [
        Answer({"error": "RateLimitExceeded"}, 429, reset),
        Answer({"error": "RateLimitExceeded"}, 429, {"retry-after": "30"}),
    ]
    with closing(open_writer(sqlite_world.database, keys_of(sqlite_world), account)) as writer:
        with pytest.raises(Pause) as pause:
            writer.delete(f"at://{DID}/app.bsky.feed.post/3jzfcijpj2z2a")
        assert pause.value.until == until
        with pytest.raises(Pause) as pause:
            writer.posts(None)
        assert 25 < (pause.value.until - datetime.now(UTC)).total_seconds() < 31


# The doors. --------------------------------------------------------------------------------------


@pytest.fixture
def commands(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world that commands work on."""
    monkeypatch.setenv("LINKTRACK_DATA", str(world.settings.data))
    monkeypatch.setenv("LINKTRACK_DATABASE", world.settings.database)
    return world


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=text)


def parsed(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_by_command(commands: World, place: Standin, tmp_path: Path) -> None:
    """The secret comes from a pipe or a prompt, never as an argument."""
    commands.account("@jesse.example.com", "bluesky")
    at = ("account", "connect", "@jesse.example.com", "--server", place.address)
    wrong = run(*at, text="aaaa-bbbb-cccc-dddd\n")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert "doesn't accept this app password" in wrong.stderr
    done = run(*at, text=APP_PASSWORD + "\n")
    assert (done.exit_code, done.stdout) == (0, "@jesse.example.com is connected.\n")
    (line,) = parsed(run("account", "list", "--json"))
    assert line["connected"] is True
    gone = run("account", "disconnect", "@jesse.example.com")
    assert gone.stdout == "@jesse.example.com is no longer connected.\n"
    (line,) = parsed(run("account", "list", "--json"))
    assert line["connected"] is False


@pytest.mark.slow
def test_a_terminal_asks_and_does_not_echo(sqlite_world: World, place: Standin) -> None:
    """It says where to get what it asks for."""
    sqlite_world.account("@jesse.example.com", "bluesky")
    ours, theirs = pty.openpty()
    environ = {
        **os.environ,
        "LINKTRACK_DATA": str(sqlite_world.settings.data),
        "LINKTRACK_DATABASE": sqlite_world.settings.database,
    }
    command = [sys.executable, "-m", "linktrack", "account", "connect", "@jesse.example.com",
               "--server", place.address]  # fmt: skip
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ) as run:
        os.close(theirs)
        said = b""
        while not said.endswith(b"App password: "):
            said += os.read(ours, 1000)
        os.write(ours, APP_PASSWORD.encode() + b"\n")
        with contextlib.suppress(OSError):  # the terminal is gone with the command
            while block := os.read(ours, 1000):
                said += block
    os.close(ours)
    shown = said.decode().replace("\r", "")
    assert run.returncode == 0, shown
    assert shown.startswith("On Bluesky: Settings, Privacy and security, App passwords")
    assert shown.endswith("\n@jesse.example.com is connected.\n")
    assert APP_PASSWORD not in shown


def test_one_network_is_asked_at_a_time(world: World, place: Standin) -> None:
    """The other threads of a worker are for those who click, however slow a network is."""
    account = world.account("@jesse.example.com", "bluesky")
    browser = Browser.signed_in(world)
    page = f"/owner/accounts/{account.id}/connection"
    typed = {"app_password": APP_PASSWORD, "server": place.address}
    with asking():
        refused = browser.send(page, {**typed})
    assert refused.status_code == 422
    assert "try again in a minute" in read(refused)
    assert browser.send(page, {**typed}).status_code == 303


def test_by_page(world: World, place: Standin, server: Server) -> None:
    """The form says where to get what it asks for, and what was typed is never on a page again."""
    account = world.account("@jesse.example.com", "bluesky")
    by_hand = world.account("Newsletter", "other")
    browser = Browser.signed_in(world)
    page = f"/owner/accounts/{account.id}/connection"
    assert "Settings, Privacy and security, App passwords" in read(browser.get(page))
    typed = {"app_password": "aaaa-bbbb-cccc-dddd", "server": place.address}
    wrong = browser.send(page, {**typed})
    assert wrong.status_code == 422
    assert "doesn't accept this app password" in read(wrong)
    assert "aaaa-bbbb-cccc-dddd" not in wrong.text
    assert place.address in wrong.text
    assert browser.send(page, {**typed, "app_password": APP_PASSWORD}).status_code == 303
    told = read(browser.get(page))
    assert "Connected since" in told
    assert "post, delete, read posts, read follower lists, follow" in told
    assert "Connected since" in read(browser.get("/owner/connections"))
    assert "linktrack can post for it, since" in read(browser.get(f"/owner/accounts/{account.id}"))
    world.session.rollback()
    server.next = [Answer({"error": "ExpiredToken"}, 400)]
    with (
        closing(open_writer(world.database, keys_of(world), account)) as writer,
        pytest.raises(SignedOut),
    ):
        writer.posts(None)
    assert "Bluesky no longer accepts the sign-in" in read(browser.get("/owner/posts"))
    assert browser.send(f"{page}/remove", {}, page).status_code == 303
    assert "Connected since" not in read(browser.get(page))
    assert "does not take the sign-in" not in read(browser.get("/owner/posts"))
    assert "You post there yourself" in read(
        browser.get(f"/owner/accounts/{by_hand.id}/connection")
    )


def test_a_limited_viewer_sees_nothing_of_other_accounts(world: World, place: Standin) -> None:
    """Neither that they are connected, nor what their networks have against it."""
    hidden = connected(world, place)
    shown = world.account("@shown.example.com", "bluesky")
    world.session.execute(update(StoredCredential).values(problem="It is over."))
    Browser.signed_in(world, "Jesse")
    browser = Browser.signed_in(world, "Vera")
    set_role(world.session, find_owner(world.session, "Vera"), "viewer", now(), [shown.id])
    world.session.commit()
    page = browser.get("/owner/connections")
    assert "@shown.example.com" in page.text
    assert "@jesse.example.com" not in page.text
    assert "It is over." not in page.text
    assert browser.get(f"/owner/accounts/{hidden.id}/connection").status_code == 404
    own = f"/owner/accounts/{shown.id}/connection"
    assert browser.send(f"{own}/remove", {}, "/owner/profile").status_code == 403


def test_a_network_that_asks_to_wait_is_said(sqlite_world: World) -> None:
    """In the form, which is shown again."""
    account = sqlite_world.account("@jesse.example.com", "bluesky")
    browser = Browser.signed_in(sqlite_world)
    with standin(lambda _: Answer({"error": "RateLimitExceeded"}, 429)) as place:
        typed = {"app_password": APP_PASSWORD, "server": place.address}
        answer = browser.send(f"/owner/accounts/{account.id}/connection", {**typed})
    assert answer.status_code == 422
    assert "The network asked to wait until" in read(answer)


def test_the_api_says_only_whether_an_account_is_connected(world: World, place: Standin) -> None:
    """Not since when, not by what."""
    account = connected(world, place)
    world.account("@other")
    headers = {"Authorization": f"Bearer {create_token(world.session, 't', 'read', None, NOON)}"}
    world.session.commit()
    client = Browser.on(world).client
    rows = client.get("/api/v1/accounts", headers=headers).get_json()["data"]
    assert {row["id"]: row["connected"] for row in rows}[account.id] is True
    assert [row["connected"] for row in rows].count(True) == 1


# Reading the networks by accounts that are connected. --------------------------------------------


def installed(world: World, bluesky: str = "http://127.0.0.1:9") -> Installation:
    """Return the installation of a world, with an AppView of its own."""
    changed = replace(world.settings, bluesky=bluesky)
    return Installation(changed, keys_of(world), world.database, world.shortener)


def test_a_connected_account_on_mastodon_gives_its_list(world: World) -> None:
    """Which nobody else may read."""
    account = world.account("@you@a.example", "mastodon")
    with replayed("mastodon.json", "connect", "connect", "limits", "followers") as place:
        typed = {"access_token": "tok-3nSecret-9"}
        signed = sign_in("mastodon", account.handle, typed, place.address)
        connect(world.session, keys_of(world), account, signed, NOON)
        world.session.commit()
        done = sync_one(installed(world), account)
    assert (done.followers, done.problem) == (3, None)
    assert done.roster is not None
    assert done.roster.size == 3


def test_a_connected_account_on_x_gives_its_count(commands: World) -> None:
    """And no list; one that is not connected gives neither."""
    commands.account("@jesse")
    refused = run("sync", "@jesse")
    assert refused.exit_code == 1
    assert "linktrack account connect" in refused.stderr
    metrics = {"public_metrics": {"followers_count": 23_000}}
    me = {"id": "42", "name": "Jesse", "username": "jesse", **metrics}

    def answer(asked: Asked) -> Answer:
        is_me = asked.path == "/2/users/me"
        return Answer({"data": me} if is_me else {"meta": {"result_count": 0}})

    with standin(answer) as place:
        at = ("account", "connect", "@jesse", "--server", place.address)
        assert run(*at, text="ck\ncs\n42-at\nats\n").exit_code == 0
        (synced,) = parsed(run("sync", "--json"))
    assert (synced["account"], synced["followers"], synced["roster"]) == ("@jesse", 23_000, None)


def test_an_account_that_is_signed_out_is_read_as_everybody_may(
    world: World, place: Standin, server: Server
) -> None:
    """The count goes on being recorded; the sentence stays until it is connected again."""
    account = connected(world, place)
    server.next = [
        Answer({"error": "ExpiredToken"}, 400),
        Answer({"did": DID, "handle": "jesse.example.com", "followersCount": 1}),
        Answer({"followers": [{"did": "did:plc:ann", "handle": "ann.test"}]}),
        Answer({"profiles": []}),
    ]
    here = installed(world, bluesky=place.address)
    problem = sync_one(here, account).problem
    assert problem is not None
    assert "no longer accepts the sign-in" in problem
    done = sync_one(here, account)
    assert (done.followers, done.problem) == (1, None)
    assert done.roster is not None
    assert "authorization" in place.asked[1].headers
    assert not any("authorization" in asked.headers for asked in place.asked[2:])
    assert connections(world.session)[account.id].problem is not None


def pages(browser: Browser, account: Account) -> list[str]:
    """Return what pages say that know of the account."""
    own = f"/owner/accounts/{account.id}"
    places = ("/owner/accounts", own, f"{own}/connection", "/owner/connections", "/owner/activity")
    return [browser.get(place).text for place in places]


@dataclass(frozen=True)
class Case:
    """A network: how its account is called, what is typed, and what it answers.

    `found` signs in; `gone` is said to what comes then.
    """

    network: str
    handle: str
    typed: tuple[str, ...]
    found: object
    gone: Answer


CASES = (
    Case(
        "bluesky", "@jesse.example.com", (APP_PASSWORD,), Server().session("first"),
        Answer({"error": "InvalidToken", "message": "Bad token"}, 400),
    ),
    Case(
        "mastodon", "@jesse@example.com", ("tok-3nSecret-9",),
        {"id": "1", "acct": "jesse", "url": "https://example.com/@jesse"},
        Answer({"error": "The access token was revoked"}, 401),
    ),
    Case(
        "x", "@jesse", ("ck-One1", "cs-Two2", "42-at-Three3", "ats-Four4"),
        {"data": {"id": "42", "name": "Jesse", "username": "jesse"}},
        Answer({"title": "Unauthorized", "status": 401}, 401),
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.network)
def test_nothing_that_signs_in_is_to_be_found(
    commands: World, tmp_path: Path, caplog: pytest.LogCaptureFixture, case: Case
) -> None:
    """Not in the database, logs, error pages, exports, in what is said, or what Python prints."""
    caplog.set_level(logging.DEBUG)
    account = commands.account(case.handle, case.network)
    browser = Browser.signed_in(commands)
    answers = [case.gone, Answer(b"[]"), Answer(case.found), case.gone]
    names = [secret.name for secret in needs_of(case.network).secrets]
    typed = dict(zip(names, case.typed, strict=True))
    page = f"/owner/accounts/{account.id}/connection"
    shown = []
    with standin(lambda _: answers.pop(0)) as place:
        for _ in range(2):
            failed = browser.send(page, {**typed, "server": place.address})
            assert failed.status_code == 422
            shown.append(failed.text)
        said = run(
            "account", "connect", case.handle, "--server", place.address,
            text="\n".join(case.typed) + "\n",
        ).output  # fmt: skip
        assert said == f"{case.handle} is connected.\n"
        stored = commands.session.scalars(select(StoredCredential)).one()
        writer = open_writer(commands.database, keys_of(commands), account)
        with closing(writer), pytest.raises(SignedOut) as refused:
            writer.publish(Message(writer.new_key(), "Hello"))
    commands.session.rollback()
    said += run("account", "list").output + run("account", "list", "--json").output
    everything = tmp_path / "all.zip"
    export_all(commands.database, everything, NOON)
    with zipfile.ZipFile(everything) as archive:
        exported = b"".join(archive.read(name) for name in archive.namelist())
    printed = repr((writer, vars(writer), refused.value, stored, vars(stored)))
    texts = [said, caplog.text, printed, exported.decode(), *shown]
    texts += pages(browser, account)
    files = [path.read_bytes() for path in commands.settings.data.rglob("*") if path.is_file()]
    if commands.settings.database.startswith("sqlite"):
        file = Path(commands.settings.database.removeprefix("sqlite:///"))
        files += [path.read_bytes() for path in file.parent.glob(file.name + "*")]
    secrets = [*case.typed, "firstsignature", "firstrefresh"]
    for secret in secrets:
        assert not any(secret in text for text in texts), secret
        assert not any(secret.encode() in content for content in files), secret


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.network)
@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"[]"),
        Answer(b"5"),
        Answer(b"null"),
        Answer({}),
        Answer({"data": [], "id": None, "did": 5}),
        Answer(b"\xff<html>"),
        Answer(b"[1]", 400),
        Answer(b'"no"', 403),
        Answer(b"[]", 429),
        Answer({"error": ["a"], "errors": "b", "message": 5}, 422),
        Answer(b"<html>", 503),
        Answer(silent=True),
    ],
)
def test_whatever_a_server_answers_is_one_sentence(case: Case, answer: Answer) -> None:
    """However wrong it is."""
    names = [secret.name for secret in needs_of(case.network).secrets]
    typed = dict(zip(names, case.typed, strict=True))
    with standin(lambda _: answer) as place, pytest.raises((LinktrackError, Pause)):
        sign_in(case.network, case.handle, typed, place.address)

"""Tokens: shown once, ending, revocable, and known by when they were last used."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from browser import Browser, read
from click.testing import CliRunner
from databases import Maker
from doorways import client_of, problem
from flask.testing import FlaskClient
from servers import answer, environment, serving
from werkzeug.test import TestResponse
from world import NOON, World

from linktrack.api.limits import NAME, Limiter
from linktrack.cli import main
from linktrack.db import now
from linktrack.errors import Forbidden, Invalid
from linktrack.owners.models import Token
from linktrack.owners.tokens import check_token, create_token, find_token, revoke_token, state_of


def ask(client: FlaskClient, secret: str) -> TestResponse:
    headers = {"Authorization": f"Bearer {secret}"}
    return client.get("/api/v1/export/counts", headers=headers)


def test_a_token_ends_when_it_expires_or_is_revoked(world: World) -> None:
    """From that moment on it opens nothing; nobody can make one that has ended already."""
    session = world.session
    secret = create_token(session, "phone", "read", None, NOON, expires_at=NOON + timedelta(days=1))
    later = NOON + timedelta(days=1)
    assert check_token(session, secret, NOON).name == "phone"
    assert check_token(session, secret, later - timedelta(seconds=1)).name == "phone"
    with pytest.raises(Forbidden, match="expired"):
        check_token(session, secret, later)
    token = find_token(session, "phone")
    revoke_token(session, token, NOON)
    revoke_token(session, token, later)
    assert (token.revoked_at, state_of(token, NOON)) == (NOON, "revoked")
    with pytest.raises(Forbidden, match="revoked"):
        check_token(session, secret, NOON)
    with pytest.raises(Invalid, match="future"):
        create_token(session, "past", "read", None, NOON, expires_at=NOON)


def test_the_api_says_that_a_token_is_over_and_writes_down_its_use(world: World) -> None:
    """401 with the reason; the last use is exact to five minutes, so that readers only read."""
    secret = create_token(world.session, "phone", "read", None, now())
    world.session.commit()
    client = client_of(world)
    assert ask(client, secret).status_code == 200
    used = world.session.get(Token, 1, populate_existing=True)
    assert used is not None
    assert used.last_used_at is not None
    assert datetime.now(UTC) - used.last_used_at < timedelta(minutes=1)
    first = used.last_used_at
    world.session.rollback()
    ask(client, secret)
    world.session.refresh(used)
    assert used.last_used_at == first
    revoke_token(world.session, used, now())
    world.session.commit()
    assert "revoked" in problem(ask(client, secret), 401)


def test_a_token_gets_so_many_requests_a_minute(sqlite_world: World) -> None:
    """The headers count down; then 429 says when to go on."""
    limiter = Limiter(2, sqlite_world.settings.data / "counts")
    assert [limiter.count(7, at)[0] for at in (0.0, 30.0, 59.0, 60.0)] == [1, 0, -1, 1]
    assert limiter.count(8, 60.5)[0] == 1
    assert limiter.count(7, 61.25) == (0, 59)
    assert limiter.count(7, 3.0) == (1, 60)  # the machine was started anew

    secret = create_token(sqlite_world.session, "phone", "read", None, now())
    sqlite_world.session.commit()
    client = client_of(sqlite_world)
    client.application.extensions["limiter"] = Limiter(1, sqlite_world.settings.data / NAME)
    first = ask(client, secret)
    assert first.headers["RateLimit"] == '"token";r=0;t=60'
    second = ask(client, secret)
    assert "in a minute" in problem(second, 429)
    assert second.headers["Retry-After"] == "60"


@pytest.mark.slow
def test_processes_count_together(tmp_path: Path) -> None:
    """Each number of what is left is given once, whoever counts."""
    program = (
        "import sys; from pathlib import Path; from linktrack.api.limits import Limiter\n"
        "limiter = Limiter(200, Path(sys.argv[1]))\n"
        "for number in range(50): print(limiter.count(3, 1.0 + number / 10)[0])"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "counts")], stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    printed = [process.communicate(timeout=60)[0].split() for process in started]
    left = [int(number) for numbers in printed for number in numbers]
    assert sorted(left) == list(range(200))
    assert Limiter(200, tmp_path / "counts").count(4, 6.0) == (199, 60)


def test_what_cannot_be_counted_is_answered(
    sqlite_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Without headers that would not be true; the log says why."""
    secret = create_token(sqlite_world.session, "phone", "read", None, now())
    sqlite_world.session.commit()
    client = client_of(sqlite_world)
    nowhere = sqlite_world.settings.data / "no folder" / NAME
    client.application.extensions["limiter"] = Limiter(1, nowhere)
    for _ in range(3):
        answer = ask(client, secret)
        assert answer.status_code == 200
        assert "RateLimit" not in answer.headers
    assert "not counted against its token's limit" in caplog.text


@pytest.mark.slow
def test_a_limit_holds_over_all_workers(sqlite_databases: Maker, tmp_path: Path) -> None:
    """The headers of three workers count down together."""
    environ = environment(tmp_path / "data", sqlite_databases(), LINKTRACK_RATE_LIMIT="20")
    with serving(environ, tmp_path / "log", "--workers", "3") as server:
        made = answer(environ, "token", "create", "phone", "--scope", "read")
        headers = {"Authorization": f"Bearer {made['token']}"}
        asked = [server.request("/api/v1/accounts", **headers) for _ in range(25)]
    assert [status for status, _, _ in asked] == [200] * 20 + [429] * 5
    left = [dict(found)["RateLimit"].split(";")[1] for _, found, _ in asked]
    assert left == [f"r={max(0, 19 - number)}" for number in range(25)]


def test_an_owner_makes_and_revokes_tokens_on_the_page(world: World) -> None:
    """The secret is on one answer only; the list says what each may do."""
    browser = Browser.signed_in(world)
    account = world.account()
    assert "No tokens yet" in read(browser.get("/owner/tokens"))
    form: dict[str, str | list[str]] = {
        "name": "WordPress",
        "scope": "wrap",
        "account": str(account.id),
    }
    made = browser.send("/owner/tokens", {**form, "expires_at": ""})
    assert made.status_code == 200
    secret = made.text.split('id="secret">')[1].split("<")[0]
    assert check_token(world.session, secret, now()).account_id == account.id
    world.session.rollback()
    page = browser.get("/owner/tokens")
    assert secret not in page.text
    assert "WordPress wrap @JessesLinks never never Revoke" in read(page)
    again = browser.send("/owner/tokens", form)
    assert (again.status_code, "already" in read(again)) == (422, True)
    assert browser.send("/owner/tokens/1/revoke", {}, "/owner/tokens").status_code == 303
    assert "revoked" in read(browser.get("/owner/tokens"))
    with pytest.raises(Forbidden, match="revoked"):
        check_token(world.session, secret, now())


def test_the_commands_make_list_and_revoke(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The contract's shape when made; no secret in the list."""
    monkeypatch.setenv("LINKTRACK_DATA", str(world.settings.data))
    monkeypatch.setenv("LINKTRACK_DATABASE", world.settings.database)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["token", *arguments])
        assert result.exit_code == 0, result.stderr
        return result.stdout

    made = json.loads(
        run("create", "phone", "--scope", "read", "--expires", "2999-01-01", "--json")
    )
    assert list(made) == ["name", "scope", "token"]
    (listed,) = json.loads(run("list", "--json"))
    assert listed["name"] == "phone"
    assert (listed["state"], listed["expires_at"]) == ("active", "2999-01-01T00:00:00Z")
    assert made["token"] not in run("list", "--json")
    run("revoke", "phone")
    assert json.loads(run("list", "--json"))[0]["state"] == "revoked"
    assert CliRunner().invoke(main, ["token", "revoke", "nobody"]).exit_code == 1

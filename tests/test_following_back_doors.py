"""Following back as an owner meets it: the page, the commands, and JSON to look at."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from browser import Browser, read
from click.testing import CliRunner, Result
from doorways import Caller
from square import crowd, person, roster
from world import World

from linktrack.audience.models import Account, FollowBack, MadeFollow
from linktrack.cli import main
from linktrack.db import now

DAY = timedelta(days=1)


def made(world: World, account: Account, number: int, days_ago: int = 0) -> None:
    """Say that linktrack has followed so many people."""
    for each in range(number):
        world.session.add(
            MadeFollow(account_id=account.id, network_id=f"did:{days_ago}:{each}",
                       handle=f"@p{days_ago}.{each}.test", state="followed", why="Came.",
                       begun_at=now() - days_ago * DAY, followed=f"at://{days_ago}/{each}")
        )  # fmt: skip
    world.session.commit()


def test_the_page_shows_the_dry_run_before_it_can_be_switched_on(world: World) -> None:
    """And says of whom it skips, why."""
    account = crowd(world, "ab")
    roster(
        world, account, [person("old"), person("a"), person("b"), person("e", empty=True)], now()
    )
    number = account.id
    browser = Browser.signed_in(world)
    page = "/owner/follow-back"
    shown = read(browser.get(page))
    assert "Nothing happens until you approve the preview." in shown
    assert "Switch on" not in shown
    wrong = browser.send(f"{page}/{number}/on", {}, page)
    assert wrong.status_code == 422
    assert "Look at the preview first" in read(wrong)
    done = browser.send(f"{page}/{number}/dry-run", {"since": "2026-01-01", "limit": "1"}, page)
    assert done.status_code == 303
    shown = read(browser.get(page))
    assert "Preview: 1 person" in shown
    assert "@a.test Began to follow by 2026-05-04." in shown
    assert "1 more in the following days." in shown
    assert "Looks empty: never posted; fewer than 5 followers." in shown
    assert "isn't connected" in shown
    assert browser.send(f"{page}/{number}/on", {}, page).status_code == 303
    assert "Switch off" in read(browser.get(page))
    assert browser.send(f"{page}/{number}/off", {}, page).status_code == 303
    world.session.rollback()
    assert world.session.get_one(FollowBack, number).on_since is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"since": "", "limit": "5"}, "Enter the date"),
        ({"since": "2026-01-01", "limit": "0"}, "The daily limit is 1 to 100"),
        ({"since": "2026-01-01", "limit": "many"}, "must be a whole number"),
        ({"since": "2999-01-01", "limit": "5"}, "is in the future"),
    ],
)
def test_settings_that_cannot_be_are_said(
    sqlite_world: World, fields: dict[str, str | list[str]], said: str
) -> None:
    """Nothing is stored."""
    account = crowd(sqlite_world, "a")
    page = "/owner/follow-back"
    number = account.id
    browser = Browser.signed_in(sqlite_world)
    answer = browser.send(f"{page}/{number}/dry-run", fields, page)
    assert answer.status_code == 422
    assert said in read(answer)
    sqlite_world.session.rollback()
    assert sqlite_world.session.get(FollowBack, number) is None


def test_on_x_there_is_a_list_with_ticks(world: World) -> None:
    """No switch, and profiles to open."""
    account = crowd(world, "ab", "x")
    number = account.id
    page = "/owner/follow-back"
    browser = Browser.signed_in(world)
    browser.send(f"{page}/{number}/dry-run", {"since": "2026-01-01", "limit": "9"}, page)
    answer = browser.get(page)
    assert "X doesn't allow programs to follow back" in read(answer)
    assert "Switch on" not in read(answer)
    assert 'href="https://x.com/a.test"' in answer.text
    nobody = browser.send(f"{page}/{number}/by-hand", {}, page)
    assert nobody.status_code == 422
    done = browser.send(f"{page}/{number}/by-hand", {"person": ["did:plc:a"]}, page)
    assert done.status_code == 303
    shown = read(browser.get(page))
    assert "followed by hand" in shown
    assert "1 of 9 in the last 24 hours" in shown
    assert browser.send(f"{page}/{number}/on", {}, page).status_code == 422


def test_undoing_many_asks_for_their_number(world: World) -> None:
    """One and a day's are undone at once; others' follows are not there at all."""
    account = crowd(world, "a")
    number = account.id
    made(world, account, 21)
    made(world, account, 2, days_ago=3)
    world.session.rollback()
    page = "/owner/follow-back"
    browser = Browser.signed_in(world)
    undo = f"{page}/{number}/undo"
    assert "Undo one day, or all 23" in read(browser.get(page))
    for fields, said in (
        ({"all": "yes"}, "This undoes 23 follows. Type the number 23"),
        ({"all": "yes", "number": "21"}, "Type the number 23"),
        ({}, "Choose the day"),
        ({"day": "2020-01-01"}, "There is nothing to undo"),
    ):
        wrong = browser.send(undo, fields, page)  # type: ignore[arg-type]  # texts, all of them
        assert wrong.status_code == 422
        assert said in read(wrong)
    day = (now() - 3 * DAY).date().isoformat()
    assert browser.send(undo, {"day": day}, page).status_code == 303
    assert browser.send(undo, {"follow": "1"}, page).status_code == 303
    assert browser.send(undo, {"all": "yes", "number": "23"}, page).status_code == 303
    world.session.rollback()
    states = [row.state for row in world.session.query(MadeFollow)]
    assert states == ["undoing"] * 23


def test_without_a_you_account_the_page_says_who_follows_back(sqlite_world: World) -> None:
    """And the forms of another account are refused."""
    other = sqlite_world.account("@me.test", "bluesky", "me")
    number = other.id
    browser = Browser.signed_in(sqlite_world)
    assert "Only your account with the role you" in read(browser.get("/owner/follow-back"))
    answer = browser.send(
        f"/owner/follow-back/{number}/dry-run", {"since": "2026-01-01", "limit": "5"},
        "/owner/accounts",
    )  # fmt: skip
    assert answer.status_code == 422


def test_programs_look_at_it_and_change_nothing(world: World) -> None:
    """The plan and the log."""
    account = crowd(world, "ab")
    number = account.id
    made(world, account, 3)
    call = Caller(world)
    found = call("GET", f"/accounts/{number}/follow-back").get_json()
    assert (found["on"], found["after"], found["plan"]["now"]) == (False, None, [])
    page = call("GET", f"/accounts/{number}/follows?limit=2").get_json()
    assert [row["state"] for row in page["data"]] == ["followed", "followed"]
    rest = call("GET", f"/accounts/{number}/follows?after={page['next']}").get_json()
    assert (len(rest["data"]), rest["next"]) == (1, None)


def test_the_same_by_command(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dry run, on, status, log, undo, off."""
    account = crowd(world, "ab")
    made(world, account, 21)
    world.session.rollback()
    monkeypatch.setenv("LINKTRACK_DATA", str(world.settings.data))
    monkeypatch.setenv("LINKTRACK_DATABASE", world.settings.database)

    run: Callable[..., Result] = lambda *words: CliRunner().invoke(main, ["follow-back", *words])  # noqa: E731
    assert "begin with linktrack follow-back dry-run" in run("status", "@you.test").stdout
    assert run("on", "@you.test").exit_code == 1
    shown = run("dry-run", "@you.test", "--after", "2026-01-01", "--limit", "30", "--json")
    assert [each["handle"] for each in json.loads(shown.stdout)["now"]] == ["@a.test", "@b.test"]
    assert "@a.test" in run("dry-run", "@you.test", "--after", "2026-01-01", "--limit", "22").stdout
    assert "is on for @you.test" in run("on", "@you.test").stdout
    assert "On; 21 of 22" in run("status", "@you.test").stdout
    assert json.loads(run("status", "@you.test", "--json").stdout)["on"] is True
    assert len(json.loads(run("log", "@you.test", "--json").stdout)) == 21
    assert "@p0.20.test" in run("log", "@you.test").stdout
    assert run("undo", "@you.test").exit_code == 2
    refused = run("undo", "@you.test", "--all")
    assert refused.exit_code == 1
    assert "Type the number 21" in refused.stderr
    assert "1 will be taken back" in run("undo", "@you.test", "--follow", "1").stdout
    today = now().date().isoformat()
    assert run("undo", "@you.test", "--day", today, "--number", "21").exit_code == 0
    assert "is off" in run("off", "@you.test").stdout

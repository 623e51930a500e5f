"""Edges of every report at the real doors: an answer in words and no number that is none."""

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from audiences import followers
from browser import Browser, read
from click.testing import CliRunner
from clicking import people
from doorways import ACCOUNT, REPORTS
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.cli import main
from linktrack.owners.tokens import create_token
from linktrack.reports.diary.experiments import Question, add_experiment

PAGES = (
    "", "posts", "posts?sort=low", "audience", "compare?days=365", "timing", "referrers?days=365",
    "experiments", "experiments/1", "people", "own-links", "digest", "digest?period=month",
    "segments", "followers?days=365", "links",
)  # fmt: skip

NO_NUMBER = re.compile(r"\b(nan|NaN|inf|Infinity|None|null)\b")


def nothing(world: World, account: Account) -> None:
    """No post, no count."""


def one_post(world: World, account: Account) -> None:
    """Nobody clicked it, and how many follow is not known."""
    world.post(account, "http://one.com/")


def count_of_nothing(world: World, account: Account) -> None:
    """Nobody follows, and one person clicked."""
    followers(world, account, 0, days=-1)
    people(world, world.post(account, "http://one.com/"), 0, 1)


def too_early(world: World, account: Account) -> None:
    """Posts before the first count, with clicks."""
    followers(world, account, 23_000, days=50)
    for number in range(7):
        at = NOON + timedelta(days=number)
        people(world, world.post(account, f"http://{number}.com/", at), 0, 9)


def nobody(world: World, account: Account) -> None:
    """Many posts that nobody clicked."""
    followers(world, account, 23_000, days=-1)
    for number in range(40):
        world.post(account, f"http://{number}.com/", NOON + timedelta(hours=15 * number))


def boosted(world: World, account: Account) -> None:
    """Far more people than followers."""
    followers(world, account, 2, days=-40)
    followers(world, account, 3, days=3)
    for number in range(12):
        post = world.post(account, f"http://{number}.com/", NOON + timedelta(days=number - 6))
        people(world, post, 0, 5 + number, referrer="//t.co/a")


@pytest.mark.slow
@pytest.mark.parametrize(
    "make", [nothing, one_post, count_of_nothing, too_early, nobody, boosted],
    ids=lambda make: make.__name__,
)  # fmt: skip
def test_no_edge_breaks_a_report_at_any_door(
    sqlite_world: World, make: Callable[[World, Account], None]
) -> None:
    """Commands, API and pages: no failure, no NaN, and a sentence wherever a report has one."""
    world = sqlite_world
    account = world.account()
    make(world, account)
    add_experiment(world.session, account, Question("Pictures", NOON), NOON)
    secret = create_token(world.session, "t", "read", None, NOON)
    world.session.commit()
    browser = Browser.signed_in(world)
    for page in PAGES:
        answer = browser.get(f"/owner/{page}")
        assert answer.status_code == 200, page
        assert not NO_NUMBER.search(read(answer)), page
    environ = {
        "LINKTRACK_DATA": str(world.settings.data),
        "LINKTRACK_DATABASE": world.settings.database,
    }
    headers = {"Authorization": f"Bearer {secret}"}
    for name, query, command, members in REPORTS:
        address = f"/api/v1/reports/{name}?{ACCOUNT}&{query}"
        given = browser.client.get(address, headers=headers)
        assert given.status_code == 200, given.text
        json.dumps(given.json, allow_nan=False)
        if "sentence" in members.split():
            assert given.json is not None
            assert given.json["sentence"].endswith("."), name
        if command is not None:
            done = CliRunner().invoke(main, ["report", *command.split()], env=environ)
            assert done.exit_code == 0, done.output
            assert not NO_NUMBER.search(done.output), name
    done = CliRunner().invoke(main, ["digest", "--all"], env=environ)
    assert done.exit_code == 0, done.output
    assert not NO_NUMBER.search(done.output)

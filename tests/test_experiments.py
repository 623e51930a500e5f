"""Experiments from their beginning to their verdict, by command, page and API."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from audiences import followers
from browser import Browser, read
from clicking import people
from commands import Run, good, parsed
from doorways import client_of
from filling import begun
from statements import Statements
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.db import now
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.owners.tokens import create_token
from linktrack.reports.diary.experiment_report import (
    experiment_json,
    experiment_report,
    experiment_reports,
)
from linktrack.reports.diary.experiment_results import ExperimentReport
from linktrack.reports.diary.experiments import (
    Question,
    add_experiment,
    find_experiment,
    list_experiments,
    remove_experiment,
)


def posted(world: World, account: Account, begin: datetime, counts: Sequence[int]) -> None:
    """One post a day from `begin` on, with so many people each."""
    for day, count in enumerate(counts):
        post = world.post(account, f"http://{day}.com/", begin + timedelta(days=day))
        people(world, post, 0, count)


def report(world: World, name: str, at: datetime) -> ExperimentReport:
    accounts: dict[int, Account] = {each.id: each for each in world.session.query(Account)}
    (experiment,) = [each for each in list_experiments(world.session) if each.name == name]
    return experiment_report(world.session, experiment, accounts, at)


def test_a_doubling_is_found_by_the_first_look_that_can(world: World) -> None:
    """Before it nothing is decided; after it nothing is taken back."""
    account = world.account()
    followers(world, account, 23_000, days=-60)
    begun(world, account, hypothesis="Twice as many click with a picture.")
    chance = random.Random(2)
    posted(world, account, NOON - timedelta(days=14), [chance.randint(18, 24) for _ in range(14)])
    posted(world, account, NOON, [chance.randint(38, 46) for _ in range(10)])
    early = report(world, "Pictures", NOON + timedelta(days=4))
    assert (early.verdict, early.after.posts, early.after.posts_counting) == ("not_yet", 4, 6)
    assert early.days_needed == 3
    assert early.sentence == "Can't tell yet: about 3 more days."
    assert early.on_looking.endswith("Next check: 2026-05-11; last check: 2026-05-19.")
    found = report(world, "Pictures", NOON + timedelta(days=8))
    assert (found.verdict, found.decided_at) == ("more", NOON + timedelta(days=7))
    assert found.p is not None and found.p < 0.005
    assert found.sentence.startswith(
        "Clearly more: posts after the change get more clicks per 1,000 followers than posts "
        "before the change; as of now 1."
    )
    assert report(world, "Pictures", NOON + timedelta(days=300)).decided_at == found.decided_at
    answer = experiment_json(found)
    assert list(answer) == [
        "name", "hypothesis", "at", "days", "window", "before", "after",
        "difference", "difference_low", "difference_high", "ratio", "ratio_low", "ratio_high",
        "p", "verdict", "decided_at", "next_look", "last_look", "days_needed", "weeks",
        "besides", "sentence",
    ]  # fmt: skip
    before = answer["before"]
    assert isinstance(before, dict)
    assert before["followers"] == 14 * 23_000
    assert found.ratio is not None
    assert found.ratio_interval is not None
    assert 1.5 < found.ratio_interval.low < found.ratio < found.ratio_interval.high


def test_weeks_and_what_else_happened_then(sqlite_world: World) -> None:
    """Week by week, and what may be the cause instead: followers, and other experiments."""
    world = sqlite_world
    account = world.account()
    followers(world, account, 10_000, days=-60)
    followers(world, account, 10_900, days=-10)
    followers(world, account, 23_000, days=3)
    followers(world, account, 5_000, days=20)  # after it
    begun(world, account)
    add_experiment(world.session, account, Question("Hashtags", NOON, days=7), NOON)
    earlier = Question("Long ago", NOON - timedelta(days=100))
    add_experiment(world.session, account, earlier, NOON)
    world.session.commit()
    posted(world, account, NOON - timedelta(days=14), [10] * 14)
    posted(world, account, NOON, [20] * 9)
    found = report(world, "Pictures", NOON + timedelta(days=40))
    weeks = [(week.label, week.name, week.posts, week.unique_clicks) for week in found.weeks]
    assert weeks == [
        ("before", "2 weeks before", 7, 70),
        ("before", "1 week before", 7, 70),
        ("after", "week 1", 7, 140),
        ("after", "week 2", 2, 40),
    ]
    assert found.weeks[0].cpf.interval is not None
    assert found.weeks[-1].cpf.interval is None
    assert found.besides == [
        (
            "@JessesLinks had 23,000 followers on 7 May 2026, after 10,900: that alone changes "
            "clicks per follower."
        ),
        "The experiment Hashtags ran on @JessesLinks at the same time.",
    ]
    browser = Browser.signed_in(world)
    page = read(browser.get(f"/owner/experiments/{found.experiment.id}"))
    assert "Week by week" in page
    assert found.besides[0] in page


def test_no_other_account_is_named_to_who_may_not_see_it(world: World) -> None:
    """Neither by an experiment that ran on it at the same time, nor by one against it."""
    you, hidden = world.account(), world.account("@hidden", role="me")
    begun(world, you)
    add_experiment(world.session, hidden, Question("Secret", NOON, other=you), NOON)
    add_experiment(world.session, you, Question("Covert", NOON, other=hidden), NOON)
    add_experiment(world.session, you, Question("Hashtags", NOON), NOON)
    address = "/api/v1/reports/experiment?account=@JessesLinks&name=Pictures"
    told = {}
    for name, number in (("one", you.id), ("all", None)):
        secret = create_token(world.session, name, "read", number, NOON)
        world.session.commit()
        answer = client_of(world).get(address, headers={"Authorization": f"Bearer {secret}"})
        told[name] = answer.get_json()["besides"]
    assert told["one"] == ["The experiment Hashtags ran on @JessesLinks at the same time."]
    assert len(told["all"]) == 3


def test_two_accounts_over_the_same_days(world: World) -> None:
    """Sides are named by their handles; alike accounts show no difference, with its bounds."""
    you, me = world.account(), world.account("@Jesse", role="me")
    for account in (you, me):
        followers(world, account, 10_000, days=-1)
    begun(world, you, other=me)
    for seed, account in enumerate((you, me)):
        chance = random.Random(seed)
        posted(world, account, NOON, [chance.randint(15, 25) for _ in range(8)])
    found = report(world, "Pictures", NOON + timedelta(days=40))
    assert (found.before.label, found.after.label) == ("@JessesLinks", "@Jesse")
    assert found.verdict == "none_found"
    assert found.sentence.startswith(
        "No difference was found: posts on @Jesse get something between 0."
    )
    assert find_experiment(world.session, me).name == "Pictures"


def test_edges_have_a_sentence_that_says_what_is_missing(world: World) -> None:
    """No posts, one post, no clicks, no count, more people than followers: no crash, no NaN."""
    account = world.account()
    begun(world, account)
    none = report(world, "Pictures", NOON + timedelta(days=3))
    assert none.sentence == (
        "Can't tell yet: 0 posts before the change are complete, and at least 5 are needed."
    )
    assert (none.difference, none.ratio, none.before.cpf.value) == (None, None, None)
    over = report(world, "Pictures", NOON + timedelta(days=90))
    assert over.sentence == (
        "There were too few posts to tell: at least 5 on each side are needed, and 0 before the "
        "change and 0 after the change could be used."
    )
    posted(world, account, NOON - timedelta(days=7), [3])
    assert report(world, "Pictures", NOON).before.posts_without_count == 1
    followers(world, account, 2, days=-30)
    one = report(world, "Pictures", NOON)
    assert one.sentence.startswith("Can't tell yet: 1 post before the change is complete")
    assert one.before.cpf.value == 1.5
    posted(world, account, NOON - timedelta(days=6), [0] * 6)
    posted(world, account, NOON, [0] * 6)
    silent = report(world, "Pictures", NOON + timedelta(days=90))
    assert silent.verdict == "none_found"
    assert silent.sentence == "No difference was found."
    assert silent.ratio == 0


def test_what_cannot_be_an_experiment_is_said(world: World) -> None:
    """Names once, 7 to 365 days, windows that end, two different accounts."""
    account = world.account()
    begun(world, account)
    for error, change in (
        (Conflict, {}),
        (Invalid, {"name": " "}),
        (Invalid, {"name": "x" * 101}),
        (Invalid, {"name": "x", "days": 6}),
        (Invalid, {"name": "x", "days": 366}),
        (Invalid, {"name": "x", "window": "all"}),
        (Invalid, {"name": "x", "other": account}),
        (Invalid, {"name": "x", "hypothesis": "y" * 2_001}),
    ):
        with pytest.raises(error):
            add_experiment(
                world.session,
                account,
                Question(**{"name": "Pictures", "at": NOON, **change}),  # type: ignore[arg-type]
                NOON,
            )
    with pytest.raises(NotFound):
        find_experiment(world.session, account, "y")
    remove_experiment(world.session, "Pictures", now())
    with pytest.raises(NotFound):
        remove_experiment(world.session, "Pictures", now())
    with pytest.raises(NotFound):
        find_experiment(world.session, account)


def test_experiments_by_command(run: Run) -> None:
    """Add, list, report, remove."""
    run("account", "add", "@JessesLinks", "--network", "x", "--followers", "23000")
    good(run("experiment", "add", "@JessesLinks", "Pictures", "--hypothesis", "More click."))
    assert run("experiment", "add", "@JessesLinks", "Pictures").exit_code == 1
    (listed,) = parsed(run("experiment", "list", "@JessesLinks", "--json"))
    assert listed == parsed(run("report", "experiment", "@JessesLinks", "--json"))
    assert (listed["verdict"], listed["days_needed"]) == ("not_yet", None)
    text = good(run("report", "experiment", "@JessesLinks", "--name", "Pictures"))
    assert "Expected: More click." in text
    assert "Checked weekly on fixed dates" in text
    assert "Can't tell yet" in good(run("experiment", "list"))
    good(run("experiment", "remove", "Pictures"))
    assert run("report", "experiment", "@JessesLinks").exit_code == 1


def test_experiments_on_pages_and_by_api(sqlite_world: World) -> None:
    """A form begins one; its page has the hypothesis and the verdict; the API the same object."""
    world = sqlite_world
    browser = Browser.signed_in(world)
    assert "needs an account" in read(browser.get("/owner/experiments"))
    account = world.account()
    other = world.account("@Jesse", role="me")
    followers(world, account, 23_000, days=-60)
    form: dict[str, str | list[str]] = {
        "name": "Pictures",
        "account": str(account.id),
        "hypothesis": "<b>More</b>",
    }
    answer = browser.send("/owner/experiments", form)
    assert answer.status_code == 303
    page = browser.get(answer.headers["Location"])
    assert "<b>More</b>" in read(page).replace("&lt;", "<")
    assert "<b>More" not in page.text
    assert "Can't tell yet" in read(page)
    assert browser.send("/owner/experiments", form).status_code == 422
    assert browser.send("/owner/experiments", {"name": "x"}).status_code == 422
    versus: dict[str, str | list[str]] = {
        "name": "v",
        "account": str(account.id),
        "other": str(other.id),
        "at": "2026-01-01",
    }
    assert browser.send("/owner/experiments", versus).status_code == 303
    assert "@JessesLinks and @Jesse" in read(browser.get("/owner/experiments"))
    assert browser.get("/owner/experiments/99").status_code == 404

    secret = create_token(world.session, "t", "read", account.id, now())
    world.session.commit()
    bearer = {"Authorization": f"Bearer {secret}"}
    listed = browser.client.get("/api/v1/experiments?account=@JessesLinks", headers=bearer)
    assert [each["name"] for each in listed.get_json()["data"]] == ["Pictures"]
    address = "/api/v1/reports/experiment?account=@JessesLinks&name="
    assert browser.client.get(f"{address}Pictures", headers=bearer).json["verdict"] == "not_yet"  # type: ignore[index]
    assert browser.client.get(f"{address}v", headers=bearer).status_code == 403
    assert browser.client.get(f"{address}y", headers=bearer).status_code == 404
    gone = browser.send("/owner/experiments/1/remove", {}, form="/owner/experiments/1")
    assert gone.status_code == 303


def test_twenty_experiments_take_no_more_statements_than_two(
    sqlite_world: World, statements: Statements
) -> None:
    """Counts, posts and other experiments are read once for the whole page."""
    world = sqlite_world
    accounts = [world.account(f"@a{number}") for number in range(20)]
    for account in accounts:
        followers(world, account, 1_000, days=-60)
        posted(world, account, NOON - timedelta(days=3), [5, 5, 5])
        posted(world, account, NOON, [9])
    browser = Browser.signed_in(world)

    def sent_with(first: int, last: int) -> int:
        for number in range(first, last):
            asked = Question(f"number {number}", NOON + timedelta(days=number % 2), days=14)
            add_experiment(world.session, accounts[number], asked, NOON)
        world.session.commit()
        with statements(world.database.engine) as sent:
            page = browser.get("/owner/experiments")
        assert f"number {last - 1}" in read(page)
        return len(sent)

    assert sent_with(0, 2) == sent_with(2, 20) > 0
    shown: dict[int, Account] = {each.id: each for each in accounts}
    everything = list_experiments(world.session)
    later = NOON + timedelta(days=30)
    together = experiment_reports(world.session, everything, shown, later)
    alone = [experiment_report(world.session, each, shown, later) for each in everything]
    assert list(map(experiment_json, together)) == list(map(experiment_json, alone))
    assert [each.before.posts for each in together].count(3) == 10

"""What else happened in an experiment's days is said, and only that."""

from datetime import timedelta

from world import NOON, World

from linktrack.audience.models import Account
from linktrack.reports.diary.besides import MOST, besides, span_of
from linktrack.reports.diary.experiments import Question, add_experiment, list_experiments
from linktrack.reports.diary.models import Experiment

DAY = timedelta(days=1)


def begun(
    world: World,
    account: Account,
    name: str = "Pictures",
    days_later: float = 0,
    other: Account | None = None,
) -> None:
    at = NOON + days_later * DAY
    add_experiment(world.session, account, Question(name, at, other, days=14), at)
    world.session.commit()


def first(world: World) -> Experiment:
    return min(list_experiments(world.session), key=lambda experiment: experiment.id)


def told(world: World, account: Account, *counts: tuple[float, int]) -> list[str]:
    history = [(NOON + days * DAY, count) for days, count in counts]
    every = list_experiments(world.session)
    return besides(first(world), every, {account.id: account}, {account.id: history})


def test_a_jump_of_more_than_a_tenth_in_its_days_is_named(world: World) -> None:
    """Up or down; a tenth is none, and what came before or after is another matter."""
    account = world.account()
    begun(world, account)
    since, end = span_of(first(world))
    assert (since, end) == (NOON - 14 * DAY, NOON + 14 * DAY)
    assert told(world, account, (-1, 1_000), (1, 1_100)) == []
    (up,) = told(world, account, (-1, 1_000), (1, 1_101))
    assert up == (
        "@JessesLinks had 1,101 followers on 5 May 2026, after 1,000: "
        "that alone changes clicks per follower."
    )
    assert len(told(world, account, (-1, 1_000), (1, 899))) == 1
    assert told(world, account, (-30, 1_000), (-15, 5_000)) == []
    assert told(world, account, (13, 1_000), (14, 5_000)) == []


def test_another_experiment_at_the_same_time_is_named_and_a_later_one_is_not(
    world: World,
) -> None:
    """At the same time: some of their days are the same."""
    account = world.account()
    begun(world, account)
    begun(world, account, "Wording", 20)
    begun(world, account, "Next year", 300)
    assert told(world, account) == ["The experiment Wording ran on @JessesLinks at the same time."]


def test_an_experiment_on_an_account_that_may_not_be_seen_is_not_named(world: World) -> None:
    """Its name would tell of the account."""
    account, hidden = world.account(), world.account("@hidden")
    begun(world, account, other=hidden)
    begun(world, hidden, "Secret")
    assert told(world, account) == []


def test_no_more_than_ten_are_named(world: World) -> None:
    """The rest would bury them."""
    account = world.account()
    begun(world, account)
    assert len(told(world, account, *((day, 10 ** (day % 2 + 2)) for day in range(13)))) == MOST

"""Other things that happened during an experiment and may explain its result."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from linktrack.audience.counts import History
from linktrack.audience.models import Account
from linktrack.reports.diary.models import Experiment

DAY: Final = timedelta(days=1)
JUMP: Final = 0.1
"""Part of its followers by which an account must change from one count to the next to be named."""

MOST: Final = 10


def besides(
    experiment: Experiment,
    experiments: Sequence[Experiment],
    accounts: Mapping[int, Account],
    histories: Mapping[int, History],
) -> list[str]:
    """Return sentences on jumps of follower counts and other experiments in its days, at most 10.

    `experiments` are all there are; `histories` holds the follower counts of its one or two
    accounts; `accounts` are those that may be named: experiments on another are left out.
    """
    since, end = span_of(experiment)
    told = []
    for account_id, history in histories.items():
        handle = accounts[account_id].handle
        for (_, before), (at, count) in pairwise(history):
            if since <= at < end and abs(count - before) > JUMP * before:
                told.append(
                    f"{handle} had {count:,} followers on {_day(at)}, after {before:,}: that alone "
                    "changes clicks per follower."
                )
    told += [
        f"The experiment {other.name} ran on {accounts[other.account_id].handle} at the same time."
        for other in _others(experiments, experiment, accounts)
    ]
    return told[:MOST]


def span_of(experiment: Experiment) -> tuple[datetime, datetime]:
    """Return the moments between which its posts are posted."""
    length = experiment.days * DAY
    since = experiment.at if experiment.other_id is not None else experiment.at - length
    return since, experiment.at + length


def _others(
    found: Sequence[Experiment], experiment: Experiment, shown: Collection[int]
) -> list[Experiment]:
    since, end = span_of(experiment)
    ids = {experiment.account_id, experiment.other_id} - {None}
    return [
        other
        for other in found
        if other.id != experiment.id
        and other.account_id in shown
        and other.other_id in {None, *shown}
        and ids & {other.account_id, other.other_id}
        and span_of(other)[0] < end
        and span_of(other)[1] > since
    ]


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"

"""Experiments: what is asked, and what has been found."""

from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict

from flask import Response, g

from linktrack.api.access import named_account, require_account, require_all
from linktrack.api.operations import (
    ACCOUNT,
    NEEDED_ACCOUNT,
    Parameter,
    asked,
    operation,
    sent,
)
from linktrack.api.read import stored
from linktrack.api.reports.reporting import report_at
from linktrack.audience.accounts import accounts_by_number
from linktrack.audience.models import Account
from linktrack.calendar.times import utc
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, db_session
from linktrack.db import now
from linktrack.reports.diary.experiment_report import (
    ExperimentReportJson,
    experiment_json,
    experiment_report,
)
from linktrack.reports.diary.experiments import (
    DAYS,
    Question,
    add_experiment,
    find_experiment,
    get_experiment,
    list_experiments,
    remove_experiment,
)
from linktrack.reports.diary.models import Experiment

NAME = Parameter("name", "The experiment's name; default: the account's newest.")


class ExperimentJson(TypedDict):
    """An experiment: posts before and after `at`, or the posts of two accounts from `at` on."""

    id: int
    name: str
    account: str
    other: str | None
    at: str
    days: int
    window: str
    hypothesis: str
    created_at: str


def _json(experiment: Experiment, accounts: Mapping[int, Account]) -> ExperimentJson:
    other = experiment.other_id
    return {
        "id": experiment.id,
        "name": experiment.name,
        "account": accounts[experiment.account_id].handle,
        "other": None if other is None else accounts[other].handle,
        "at": utc(experiment.at),
        "days": experiment.days,
        "window": experiment.window,
        "hypothesis": experiment.hypothesis,
        "created_at": utc(experiment.created_at),
    }


class ExperimentListJson(TypedDict):
    """Experiments, newest first."""

    data: list[ExperimentJson]


@operation("GET", "/experiments", scope="read", query=(ACCOUNT,), problems=(404,))
def read_experiments() -> ExperimentListJson:
    """List experiments, newest first, of one account or of all that the token has access to."""
    handle = asked().optional_text("account")
    account = None if handle is None else named_account(handle)
    if account is None:
        require_all()
    session = db_session()
    accounts = accounts_by_number(session)
    found = list_experiments(session, account)
    return {"data": [_json(each, accounts) for each in found if _is_reached(each)]}


class NewExperiment(TypedDict):
    """A new experiment, started before its outcome is known; `at` defaults to now."""

    name: str
    account: str
    other: NotRequired[str | None]
    at: NotRequired[str | None]
    days: NotRequired[int]
    window: NotRequired[Literal["1h", "24h", "7d", "30d"]]
    hypothesis: NotRequired[str]


@operation("POST", "/experiments", scope="write", body=NewExperiment, problems=(404, 409))
def create_experiment() -> tuple[ExperimentJson, Literal[201]]:
    """Start an experiment: posts before and after a moment, or the posts of two accounts."""
    fields, session, moment = sent(), db_session(), now()
    other = fields.optional_text("other")
    days = fields.whole("days", DAYS)
    question = Question(
        name=fields.text("name"),
        at=fields.moment("at") or moment,
        other=None if other is None else named_account(other),
        days=DAYS if days is None else days,
        window=fields.text("window", DEFAULT_WINDOW),
        hypothesis=fields.text("hypothesis", ""),
    )
    account = named_account(fields.text("account"))
    added = add_experiment(session, account, question, moment)
    session.commit()
    return _json(added, accounts_by_number(session)), 201


@operation(
    "DELETE", "/experiments/<int:number>", scope="write", answers={204: None}, problems=(404,)
)
def delete_experiment(number: int) -> Response:
    """Delete an experiment; posts and clicks stay."""
    session = db_session()
    _reach(experiment := get_experiment(session, stored(number)))
    remove_experiment(session, experiment.name, now())
    session.commit()
    return Response(status=204)


@report_at("experiment", (NEEDED_ACCOUNT, NAME))
def report_experiment() -> ExperimentReportJson:
    """Return the result of an account's experiment: the named one, or its newest."""
    fields = asked()
    session = db_session()
    account = named_account(fields.text("account"))
    experiment = find_experiment(session, account, fields.optional_text("name"))
    _reach(experiment)
    accounts = accounts_by_number(session)
    if g.token.account_id is not None:
        accounts = {account.id: account}  # no other is named, not even where it took part
    return experiment_json(experiment_report(session, experiment, accounts, as_of(now())))


def _is_reached(experiment: Experiment) -> bool:
    """Whether the token reaches both accounts, where there are two."""
    return g.token.account_id is None or experiment.other_id is None


def _reach(experiment: Experiment) -> None:
    for number in (experiment.account_id, experiment.other_id):
        require_account(number)

"""Experiments: what was asked, and what has been found."""

from flask import Response, jsonify

from linktrack.api import audience_shapes as shapes
from linktrack.api.access import named_account, reached
from linktrack.api.operations import NEEDED_ACCOUNT, Parameter, asked, operation
from linktrack.audience.accounts import list_accounts
from linktrack.context import db_session
from linktrack.db import now
from linktrack.reports.experiment_report import experiment_report
from linktrack.reports.experiments import find_experiment

NAME = Parameter("name", "Which experiment; default: the account's newest.")


@operation(
    "GET",
    "/reports/experiment",
    scope="read",
    query=(NEEDED_ACCOUNT, NAME),
    answers={200: shapes.ExperimentReport},
    problems=(404,),
)
def report_experiment() -> Response:
    """Return what an account's experiment has found: the named one, or its newest."""
    fields = asked()
    session = db_session()
    account = named_account(fields.text("account"))
    experiment = find_experiment(session, account, fields.optional_text("name"))
    for number in (experiment.account_id, experiment.other_id):
        reached(number)
    accounts = {each.id: each for each in list_accounts(session)}
    return jsonify(experiment_report(session, experiment, accounts, now()).as_json())

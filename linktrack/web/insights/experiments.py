"""Experiments: a question, the expectation, and what the posts say."""

from typing import Final

from flask import render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from linktrack.audience.accounts import accounts_by_number, get_account, list_accounts
from linktrack.audience.models import Account
from linktrack.charts import IntervalPoint, interval_chart
from linktrack.clicks.vocabulary import DEFAULT_WINDOW, WINDOWS
from linktrack.context import as_of, db_session
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.reports.diary.experiment_report import (
    experiment_json,
    experiment_report,
    experiment_reports,
)
from linktrack.reports.diary.experiment_results import ExperimentReport
from linktrack.reports.diary.experiments import (
    DAYS,
    Question,
    add_experiment,
    get_experiment,
    list_experiments,
    remove_experiment,
)
from linktrack.reports.figures.words import counted
from linktrack.web.charting import per_thousand
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import LARGEST_ID
from linktrack.web.formats import WINDOW_WORDS
from linktrack.web.forms import Done, Sent, form
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("experiments", __name__)

EXPERIMENT: Final = f"/experiments/<int(max={LARGEST_ID}):number>"
VERDICT_WORDS: Final = {
    "more": "clearly more",
    "fewer": "clearly fewer",
    "not_yet": "can't tell yet",
    "none_found": "no difference found",
    "too_few_posts": "too few posts",
}


@blueprint.get("/experiments")
def list_all() -> str:
    """Show all experiments, and the form for a new one."""
    return _list()


@form(
    blueprint,
    "/experiments",
    back_to="experiments.list_all",
    again=lambda error: _list(error.sentence),
)
def add(sent: Sent) -> Done:
    """Start an experiment."""
    account = sent.account()
    if account is None:
        raise Invalid("Choose the account whose posts are compared.")
    experiment = add_experiment(sent.session, account, _question(sent), sent.now)
    return Done(
        "Experiment started. It is checked weekly on fixed dates.",
        url_for("experiments.show", number=experiment.id),
    )


def _question(sent: Sent) -> Question:
    other = sent.row_id("other", "The account")
    days = sent.whole("days", "The number of days")
    return Question(
        name=sent.text("name", "The name"),
        at=sent.moment("at", "The beginning") or sent.now,
        other=None if other is None else get_account(sent.session, other),
        days=DAYS if days is None else days,
        window=sent.text("window", "The counting window") or DEFAULT_WINDOW,
        hypothesis=sent.text("hypothesis", "What you expect"),
    )


@blueprint.get(EXPERIMENT)
def show(number: int) -> str | Response:
    """Show one experiment: both sides, the verdict, or when there will be one."""
    session = db_session()
    accounts = accounts_by_number(session)
    report = experiment_report(session, get_experiment(session, number), accounts, as_of(now()))
    if is_table_wanted():
        return table_file("experiment", experiment_json(report)["weeks"])
    return render_template(
        "experiments/show.html",
        report=report,
        experiment=report.experiment,
        account=accounts[report.experiment.account_id],
        chart=_chart(report, accounts),
        weeks_chart=_weeks_chart(report, accounts),
        words=VERDICT_WORDS,
        windows=WINDOW_WORDS,
    )


@form(blueprint, f"{EXPERIMENT}/remove", back_to="experiments.list_all")
def remove(sent: Sent, number: int) -> str:
    """Delete an experiment."""
    experiment = get_experiment(sent.session, number)
    remove_experiment(sent.session, experiment.name, sent.now)
    return f"Deleted the experiment {experiment.name}. Posts and clicks stay."


def _chart(report: ExperimentReport, accounts: dict[int, Account]) -> Markup:
    experiment = report.experiment
    ids = (experiment.account_id, experiment.other_id or experiment.account_id)
    points = []
    for arm, account_id in zip((report.before, report.after), ids, strict=True):
        low, value, high = per_thousand(arm.cpf)
        href = url_for("posts.list_all", account=accounts[account_id].id, window=experiment.window)
        points.append(IntervalPoint(arm.label, value, low, high, href, short=arm.label))
    return interval_chart(
        points,
        label=f"Clicks per 1,000 followers, {report.before.label} and {report.after.label}",
        unit="clicks per 1,000 followers",
        empty="No post with a follower count is complete yet.",
    )


def _weeks_chart(report: ExperimentReport, accounts: dict[int, Account]) -> Markup:
    """Draw both sides week by week."""
    experiment = report.experiment
    ids = {report.before.label: experiment.account_id, report.after.label: experiment.other_id}
    points = []
    for week in report.weeks:
        low, value, high = per_thousand(week.cpf)
        account = accounts[ids[week.label] or experiment.account_id]
        points.append(
            IntervalPoint(
                f"{week.label}, {week.name}, {counted(week.posts, 'post')}",
                value,
                low,
                high,
                url_for("posts.list_all", account=account.id, window=experiment.window),
                group=week.label,
                short=str(week.number),
            )
        )
    return interval_chart(
        points, label="Clicks per 1,000 followers by week", unit="clicks per 1,000 followers"
    )


def _list(error: str | None = None) -> str:
    session = db_session()
    accounts = list_accounts(session)
    everyone = accounts_by_number(session)
    found = list_experiments(session)
    reports = experiment_reports(session, found, everyone, as_of(now()))
    return render_template(
        "experiments/list.html",
        accounts=accounts,
        handles={number: each.handle for number, each in everyone.items()},
        reports=reports,
        words=VERDICT_WORDS,
        windows={name: WINDOW_WORDS[name] for name in WINDOWS[:-1]},
        error=error,
        typed=request.form,
    )

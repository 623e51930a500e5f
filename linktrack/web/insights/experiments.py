"""Experiments: a question, what is expected, and what the posts say."""

from typing import Final

from flask import flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from linktrack.audience.accounts import accounts_by_number, get_account, list_accounts
from linktrack.audience.models import Account
from linktrack.charts import IntervalPoint, interval_chart
from linktrack.clicks.vocabulary import DEFAULT_WINDOW, WINDOWS
from linktrack.context import db_session
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.reports.diary.experiment_report import ExperimentReport, experiment_report
from linktrack.reports.diary.experiments import (
    DAYS,
    Question,
    add_experiment,
    get_experiment,
    list_experiments,
    remove_experiment,
)
from linktrack.reports.figures.words import counted
from linktrack.web.context import MENDABLE, UNPROCESSABLE, owner_blueprint
from linktrack.web.fields import LARGEST_ID, chosen_account, moment, row_id, text, whole
from linktrack.web.overview.overview import per_thousand
from linktrack.web.posts.posts import WINDOW_WORDS
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("experiments")

EXPERIMENT: Final = f"/experiments/<int(max={LARGEST_ID}):number>"
VERDICT_WORDS: Final = {
    "more": "surely more",
    "fewer": "surely fewer",
    "not_yet": "can't tell yet",
    "none_found": "no difference found",
    "too_few_posts": "too few posts",
}


@blueprint.get("/experiments")
def list_all() -> str:
    """Show all experiments, and the form for another."""
    return _list()


@blueprint.post("/experiments")
def add() -> Response | tuple[str, int]:
    """Begin an experiment."""
    session = db_session()
    account = chosen_account(request.form)
    try:
        if account is None:
            raise Invalid("Choose the account whose posts are compared.")
        experiment = add_experiment(session, account, _question(), now())
    except MENDABLE as error:
        session.rollback()
        return _list(error.sentence), UNPROCESSABLE
    session.commit()
    flash("The experiment is recorded. Its looks are fixed from now on.")
    return redirect(url_for("experiments.show", number=experiment.id), 303)


def _question() -> Question:
    other = row_id(request.form, "other", "The account")
    days = whole(request.form, "days", "The number of days")
    return Question(
        name=text(request.form, "name", "The name"),
        at=moment(request.form, "at", "The beginning") or now(),
        other=None if other is None else get_account(db_session(), other),
        days=DAYS if days is None else days,
        window=text(request.form, "window", "The counting window") or DEFAULT_WINDOW,
        hypothesis=text(request.form, "hypothesis", "What you expect"),
    )


@blueprint.get(EXPERIMENT)
def show(number: int) -> str | Response:
    """Show one experiment: both sides, the verdict, and when it will know."""
    session = db_session()
    accounts = accounts_by_number(session)
    report = experiment_report(session, get_experiment(session, number), accounts, now())
    if is_table_wanted():
        return table_file("experiment", report.as_json()["weeks"])
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


@blueprint.post(f"{EXPERIMENT}/remove")
def remove(number: int) -> Response:
    """Forget an experiment."""
    experiment = get_experiment(db_session(), number)
    remove_experiment(db_session(), experiment.name, now())
    db_session().commit()
    flash(f"The experiment {experiment.name} is forgotten; posts and clicks stay.")
    return redirect(url_for("experiments.list_all"), 303)


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
        empty="No post with a follower count has been counted to the end yet.",
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
    reports = [experiment_report(session, each, everyone, now()) for each in found]
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

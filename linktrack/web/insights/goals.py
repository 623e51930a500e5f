"""Goals: what clicks on links to the owner's sites become, and which goals there are."""

from collections.abc import Mapping
from functools import partial

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.clicks.conversions.declaring import (
    DAYS,
    Terms,
    add_goal,
    edit_goal,
    get_goal,
    goal_json,
    remove_goal,
)
from linktrack.clicks.conversions.sites import own_sites
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.links.posts import texts_of
from linktrack.reports.goals.money import money
from linktrack.reports.goals.report import GoalFigures, GoalsReport, goals_report
from linktrack.reports.goals.shapes import figures_json, sentences_of
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import chosen_range, text
from linktrack.web.forms import Sent, form
from linktrack.web.subject import accounts_and_chosen
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("goals", __name__)

USUAL_DAYS = 365


@blueprint.get("/goals")
def show() -> str | Response:
    """Show all goals beside each other, and one by segment, month and post."""
    return _page()


def _terms(sent: Sent) -> Terms:
    return Terms(
        sent.whole("days", "The days") or DAYS,
        sent.text("currency", "The currency") or None,
        sent.whole("value", "The value"),
        sent.says_yes("by_script"),
    )


def _set(name: str) -> Mapping[str, object]:
    """Return what the form changes, as it is now."""
    now_is = goal_json(get_goal(db_session(), name))
    return {
        "The days": now_is["days"],
        "The value": now_is["value"],
        "The currency": now_is["currency"],
        "Who tells": now_is["by_script"],
    }


goals_form = partial(form, blueprint, again=lambda error, **_: _page(error.sentence))


@goals_form("/goals", back_to="goals.show")
def add(sent: Sent) -> str:
    """Add a goal."""
    goal = add_goal(sent.session, sent.text("name", "The goal"), _terms(sent), sent.now)
    return f"Added the goal {goal.name}. Now your site has to tell when it is reached."


@goals_form("/goals/<name>", back_to=lambda name: url_for("goals.show", goal=name), edits=_set)
def change(sent: Sent, name: str) -> str:
    """Change when a goal counts, or what it is worth."""
    edit_goal(sent.session, get_goal(sent.session, name), _terms(sent), sent.now)
    return f"Changed the goal {name}."


@goals_form("/goals/<name>/remove", back_to=lambda **_: url_for("goals.show"))
def remove(sent: Sent, name: str) -> str:
    """Remove a goal, with what was counted of it."""
    remove_goal(sent.session, get_goal(sent.session, name), sent.now)
    return f"Removed the goal {name}."


def _page(error: str | None = None) -> str | Response:
    session = db_session()
    accounts, account = accounts_and_chosen()
    days = chosen_range(request.args, USUAL_DAYS)
    report = goals_report(
        session,
        account,
        window=DEFAULT_WINDOW,
        days=installation().days(),
        now=as_of(now()),
        since=days.since,
        until=days.end,
    )
    chosen = _chosen(report)
    if is_table_wanted():
        rows = [figures_json(each, report.codes) for each in report.goals]
        return table_file("goals", [_flat(row) for row in rows])
    sites = own_sites(session)
    return render_template(
        "goals/show.html",
        accounts=accounts,
        account=account,
        days=days,
        report=report,
        chosen=chosen,
        sentences=[] if chosen is None else sentences_of(chosen),
        texts={} if chosen is None else texts_of(session, [line.post_id for line in chosen.lines]),
        sites=[site.host for site in sites if site.click_ids],
        short=installation().settings.base_url,
        money=money,
        error=error,
        typed=request.form,
    )


def _flat(row: Mapping[str, object]) -> Mapping[str, object]:
    return {name: value for name, value in row.items() if not isinstance(value, list)}


def _chosen(report: GoalsReport) -> GoalFigures | None:
    """Return the goal in the address, or else the one that is reached most."""
    named = text(request.args, "goal", "The goal") or (request.view_args or {}).get("name")
    found = [each for each in report.goals if each.goal.name == named]
    most = sorted(report.goals, key=lambda each: -each.total.reached)
    return next(iter([*found, *most]), None)

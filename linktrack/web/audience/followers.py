"""Followers: gained, lost and regained, and the cost of a day."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from flask import make_response, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from linktrack.audience.accounts import get_account, list_accounts
from linktrack.audience.models import Account
from linktrack.audience.rosters import list_rosters
from linktrack.charts import Mark, Span, change_chart
from linktrack.clicks.loading.forgetting import forget_follower
from linktrack.context import db_session, installation, reading
from linktrack.errors import Invalid, NotFound
from linktrack.networks.registry import is_network
from linktrack.portability.followers.roster_files import read_roster, take_file
from linktrack.publishing.unwrapped.coverage import coverage
from linktrack.reports.figures.words import counted, percent
from linktrack.reports.people.followers import CHURN, DayLine, followers_json, followers_report
from linktrack.reports.sentences import event_in_words
from linktrack.web.charting import marks_of
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import chosen_account, chosen_range, moment
from linktrack.web.forms import MENDABLE, UNPROCESSABLE, Sent, form
from linktrack.web.subject import accounts_and_chosen
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("followers", __name__)

MOST_LINES: Final = 200
DEFAULT_DAYS: Final = 91


@blueprint.get("/followers")
def show() -> Response | str:
    """Show an account's changes over a range of days, and the cost of a chosen day."""
    _, account = accounts_and_chosen()
    return _page(account)


followers_form = partial(
    form,
    blueprint,
    back_to=lambda: url_for("followers.show", account=_account_of_form().id),
    again=lambda error: _page(_account_of_form(), error.sentence, failed=request.endpoint),
    mends=(*MENDABLE, NotFound),
)


@followers_form("/followers")
def take(sent: Sent) -> str:
    """Import a follower list from a file."""
    at, confirmed = sent.moment("taken_at", "The time of the list"), sent.says_yes("confirmed")
    number = sent.row_id("account", "The account")
    if number is None:
        raise Invalid("Choose the account first.")
    with reading() as session:
        account = get_account(session, number)
    with _sent_file() as path:  # which may take a while: nothing is locked yet
        found = read_roster(path, account, confirmed=confirmed)
    done = take_file(
        sent.session,
        _account_of_form(),
        found,
        at=at or found.taken_at or sent.now,
        confirmed=confirmed,
        key=installation().keys.forgetting,
        now=sent.now,
    )
    if not done.is_new:
        return f"This list is known already: {counted(done.size, 'person', 'people')}."
    return f"Imported {counted(done.size, 'follower')}."


@followers_form("/followers/forget")
def forget(sent: Sent) -> str:
    """Delete a person's data on request, for good."""
    account, opened = _account_of_form(), installation()
    name = sent.text("follower", "The follower")
    if not is_network(name.partition(":")[0]):
        name = f"{account.network}:{name}"  # elsewhere the same name may be somebody else's
    forget_follower(sent.session, name, opened.keys.forgetting, opened.days(), sent.now)
    return "Forgotten. The next follower list will not bring them back."


def _account_of_form() -> Account:
    account = chosen_account(request.form)
    if account is None:
        raise Invalid("Choose the account first.")
    return account


@contextmanager
def _sent_file() -> Iterator[Path]:
    """Store the uploaded file while it is read; raises `Invalid` if there is none."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid("Choose the file with the follower list.")
    with TemporaryDirectory() as folder:
        kind = Path(sent.filename).suffix[1:10].lower()
        path = Path(folder) / (f"list.{kind}" if kind.isalnum() else "list")
        sent.save(path)
        yield path


def _page(account: Account, failure: str = "", failed: str | None = None) -> Response | str:
    session = db_session()
    error = None
    try:
        event = moment(request.args, "event", "The day of the event")
    except Invalid as wrong:
        event, error = None, wrong.sentence
    days = chosen_range(request.args, DEFAULT_DAYS)
    report = followers_report(
        session,
        account,
        installation().settings.timezone,
        since=days.since,
        until=days.end,
        events=[event] if event else [],
    )
    if is_table_wanted():
        return table_file("followers", followers_json(report)["days"])
    rosters = list(list_rosters(session, account.id))
    churn = report.churn
    page = render_template(
        "followers/show.html",
        accounts=list_accounts(session),
        account=account,
        days=days,
        report=report,
        rosters=rosters,
        chart=_chart(report.days, account.handle, marks_of([account], days)),
        lines=report.days[::-1][:MOST_LINES],
        older=max(0, len(report.days) - MOST_LINES),
        churn=None if churn is None or churn.share is None else churn,
        churn_share=None
        if churn is None or churn.share is None
        else percent(churn.share, churn.interval),
        churn_days=CHURN.days,
        told=[event_in_words(event) for event in report.events],
        coverage=coverage(session, account.id, days.since, days.end),
        error=error,
        failure=failure,
        failed=failed,
        typed=request.form,
    )
    return make_response(page, UNPROCESSABLE) if error else page


def _chart(lines: list[DayLine], handle: str, marks: Sequence[Mark]) -> Markup:
    """Draw followers gained and lost; the net change if only totals are known."""
    spans = []
    for line in lines:
        if line.gained is None or line.lost is None:
            up, down = max(line.net, 0), max(-line.net, 0)
        else:
            up, down = line.gained + (line.returned or 0), line.lost
        spans.append(Span(line.day, line.precision_days, up, down))
    counted = any(line.gained is None for line in lines)
    return change_chart(
        spans,
        label=f"Changes among the followers of {handle}",
        unit="people a day",
        up="more" if counted else "came",
        down="fewer" if counted else "left",
        empty="No two follower lists, and no two counts, lie in these days.",
        marks=marks,
    )

"""Followers: gained, lost and regained, and the cost of a day."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zoneinfo import ZoneInfo

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import get_account, list_accounts
from linktrack.audience.counts import History, count_histories
from linktrack.audience.models import Account
from linktrack.audience.rosters import list_rosters
from linktrack.calendar.ranges import DayRange
from linktrack.charts import Mark
from linktrack.community.members.forgetting import forget_person
from linktrack.context import as_of, db_session, installation, reading
from linktrack.db import now
from linktrack.errors import Invalid, NotFound
from linktrack.networks.registry import is_network
from linktrack.portability.followers.roster_files import read_roster, take_file
from linktrack.publishing.unwrapped.coverage import coverage
from linktrack.reports.figures.words import counted, percent
from linktrack.reports.people.followers import (
    AFTER,
    CHURN,
    DayLine,
    Event,
    followers_json,
    followers_report,
)
from linktrack.reports.people.jump_stories import JumpStory, jump_stories, largest_jump
from linktrack.reports.sentences import costs_in_words, event_in_words
from linktrack.web.audience.follower_charts import came_and_left
from linktrack.web.charting import count_line, marks_of
from linktrack.web.context import May, owner_blueprint, today
from linktrack.web.fields import RANGE, chosen_account, chosen_range, moment
from linktrack.web.forms import MENDABLE, UNPROCESSABLE, Sent, form
from linktrack.web.subject import accounts_and_chosen
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("followers", __name__)

MOST_LINES: Final = 200
DEFAULT_DAYS: Final = 91
LONGEST_DEFAULT: Final = 365
BEFORE_JUMP: Final = 14
"""Days shown before a jump, so that it can be seen to be one."""


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
        return f"This list is already known: {counted(done.size, 'person', 'people')}."
    return f"Imported {counted(done.size, 'follower')}."


@followers_form("/followers/forget")
def forget(sent: Sent) -> str:
    """Delete a person's data on request, for good."""
    account, opened = _account_of_form(), installation()
    name = sent.text("follower", "The follower")
    if not is_network(name.partition(":")[0]):
        name = f"{account.network}:{name}"  # elsewhere the same name may be somebody else's
    forget_person(sent.session, name, opened.keys, opened.days(), sent.now)
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
    session, timezone = db_session(), installation().settings.timezone
    history = count_histories(session, [account.id])[account.id]
    stories = jump_stories(history, timezone)
    largest = largest_jump(stories)
    error = None
    try:
        event = moment(request.args, "event", "The day of the event")
    except Invalid as wrong:
        event, error = None, wrong.sentence
    if event is None and error is None and largest is not None:
        event = datetime.combine(largest.day, time.min, timezone)
    event_day = request.args.get("event") or (largest.day.isoformat() if largest else "")
    days = _range(stories)
    report = followers_report(
        session,
        account,
        timezone,
        now=as_of(now()),
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
        line=count_line(history, timezone, account.handle, _all_marks(account, history)),
        latest=history[-1] if history else None,
        stories=stories[::-1],
        chart=came_and_left(report.days, account.handle, marks_of([account], days)),
        lines=_ordered(report.days)[:MOST_LINES],
        older=max(0, len(report.days) - MOST_LINES),
        churn=None if churn is None or churn.share is None else churn,
        churn_share=None
        if churn is None or churn.share is None
        else percent(churn.share, churn.interval),
        churn_days=CHURN.days,
        event_day=event_day,
        month_after=_month_after(report.events, timezone),
        told=[
            sentence
            for event in report.events
            for sentence in (event_in_words(event), *costs_in_words(event))
        ],
        has_costs=any(event.clicks or event.engagement for event in report.events),
        has_names=len(rosters) > 1 and May().write,
        coverage=coverage(session, account.id, days.since, days.end),
        error=error,
        failure=failure,
        failed=failed,
        typed=request.form,
    )
    return make_response(page, UNPROCESSABLE) if error else page


def _month_after(events: Sequence[Event], timezone: ZoneInfo) -> tuple[date, date] | None:
    """Return the days in which people left after the event; None if no list has them."""
    if not events or events[0].by_counts or not events[0].left[2]:
        return None
    first = events[0].at.astimezone(timezone).date()
    return first, min(first + AFTER[2], today())


def _range(stories: Sequence[JumpStory]) -> DayRange:
    """Return the days in the address; else the last quarter, or from before a jump on."""
    if any(request.args.get(name) for name in RANGE):
        return chosen_range(request.args, DEFAULT_DAYS)
    year = today() - timedelta(days=LONGEST_DEFAULT)
    jump = largest_jump([story for story in stories if story.day >= year])
    first = today() - timedelta(days=DEFAULT_DAYS - 1)
    if jump is not None:
        first = min(first, jump.day - timedelta(days=BEFORE_JUMP))
    return DayRange(first, today(), installation().settings.timezone)


def _all_marks(account: Account, history: History) -> list[Mark]:
    """Return the notes of all days since the first count."""
    timezone = installation().settings.timezone
    if not history:
        return []
    return marks_of(
        [account], DayRange(history[0][0].astimezone(timezone).date(), today(), timezone)
    )


def _ordered(lines: Sequence[DayLine]) -> list[DayLine]:
    """Return the days that stand out, the largest change first, and then the others from today."""
    apart = sorted((line for line in lines if line.is_jump), key=lambda line: -abs(line.net))
    return [*apart, *(line for line in lines[::-1] if not line.is_jump)]

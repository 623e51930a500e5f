"""A shared report, as whoever has its address sees it: one account's posts, and nothing else."""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from linktrack.audience.accounts import get_account
from linktrack.calendar.ranges import DayRange
from linktrack.charts import Point, Series, time_chart
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid, NotFound
from linktrack.owners.sharing import find_shared
from linktrack.reports.counting import window_for
from linktrack.reports.cpf import cpf_report
from linktrack.reports.days import DayCounts, posts_series
from linktrack.reports.overview import every_day
from linktrack.reports.queries import chosen_posts
from linktrack.reports.shared import shared_row, without_secrets
from linktrack.reports.standing import latest_posts
from linktrack.reports.steps import steps_of
from linktrack.web.context import today
from linktrack.web.fields import row_id, whole
from linktrack.web.post_bars import bar_table
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = Blueprint("shared", __name__)

SHOWN_DAYS: Final = 91
CHOICES: Final = (7, 28, SHOWN_DAYS)
"""The days that those with the address choose from: never more than is shared."""

PAGE: Final = 50


@blueprint.get("/shared/<secret>")
def show(secret: str) -> str | Response:
    """Show an account's posts of the last three months to whoever has the address."""
    session, at = db_session(), now()
    found = find_shared(session, secret, at)
    account = get_account(session, found.account_id)
    if account.removed_at is not None:
        raise NotFound("This report is no longer shared: ask for a new link.")
    length = whole(request.args, "days", "The number of days", such_as=SHOWN_DAYS) or SHOWN_DAYS
    if length not in CHOICES:
        raise Invalid(f"Choose {', '.join(map(str, CHOICES[:-1]))} or {CHOICES[-1]} days.")
    days = DayRange.until(today(), length, installation().settings.timezone)
    window = window_for(days.since, DEFAULT_WINDOW, as_of(at))
    report = cpf_report(
        session,
        account,
        window=window,
        since=days.since,
        until=days.end,
        limit=PAGE + 1,
        after=row_id(request.args, "after", "Post"),
        by_source=False,
        now=as_of(at),
    )
    lines = without_secrets(session, report.posts[:PAGE])
    if is_table_wanted():
        return table_file("posts", [shared_row(line) for line in lines], account)
    chosen = chosen_posts([account.id], days.since, days.end)
    usual = latest_posts(session, account, window, now=as_of(at), until=days.end, limit=1).usual
    return render_template(
        "shared/show.html",
        account=account,
        report=report,
        days=days,
        choices=CHOICES,
        window=window,
        table=bar_table(lines, usual),
        next_after=lines[-1].facts.id if len(report.posts) > PAGE else None,
        chart=_chart(days, posts_series(session, chosen, days.first, days.last)),
        until=found.expires_at,
    )


def _chart(days: DayRange, series: Sequence[DayCounts]) -> Markup:
    """Draw the clicks on the posts that are shown, and on nothing else."""
    values = every_day(days, series, days.first)
    steps = steps_of(days, values, today())
    points = [Point(day, sum_) for day, sum_ in zip(steps.starts, steps.sums(values), strict=True)]
    return time_chart(
        [Series("Clicks", points)] if series else [],
        label="Clicks a day on these posts",
        unit="clicks a day",
        empty="Nobody clicked in these days.",
    )

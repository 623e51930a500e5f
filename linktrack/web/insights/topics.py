"""Topics: which tags get more clicks and engagement than other posts."""

from typing import Final

from flask import Response, render_template, request
from markupsafe import Markup

from linktrack.charts import IntervalPoint, RowScale, Usual, interval_bar, row_axis, row_scale
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, db_session
from linktrack.db import now
from linktrack.reports.counting import window_for
from linktrack.reports.figures import words
from linktrack.reports.links.topics import TopicsReport, topic_json, topics_report
from linktrack.reports.narrowing.ranges import OF_POSTS
from linktrack.web.charting import per_thousand
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import chosen_range
from linktrack.web.filters.seeing import seeing
from linktrack.web.subject import accounts_and_chosen
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("topics", __name__)

USUAL_DAYS: Final = 365
UNIT: Final = "clicks per 1,000 followers"


@blueprint.get("/topics")
def show() -> str | Response:
    """Show every tag's figures together, and which clearly stand out."""
    accounts, account = accounts_and_chosen()
    days = chosen_range(request.args, USUAL_DAYS)
    with seeing([account], days.since, narrows=OF_POSTS) as seen:
        report = topics_report(
            db_session(),
            account,
            window=window_for(days.since, DEFAULT_WINDOW, as_of(now())),
            now=as_of(now()),
            since=days.since,
            until=days.end,
        )
    if is_table_wanted():
        rows = [topic_json(topic) for topic in report.topics]
        return table_file("topics", rows, only=seen.only)
    scale, bars = _bars(report)
    return render_template(
        "topics/show.html",
        accounts=accounts,
        account=account,
        seen=seen,
        days=days,
        report=report,
        rows=list(zip(report.topics, bars, strict=True)),
        axis=row_axis(scale, UNIT),
        top=scale.ticks[-1],
        words=words,
    )


def _bars(report: TopicsReport) -> tuple[RowScale, list[Markup]]:
    """Draw each topic's clicks per 1,000 followers over the range of all posts."""
    points = []
    for topic in report.topics:
        low, value, high = per_thousand(topic.clicks.rate)
        points.append(IntervalPoint(topic.tag, value, low, high, href=""))
    low, _, high = per_thousand(report.cpf)
    usual = None if low is None or high is None else Usual(low, high)
    scale = row_scale(points, usual)
    return scale, [interval_bar(point, scale, usual, unit=UNIT) for point in points]

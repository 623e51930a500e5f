"""Engagement: likes, reposts and replies per follower, by segment, and the regulars by name."""

from dataclasses import dataclass
from typing import Final

from flask import Response, render_template, request, url_for
from markupsafe import Markup

from linktrack.audience.counts import latest_count
from linktrack.audience.models import Account
from linktrack.charts import IntervalPoint, interval_bar, row_axis, row_scale
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.reports.counting import window_for
from linktrack.reports.engagement.regulars import (
    FEWEST_WEEKS,
    WEEKS,
    regulars_json,
    regulars_report,
)
from linktrack.reports.engagement.report import EngagementReport, engagement_report
from linktrack.reports.engagement.sentences import plural, sentences_of
from linktrack.reports.engagement.shapes import engagement_json
from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.words import counted
from linktrack.reports.figures.words import per_thousand as said
from linktrack.reports.literature import findings
from linktrack.web.charting import per_thousand
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import chosen_range, row_id
from linktrack.web.subject import accounts_and_chosen
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("engagement", __name__)

USUAL_DAYS: Final = 91
ON_PAGE: Final = 30
UNIT: Final = "per 1,000 followers"


@blueprint.get("/engagement")
def show() -> str | Response:
    """Show what an account's posts got besides clicks, and which segments it came from."""
    accounts, account = accounts_and_chosen()
    days = chosen_range(request.args, USUAL_DAYS)
    report = engagement_report(
        db_session(),
        account,
        window=window_for(days.since, DEFAULT_WINDOW, as_of(now())),
        since=days.since,
        until=days.end,
        limit=100 if is_table_wanted() else ON_PAGE,
        after=row_id(request.args, "after", "The post"),
        now=as_of(now()),
    )
    if is_table_wanted():
        return _file(report)
    latest = latest_count(db_session(), account.id)
    followers = None if latest is None else latest.count
    return render_template(
        "engagement/show.html",
        findings=findings("engagement", followers),
        followers=followers,
        accounts=accounts,
        account=account,
        days=days,
        report=report,
        sentences=sentences_of(report),
        plural=plural,
        told={each.what for line in report.posts for each in line.kinds if each.count is not None},
        kinds=_bars(
            [(plural(each.what), each.posts, each.rate) for each in report.total.kinds[1:]]
        ),
        people=_bars(
            [
                ("All followers", report.total.people.posts, report.total.people.rate),
                *(
                    (each.segment.name, each.figure.posts, each.figure.rate)
                    for each in report.total.segments
                ),
            ]
        ),
    )


def _file(report: EngagementReport) -> Response:
    """Return one of the page's tables: posts, kinds or segments."""
    whole = engagement_json(report)
    table = request.args.get("table")
    if table == "kinds":
        return table_file("engagement", whole["total"]["kinds"])
    if table == "segments":
        return table_file("engagement-by-segment", whole["total"]["segments"])
    rows = []
    for post in whole["posts"]:
        counts = {plural(kind["kind"]): kind["count"] for kind in post["kinds"][1:]}
        segments = {f"people: {each['segment']}": each["people"] for each in post["segments"]}
        clicks = post["clicks"]
        rows.append(
            {
                "id": post["id"],
                "post": post["post"],
                "posted_at": post["posted_at"],
                "url": post["url"],
                "complete": post["complete"],
                "followers": post["followers"],
                **counts,
                "people": post["people"]["people"],
                "listed": post["people"]["followers"],
                **segments,
                "people_who_clicked": None if clicks is None else clicks["people"],
                "text": post["text"],
            }
        )
    return table_file("engagement-by-post", rows)


@dataclass(frozen=True, slots=True)
class BarRow:
    """A name with its rate and its bar."""

    name: str
    posts: int
    rate: Rate
    bar: Markup


@dataclass(frozen=True, slots=True)
class BarRows:
    """Rates with their bars, and the scale of those."""

    rows: list[BarRow]
    axis: Markup


def _bars(found: list[tuple[str, int, Rate]]) -> BarRows | None:
    """Return the rows of a table with bars; None where no rate is known."""
    known = [(name, posts, rate) for name, posts, rate in found if rate.value is not None]
    if not known:
        return None
    points = []
    for name, posts, rate in known:
        low, value, high = per_thousand(rate)
        label = f"{name}, {counted(posts, 'post')}"
        points.append(IntervalPoint(label, value, low, high, href="", said=said(rate)))
    scale = row_scale(points, None)
    return BarRows(
        [
            BarRow(name, posts, rate, interval_bar(point, scale, None, unit=UNIT))
            for (name, posts, rate), point in zip(known, points, strict=True)
        ],
        row_axis(scale, UNIT),
    )


@blueprint.get("/engagement/regulars")
def regulars() -> str | Response:
    """Show who did something in at least three of the last four weeks: people to thank."""
    accounts, account = accounts_and_chosen()
    report = regulars_report(
        db_session(),
        account,
        timezone=installation().settings.timezone,
        limit=100 if is_table_wanted() else ON_PAGE,
        after=row_id(request.args, "after", "The person"),
        now=as_of(now()),
    )
    if is_table_wanted():
        return table_file("regulars", regulars_json(report)["people"])
    return render_template(
        "engagement/regulars.html",
        accounts=accounts,
        account=account,
        report=report,
        weeks=WEEKS,
        fewest=FEWEST_WEEKS,
        more=None if report.after is None else _more(account, report.after),
    )


def _more(account: Account, after: int) -> str:
    return url_for("engagement.regulars", account=account.id, after=after)

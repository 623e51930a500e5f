"""Timing: when an account's posts do well, and how long they get clicks."""

from dataclasses import dataclass
from typing import Final

from flask import Response, render_template, request
from markupsafe import Markup

from linktrack.charts import (
    IntervalPoint,
    Usual,
    heat_table,
    interval_bar,
    row_axis,
    row_scale,
)
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.links.posts import texts_of
from linktrack.reports.figures.words import WEEKDAYS, counted
from linktrack.reports.figures.words import per_thousand as said
from linktrack.reports.timing.heat import HOURS, heat_json, heat_report
from linktrack.reports.timing.hours import HoursReport, Slot, Slots, hours_report
from linktrack.reports.timing.lifetimes import at_least, lifetimes_json, lifetimes_report
from linktrack.web.charting import per_thousand
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import chosen_range
from linktrack.web.filters.seeing import seeing
from linktrack.web.subject import accounts_and_chosen
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("timing", __name__)

NEWEST: Final = 20
HEAT_DAYS: Final = 91
UNIT: Final = "clicks per 1,000 followers"


@blueprint.get("/timing")
def show() -> str | Response:
    """Show weekdays and hours, and the half-lives of posts, for one account."""
    session = db_session()
    accounts, account = accounts_and_chosen()
    days = chosen_range(request.args, HEAT_DAYS)
    with seeing([account], None) as seen:  # hours and lives are of all posts
        hours = hours_report(
            session,
            account,
            window=DEFAULT_WINDOW,
            timezone=installation().settings.timezone,
            now=as_of(now()),
        )
        lives = lifetimes_report(session, account, now=as_of(now()))
        heat = heat_report(session, account, days)
    if is_table_wanted():
        if request.args.get("table") == "clicks":
            return table_file("clicks-by-hour", heat_json(heat)["clicks"], only=seen.only)
        return table_file("half-lives", lifetimes_json(lives)["lives"], only=seen.only)
    return render_template(
        "timing/show.html",
        accounts=accounts,
        account=account,
        seen=seen,
        hours=hours,
        by_weekday=_slot_rows(hours, hours.weekdays, "Weekday"),
        by_hour=_slot_rows(hours, hours.hours, "Hour"),
        days=days,
        heat=heat,
        heat_chart=heat_table(
            heat.clicks,
            label=f"Clicks on links of {account.handle} by weekday and hour",
            rows=[name[:3] for name in WEEKDAYS],
            columns=[f"{hour:02}" for hour in range(HOURS)],
            first="Hour",
            unit="clicks",
            empty=heat.sentence,
        ),
        lives=lives,
        newest=lives.posts[:NEWEST],
        texts=texts_of(session, [post.post_id for post in lives.posts[:NEWEST]]),
        at_least=at_least,
    )


@dataclass(frozen=True, slots=True)
class SlotRow:
    """A weekday or an hour that has posts, with its bar."""

    slot: Slot
    bar: Markup


@dataclass(frozen=True, slots=True)
class SlotRows:
    """Weekdays or hours, and the scale of their bars."""

    what: str
    rows: list[SlotRow]
    axis: Markup


def _slot_rows(report: HoursReport, slots: Slots, what: str) -> SlotRows:
    """Return the rows of a table, over the range in which the rate of all posts lies."""
    found = [slot for slot in slots.slots if slot.posts]
    points = [_point(slot) for slot in found]
    low, _, high = per_thousand(report.cpf)
    usual = None if low is None or high is None else Usual(low, high)
    scale = row_scale(points, usual)
    return SlotRows(
        what,
        [
            SlotRow(slot, interval_bar(point, scale, usual, unit=UNIT))
            for slot, point in zip(found, points, strict=True)
        ],
        row_axis(scale, UNIT),
    )


def _point(slot: Slot) -> IntervalPoint:
    low, value, high = per_thousand(slot.cpf)
    name = f"{slot.name}, {counted(slot.posts, 'post')}"
    return IntervalPoint(name, value, low, high, href="", said=said(slot.cpf))

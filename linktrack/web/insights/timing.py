"""Timing: when an account's posts do well, and how long they get clicks."""

from typing import Final

from flask import Response, render_template, request, url_for
from markupsafe import Markup

from linktrack.audience.models import Account
from linktrack.charts import IntervalPoint, Reference, heat_table, interval_chart
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.links.posts import texts_of
from linktrack.reports.figures.words import WEEKDAYS
from linktrack.reports.timing.heat import HOURS, heat_json, heat_report
from linktrack.reports.timing.hours import HoursReport, Slots, hours_report
from linktrack.reports.timing.lifetimes import at_least, lifetimes_json, lifetimes_report
from linktrack.web.charting import per_thousand
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import chosen_range
from linktrack.web.subject import accounts_and_chosen
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("timing", __name__)

NEWEST: Final = 20
HEAT_DAYS: Final = 91


@blueprint.get("/timing")
def show() -> str | Response:
    """Show weekdays and hours, and the half-lives of posts, for one account."""
    session = db_session()
    accounts, account = accounts_and_chosen()
    hours = hours_report(
        session,
        account,
        window=DEFAULT_WINDOW,
        timezone=installation().settings.timezone,
        now=as_of(now()),
    )
    lives = lifetimes_report(session, account, now=as_of(now()))
    days = chosen_range(request.args, HEAT_DAYS)
    heat = heat_report(session, account, days)
    if is_table_wanted():
        if request.args.get("table") == "clicks":
            return table_file("clicks-by-hour", heat_json(heat)["clicks"])
        return table_file("half-lives", lifetimes_json(lives)["lives"])
    return render_template(
        "timing/show.html",
        accounts=accounts,
        account=account,
        hours=hours,
        weekdays_chart=_chart(account, hours, hours.weekdays, "Weekday"),
        hours_chart=_chart(account, hours, hours.hours, "Hour"),
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


def _chart(account: Account, report: HoursReport, slots: Slots, what: str) -> Markup:
    points = []
    for slot in slots.slots:
        low, value, high = per_thousand(slot.cpf)
        posts = f"{slot.posts} {'post' if slot.posts == 1 else 'posts'}"
        points.append(
            IntervalPoint(
                label=f"{slot.name}, {posts}",
                value=value,
                low=low,
                high=high,
                href=url_for("posts.list_all", account=account.id),
                short=slot.name[:3] if what == "Weekday" else slot.name[:2],
            )
        )
    reference = Reference("all posts", report.cpf.value * 1000) if report.cpf.value else None
    return interval_chart(
        points,
        reference,
        label=f"Clicks per 1,000 followers by {what.lower()} of posting",
        unit="clicks per 1,000 followers",
        what=what,
    )

"""Filtered clicks: by reason, user agent and time, for an account, a post or a link."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from flask import Response, render_template, request
from markupsafe import Markup

from linktrack.audience.accounts import list_accounts
from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.charts import Mark, Point, Series, time_chart
from linktrack.clicks.vocabulary import LEFT_OUT
from linktrack.context import db_session
from linktrack.links.models import Link, Post
from linktrack.links.posts import get_post
from linktrack.reports.days import DayCounts, account_series, link_series
from linktrack.reports.sources.left_out import (
    agent_json,
    deleted_before,
    left_out,
    links_of,
    of_accounts,
    of_links,
    people_of,
    proxy_is_not_trusted,
)
from linktrack.reports.sources.left_out_agents import Months
from linktrack.web.charting import marks_of
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import chosen_account, chosen_range, named_link, row_id, text
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("left_out", __name__)


@blueprint.get("/left-out")
def show() -> str | Response:
    """Show the clicks filtered in these days: of all accounts, one account, post or link."""
    session = db_session()
    accounts = list_accounts(session)
    account = chosen_account(request.args)
    post_id = row_id(request.args, "post", "Post")
    post = get_post(session, post_id) if post_id is not None else None
    code = text(request.args, "link", "The link")
    link = named_link(code) if code else None
    days, months = chosen_range(request.args), None
    if link is not None:
        chosen = of_links(links_of(link_id=link.id), days)
        series = link_series(session, [link.id], days.first, days.last)
    elif post is not None:
        chosen = of_links(links_of(post_id=post.id), days)
        numbers = [each.id for each in post.links]
        series = link_series(session, numbers, days.first, days.last)
    else:
        shown = [account.id] if account else [each.id for each in accounts]
        chosen = of_accounts(session, shown, days)
        months = Months.within(shown, days, deleted_before(session))
        series = account_series(session, shown, days.first, days.last)
    reason = text(request.args, "reason", "The reason") or None
    people = people_of(session, series.values(), days.timezone)
    agent_id = row_id(request.args, "agent", "The agent")
    found = left_out(session, chosen, people, reason, agent_id, months=months)
    if is_table_wanted():
        return table_file("left-out", [agent_json(line) for line in found.agents])
    return render_template(
        "left_out/show.html",
        accounts=accounts,
        account=account,
        post=post,
        link=link,
        days=days,
        found=found,
        chosen_reason=reason,
        reasons=LEFT_OUT,
        chart=_chart(days, series.values(), _marks(accounts, account, link or post, days)),
        proxy_is_not_trusted=proxy_is_not_trusted(session),
    )


def _marks(
    accounts: Sequence[Account],
    account: Account | None,
    subject: Link | Post | None,
    days: DayRange,
) -> list[Mark]:
    number = account.id if account else subject.account_id if subject else None
    return marks_of([each for each in accounts if number in (None, each.id)], days)


def _chart(days: DayRange, series: Iterable[list[DayCounts]], marks: Sequence[Mark]) -> Markup:
    people: defaultdict[date, int] = defaultdict(int)
    others: defaultdict[date, int] = defaultdict(int)
    for counts in series:
        for count in counts:
            people[count.day] += count.clicks
            others[count.day] += count.not_human
    if not others and not people:
        lines = []
    else:
        lines = [
            Series("People's clicks", [Point(day, people[day]) for day in days], 0),
            Series("Filtered", [Point(day, others[day]) for day in days], 1),
        ]
    return time_chart(
        lines,
        label="Filtered clicks a day, and people's",
        unit="clicks a day",
        empty="No clicks in these days.",
        marks=marks,
    )

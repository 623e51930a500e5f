"""Compare accounts over the chosen days."""

from typing import Final

from flask import Response, render_template, request

from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, db_session
from linktrack.db import now
from linktrack.reports.comparison import compare, comparison_json, figure_range, figure_value
from linktrack.reports.counting import window_for
from linktrack.reports.narrowing.ranges import OF_POSTS
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import chosen_range
from linktrack.web.filters.seeing import seeing
from linktrack.web.subject import some_accounts
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("comparison", __name__)

USUAL_DAYS: Final = 91


@blueprint.get("/compare")
def show() -> str | Response:
    """Show every account's figures together, and which differences are clear."""
    accounts = some_accounts()
    days = chosen_range(request.args, USUAL_DAYS)
    with seeing(accounts, days.since, narrows=OF_POSTS) as seen:
        found = compare(
            db_session(),
            accounts,
            window=window_for(days.since, DEFAULT_WINDOW, as_of(now())),
            now=as_of(now()),
            since=days.since,
            until=days.end,
        )
    if is_table_wanted():
        return table_file("side-by-side", comparison_json(found)["accounts"], only=seen.only)
    return render_template(
        "comparison/show.html",
        days=days,
        seen=seen,
        found=found,
        figure_range=figure_range,
        figure_value=figure_value,
        sure=[difference for difference in found.differences if difference.is_sure],
        unsure=[difference for difference in found.differences if not difference.is_sure],
    )

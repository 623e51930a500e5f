"""Sources: where clicks came from, by segment."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from flask import Response, render_template, request
from markupsafe import Markup

from linktrack.audience.accounts import get_account
from linktrack.context import db_session, installation
from linktrack.links.models import Link, Post
from linktrack.links.posts import get_post
from linktrack.reports.narrowing.ranges import BY_SOURCE
from linktrack.reports.parts import UNKNOWN
from linktrack.reports.sources.facet_days import FACET_NAMES
from linktrack.reports.sources.referrers import ReferrerLine, referrers_json, referrers_report
from linktrack.web.context import here, owner_blueprint
from linktrack.web.fields import chosen_range, named_link, row_id, text
from linktrack.web.filters.chips import UNTOLD, as_filter
from linktrack.web.filters.seeing import seeing
from linktrack.web.sources import Row, bars_of, rows_by_source
from linktrack.web.subject import accounts_and_chosen
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("referrers", __name__)

MOST_BARS: Final = 12


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """The clicks of one segment, or those whose segment is unknown."""

    name: str
    filter: str
    clicks: int
    unique_clicks: int


@blueprint.get("/referrers")
def show() -> str | Response:
    """Show where the clicks of an account, or one of its posts or links, came from."""
    session = db_session()
    accounts, account = accounts_and_chosen()
    post, link = _subject()
    if post is not None or link is not None:
        account = get_account(session, (post or link).account_id)  # type: ignore[union-attr]
    days = chosen_range(request.args)
    everything = (post or link) is not None and not {"days", "from", "to"} & request.args.keys()
    one = post or link
    ask = partial(
        referrers_report,
        session,
        account,
        installation().settings.timezone,
        since=None if everything else days.first,
        until=None if everything else days.last + timedelta(days=1),
        post=post,
        link=link,
    )
    whole = ask()
    with seeing(
        [account], days.first, narrows=BY_SOURCE, cannot=FACET_NAMES if one else ()
    ) as seen:
        report = (ask() if seen.is_narrowed else whole).of(seen.part)
    if is_table_wanted():
        return table_file("referrers", referrers_json(report)["referrers"], only=seen.only)
    by_host = seen.of.part.source not in (None, UNKNOWN)
    rows = rows_by_source(report.lines, by_host=by_host)
    return render_template(
        "referrers/show.html",
        accounts=accounts,
        account=account,
        post=post,
        link=link,
        days=days,
        everything=everything,
        report=report,
        seen=seen,
        whole=whole.clicks,
        rows=rows,
        segments=_by_segment(report.lines),
        chart=_chart(rows, by_host=by_host),
        by_host=by_host,
    )


def _subject() -> tuple[Post | None, Link | None]:
    """Return the post or link in the address."""
    number = row_id(request.args, "post", "Post")
    code = text(request.args, "link", "The link")
    if number is not None:
        return get_post(db_session(), number), None
    return None, named_link(code) if code else None


def _by_segment(lines: Sequence[ReferrerLine]) -> list[SegmentRow]:
    """Group lines by segment, unknown first."""
    clicks: Counter[str | None] = Counter()
    people: Counter[str | None] = Counter()
    for line in lines:
        clicks[line.segment] += line.clicks
        people[line.segment] += line.unique_clicks
    ordered = sorted(clicks, key=lambda name: (name is not None, -clicks[name], name or ""))
    return [
        SegmentRow(name or UNTOLD, as_filter(name), clicks[name], people[name]) for name in ordered
    ]


def _chart(rows: Sequence[Row], *, by_host: bool) -> Markup:
    if by_host:
        return bars_of(rows, MOST_BARS, lambda _: "")
    return bars_of(rows, MOST_BARS, lambda source: here({"source": source}))

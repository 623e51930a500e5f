"""Referrers: where clicks came from, cut by segment."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from flask import Response, render_template, request
from markupsafe import Markup

from linktrack.audience.accounts import get_account, list_accounts
from linktrack.charts import Bar, stacked_bars
from linktrack.context import db_session, installation
from linktrack.links.models import Link, Post
from linktrack.links.posts import excerpt, get_post
from linktrack.reports.parts import UNKNOWN
from linktrack.reports.sources.referrers import ReferrerLine, referrers_json, referrers_report
from linktrack.web.context import here, owner_blueprint
from linktrack.web.fields import (
    account_or_main,
    chosen_account,
    chosen_range,
    named_link,
    row_id,
    text,
)
from linktrack.web.filters import UNSAID, UNTOLD, as_filter, chosen_part
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("referrers")

MOST_BARS: Final = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One source, or one host of the source that was chosen."""

    name: str
    filter: str
    medium: str
    clicks: int
    unique_clicks: int
    by_segment: Counter[str]


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """The clicks of one segment, or of those of whom we can't tell."""

    name: str
    filter: str
    clicks: int
    unique_clicks: int


@blueprint.get("/referrers")
def show() -> str | Response:
    """Show where the clicks of an account came from, or of one post or link of it."""
    session = db_session()
    accounts = list_accounts(session)
    if not accounts:
        return render_template("no_accounts.html")
    post, link = _subject()
    account = chosen_account(request.args)
    if post is not None or link is not None:
        account = get_account(session, (post or link).account_id)  # type: ignore[union-attr]
    account = account or account_or_main(request.args, accounts)
    days = chosen_range(request.args)
    everything = (post or link) is not None and not {"days", "from", "to"} & request.args.keys()
    report = referrers_report(
        session,
        account,
        installation().settings.timezone,
        since=None if everything else days.first,
        until=None if everything else days.last + timedelta(days=1),
        post=post,
        link=link,
    )
    part, whole = chosen_part(), report.clicks
    report = replace(
        report, lines=[line for line in report.lines if part.has(line.source, line.segment)]
    )
    if is_table_wanted():
        return table_file("referrers", referrers_json(report)["referrers"])
    by_host = part.source not in (None, UNKNOWN)
    rows = _rows(report.lines, by_host=by_host)
    return render_template(
        "referrers/show.html",
        accounts=accounts,
        account=account,
        post=post,
        link=link,
        days=days,
        everything=everything,
        report=report,
        part=part,
        whole=whole,
        rows=rows,
        segments=_by_segment(report.lines),
        chart=_chart(rows, by_host=by_host),
        by_host=by_host,
    )


def _subject() -> tuple[Post | None, Link | None]:
    """Return the post or the link the address asks for."""
    number = row_id(request.args, "post", "Post")
    code = text(request.args, "link", "The link")
    if number is not None:
        return get_post(db_session(), number), None
    return None, named_link(code) if code else None


def _rows(lines: Sequence[ReferrerLine], *, by_host: bool) -> list[Row]:
    """Bring lines together by source, or by host, most clicks first."""
    grouped: defaultdict[tuple[str | None, str | None], list[ReferrerLine]] = defaultdict(list)
    for line in lines:
        grouped[line.source, line.host if by_host else None].append(line)
    rows = []
    for (source, host), group in grouped.items():
        by_segment: Counter[str] = Counter()
        for line in group:
            by_segment[line.segment or UNTOLD] += line.clicks
        rows.append(
            Row(
                host or source or UNSAID,
                as_filter(source),
                group[0].medium,
                sum(line.clicks for line in group),
                sum(line.unique_clicks for line in group),
                by_segment,
            )
        )
    return sorted(rows, key=lambda row: (-row.clicks, row.name))


def _by_segment(lines: Sequence[ReferrerLine]) -> list[SegmentRow]:
    """Bring lines together by segment, those of whom we can't tell first."""
    clicks: Counter[str | None] = Counter()
    people: Counter[str | None] = Counter()
    for line in lines:
        clicks[line.segment] += line.clicks
        people[line.segment] += line.unique_clicks
    ordered = sorted(clicks, key=lambda name: (name is not None, -clicks[name], name or ""))
    return [
        SegmentRow(name or UNTOLD, as_filter(name), clicks[name], people[name]) for name in ordered
    ]


def source_bars(lines: Sequence[ReferrerLine], *, most: int, href: Callable[[str], str]) -> Markup:
    """Draw so many sources, most clicks first; `href` gives a source's page by its filter."""
    return _bars(_rows(lines, by_host=False), most, href)


def _chart(rows: Sequence[Row], *, by_host: bool) -> Markup:
    if by_host:
        return _bars(rows, MOST_BARS, lambda _: "")
    return _bars(rows, MOST_BARS, lambda source: here({"source": source}))


def _bars(rows: Sequence[Row], most: int, href: Callable[[str], str]) -> Markup:
    names = sorted({name for row in rows for name in row.by_segment} - {UNTOLD})
    parts = [UNTOLD, *names]
    most += len(rows) == most + 1  # a bar for the last one says more than “1 more”
    bars = [
        Bar(
            excerpt(row.name, 40),
            [row.by_segment[part] for part in parts],
            href(row.filter),
        )
        for row in rows[:most]
    ]
    rest = rows[most:]
    if rest:
        values = [sum(row.by_segment[part] for row in rest) for part in parts]
        bars.append(Bar(f"{len(rest)} more", values))
    return stacked_bars(
        bars,
        parts,
        label="Clicks by where they came from and by segment",
        first="Where from",
        unit="clicks",
        is_unknown=[True],
        empty="Nobody clicked in these days.",
    )

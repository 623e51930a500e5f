"""The overview: all accounts over the chosen days."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, TypeAlias

from flask import Response, render_template, request, url_for
from markupsafe import Markup

from linktrack.audience.accounts import list_accounts
from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.charts import (
    IntervalPoint,
    Mark,
    Point,
    Reference,
    Series,
    day_name,
    interval_chart,
    sparkline,
    time_chart,
)
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.ids import AccountId
from linktrack.links.catalog import newest_link
from linktrack.links.excerpts import excerpt
from linktrack.reports.counting import window_for
from linktrack.reports.days import has_clicks, last_clicked_day, left_out_ever
from linktrack.reports.overview import AccountCard, Overview, overview
from linktrack.reports.post_lines import PostLine
from linktrack.reports.sentences import post_in_words
from linktrack.reports.sources.referrers import referrers_report
from linktrack.upkeep.health.attention import missing, waiting
from linktrack.web.charting import marks_of, per_thousand
from linktrack.web.context import here, owner_blueprint
from linktrack.web.fields import (
    account_or_main,
    chosen_account,
    chosen_comparison,
    chosen_range,
)
from linktrack.web.filters import chosen_part
from linktrack.web.sources import source_bars
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("overview", __name__)

Colours: TypeAlias = Mapping[AccountId, int]  # of accounts, by their number

MOST_LINES: Final = 5
"""Accounts with a line of their own; the others share one."""

TOP_SOURCES: Final = 7


@blueprint.get("/")
def show() -> str | Response:
    """Show every account's figures and charts; on a new installation, the first steps."""
    session = db_session()
    accounts = list_accounts(session)
    if not has_clicks(session):
        return render_template(
            "overview/first_steps.html",
            accounts=accounts,
            link=newest_link(session),
            left_out=left_out_ever(session),
            short_url=installation().shortener.short_url,
        )
    if not accounts:  # those that were clicked are removed, or not this viewer's
        return render_template("no_accounts.html")
    days = chosen_range(request.args)
    before = chosen_comparison(request.args, days)
    chosen = chosen_account(request.args)
    colours = {account.id: number for number, account in enumerate(accounts)}
    shown = [chosen] if chosen else accounts
    at = now()
    part = chosen_part()
    window = window_for(days.since, DEFAULT_WINDOW, as_of(at))
    found = overview(session, shown, days, window, now=as_of(at), before=before, part=part)
    if is_table_wanted():
        return table_file("clicks-a-day", _days_json(found.cards, days))
    settings = installation().settings
    account = account_or_main(request.args, accounts)
    referrers = referrers_report(
        session, account, settings.timezone, since=days.first, until=days.last + timedelta(days=1)
    )
    lines = [line for line in referrers.lines if part.has(line.source, line.segment)]
    return render_template(
        "overview/show.html",
        part=part,
        accounts=accounts,
        chosen=chosen,
        colours=colours,
        days=days,
        found=found,
        window=window,
        sparklines={card.account.id: _sparkline(card, days, colours) for card in found.cards},
        before=before,
        last=_last_days(shown, found.cards, days) if part.is_whole else None,
        clicks_chart=_clicks_chart(found.cards, days, colours, before, marks_of(shown, days)),
        needs=[
            *waiting(session, settings, [account.id for account in shown], at),
            *missing(found.cards, days),
        ],
        account=account,
        referrers=referrers,
        referrers_chart=source_bars(
            lines, most=TOP_SOURCES, href=lambda source: here({"source": source})
        ),
        rates_chart=_rates_chart(found, accounts),
        sentences=[
            (card.account.handle, post_in_words(card.cpf, window))
            for card in found.cards
            if card.cpf.posts or card.cpf.still_counting.posts or chosen is not None
        ],
        not_human=sum(card.not_human for card in found.cards),
    )


def _days_json(cards: Sequence[AccountCard], days: DayRange) -> Sequence[Mapping[str, object]]:
    """Return people's clicks by day and account; null before counting began."""
    return [
        {
            "day": day.isoformat(),
            "network": card.account.network,
            "account": card.account.handle,
            "clicks": clicks,
        }
        for card in cards
        for day, clicks in zip(days, card.clicks_by_day, strict=True)
    ]


def _sparkline(card: AccountCard, days: DayRange, colours: Colours) -> Markup:
    return sparkline(
        card.clicks_by_day,
        label=f"Clicks a day on {card.account.handle}",
        days=list(days),
        numbers=False,
        colour=colours[card.account.id],
        empty="No clicks in these days.",
    )


def _last_days(
    accounts: Sequence[Account], cards: Sequence[AccountCard], days: DayRange
) -> DayRange | None:
    """Return as many days ending with the last click, if nobody clicked in the days shown."""
    if any(card.clicks for card in cards):
        return None
    last = last_clicked_day(db_session(), [account.id for account in accounts])
    return None if last is None else DayRange.until(last, days.length, days.timezone)


def _clicks_chart(
    cards: Sequence[AccountCard],
    days: DayRange,
    colours: Colours,
    before: DayRange | None,
    marks: Sequence[Mark],
) -> Markup:
    """Draw a line for each account with clicks, and the largest account's followers below.

    When compared with other days: one line for all accounts in each range.
    """
    lines = [
        Series(
            card.account.handle,
            [Point(day, value) for day, value in zip(days, card.clicks_by_day, strict=True)],
            colours[card.account.id],
        )
        for card in cards
        if card.clicks
    ]
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], _together(lines[MOST_LINES - 1 :])]
    if before is not None:
        lines = _beside(cards, days, before)
    counted = [card for card in cards if card.followers_by_day]
    strip = None
    if lines and counted:
        largest = max(counted, key=lambda card: card.followers or 0)
        strip = Series(
            f"Followers of {largest.account.handle}",
            [Point(day, count) for day, count in largest.followers_by_day],
        )
    return time_chart(
        lines,
        strip,
        label="Clicks a day",
        unit="clicks a day",
        empty="Nobody clicked in these days.",
        marks=marks,
    )


def _beside(cards: Sequence[AccountCard], days: DayRange, before: DayRange) -> list[Series]:
    """Return all cards' clicks in these days, and those of the other days on the same axis."""
    then = f"{day_name(before.first)} to {day_name(before.last)}"
    sides = (
        ("These days", [card.clicks_by_day for card in cards]),
        (then, [card.clicks_by_day_before for card in cards]),
    )
    return [
        Series(
            name,
            [
                Point(day, _sum(at_day))
                for day, at_day in zip(days, zip(*each, strict=True), strict=True)
            ],
            colour,
        )
        for colour, (name, each) in enumerate(sides)
        if any(value for card in each for value in card)
    ]


def _sum(values: Sequence[int | None]) -> int | None:
    """Return the sum of the known values, None if there are none."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _together(lines: Sequence[Series]) -> Series:
    """Return one line for several: the sum of the known values of each day."""
    points = []
    for at_day in zip(*(line.points for line in lines), strict=True):
        known = [point.value for point in at_day if point.value is not None]
        points.append(Point(at_day[0].day, sum(known) if known else None))
    return Series(f"{len(lines)} more accounts", points, MOST_LINES - 1)


def _rates_chart(found: Overview, accounts: Sequence[Account]) -> Markup:
    handles = {account.id: account.handle for account in accounts}
    timezone = installation().settings.timezone
    points = []
    for line in found.posts:
        posted = line.facts.posted_at.astimezone(timezone)
        short = f"{posted.day} {posted:%b}"
        points.append(_point(line, f"{short}: {excerpt(line.facts.written, 50)}", short, handles))
    reference = None
    if found.posts_cpf.value:
        reference = Reference("these posts together", found.posts_cpf.value * 1000)
    return interval_chart(
        points,
        reference,
        label="Clicks per 1,000 followers of the newest posts",
        unit="clicks per 1,000 followers",
        groups=list(handles.values()),
        empty="No post of these days has a follower count at or before it.",
    )


def _point(
    line: PostLine, label: str, short: str, handles: Mapping[AccountId, str]
) -> IntervalPoint:
    low, value, high = per_thousand(line.cpf)
    if line.progress:  # its range would be as of a post that gets no more clicks
        low = high = None
    return IntervalPoint(
        label=label,
        value=value,
        low=low,
        high=high,
        href=url_for("posts.show", post_id=line.facts.id),
        group=handles[line.facts.account_id],
        short=short,
        progress=line.progress or "",
    )

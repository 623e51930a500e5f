"""The overview: what all accounts do, over the days of one's choice."""

from collections.abc import Sequence
from typing import Final, TypeAlias

from flask import render_template, request, url_for
from markupsafe import Markup

from linktrack.audience.accounts import list_accounts
from linktrack.audience.models import Account
from linktrack.charts import (
    IntervalPoint,
    Point,
    Reference,
    Series,
    interval_chart,
    sparkline,
    time_chart,
)
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.links.posts import excerpt
from linktrack.reports import queries
from linktrack.reports.build import PostLine, Rate
from linktrack.reports.overview import AccountCard, Overview, overview
from linktrack.reports.ranges import DayRange
from linktrack.reports.sentences import reach
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import DAYS, chosen_account, chosen_range

blueprint = owner_blueprint("overview")

Colours: TypeAlias = dict[int, int]  # of accounts, by their number

MOST_LINES: Final = 5
"""Accounts with a line of their own; the others share one."""


@blueprint.get("/")
def show() -> str:
    """Show every account's figures and charts; on a new installation, the first steps."""
    session = db_session()
    accounts = list_accounts(session)
    if not queries.has_clicks(session):
        return render_template(
            "overview/first_steps.html",
            accounts=accounts,
            link=queries.newest_link(session),
            left_out=queries.left_out_ever(session),
            short_url=installation().shortener.short_url,
        )
    days = chosen_range(request.args)
    chosen = chosen_account(request.args)
    colours = {account.id: number for number, account in enumerate(accounts)}
    shown = [chosen] if chosen else accounts
    found = overview(session, shown, days, DEFAULT_WINDOW, now())
    return render_template(
        "overview/show.html",
        accounts=accounts,
        chosen=chosen,
        colours=colours,
        days=days,
        choices=DAYS,
        found=found,
        sparklines={card.account.id: _sparkline(card, days, colours) for card in found.cards},
        clicks_chart=_clicks_chart(found.cards, days, colours),
        rates_chart=_rates_chart(found, accounts),
        sentences=[
            (card.account.handle, reach(card.cpf))
            for card in found.cards
            if card.cpf.posts or chosen is not None
        ],
        not_human=sum(card.not_human for card in found.cards),
    )


def _sparkline(card: AccountCard, days: DayRange, colours: Colours) -> Markup:
    return sparkline(
        card.clicks_by_day,
        label=f"Clicks a day on {card.account.handle}",
        days=list(days),
        numbers=False,
        colour=colours[card.account.id],
        empty="No clicks in these days.",
    )


def _clicks_chart(cards: Sequence[AccountCard], days: DayRange, colours: Colours) -> Markup:
    """Draw a line for each account with clicks; the largest account's followers below."""
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
    )


def _together(lines: Sequence[Series]) -> Series:
    """Return one line for several: the sum of what is known on each day."""
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


def _point(line: PostLine, label: str, short: str, handles: dict[int, str]) -> IntervalPoint:
    low, value, high = per_thousand(line.cpf)
    return IntervalPoint(
        label=label,
        value=value,
        low=low,
        high=high,
        href=url_for("posts.show", post_id=line.facts.id),
        group=handles[line.facts.account_id],
        short=short,
    )


def per_thousand(rate: Rate) -> tuple[float | None, float | None, float | None]:
    """Return lowest, value and highest of a rate for 1,000 followers."""
    low = rate.interval.low * 1000 if rate.interval else None
    high = rate.interval.high * 1000 if rate.interval else None
    return low, None if rate.value is None else rate.value * 1000, high

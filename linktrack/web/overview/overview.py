"""The overview: who is really there, and one account's figures of the chosen days."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from flask import Response, render_template, request
from markupsafe import Markup

from linktrack.audience.accounts import list_accounts
from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.charts import (
    Mark,
    Point,
    Series,
    day_name,
    time_chart,
)
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.reports.counting import window_for
from linktrack.reports.days import has_clicks, last_clicked_day
from linktrack.reports.narrowing.ranges import Narrows
from linktrack.reports.overview import AccountCard, account_cards
from linktrack.reports.people.presence import presence
from linktrack.reports.sentences import post_in_words
from linktrack.reports.sources.facet_tops import facet_tops
from linktrack.reports.sources.facets import Asked
from linktrack.reports.sources.top_sources import top_sources
from linktrack.reports.standing import latest_posts
from linktrack.reports.steps import Steps, steps_of
from linktrack.upkeep.health.attention import to_do
from linktrack.web.charting import marks_of
from linktrack.web.context import here, owner_blueprint, today
from linktrack.web.fields import chosen_account, chosen_comparison, chosen_range
from linktrack.web.filters.chips import UNSAID
from linktrack.web.filters.seeing import seeing
from linktrack.web.overview.first_steps import first_steps
from linktrack.web.post_bars import bar_table
from linktrack.web.presence import people_picture
from linktrack.web.sources import source_bars
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("overview", __name__)

LATEST: Final = 8
TOP_SOURCES: Final = 6
NARROWS: Final = Narrows(of_posts=True, counted=lambda wanted: wanted.is_counted)


@blueprint.get("/")
def show() -> str | Response:
    """Show one account's answer, figures and charts; on a new installation, the first steps."""
    session = db_session()
    accounts = list_accounts(session)
    if not has_clicks(session):
        return first_steps(accounts)
    if not accounts:  # those that were clicked are removed, or not this viewer's
        return render_template("no_accounts.html")
    settings, at = installation().settings, now()
    days = chosen_range(request.args)
    before = chosen_comparison(request.args, days)
    chosen = chosen_account(request.args)
    window = window_for(days.since, DEFAULT_WINDOW, as_of(at))
    with seeing(accounts, (before or days.before).since, narrows=NARROWS) as seen:
        cards = account_cards(
            session,
            accounts,
            days,
            window,
            now=as_of(at),
            before=before,
            part=seen.part,
            facet=seen.facet,
        )
        card = _card_of(cards, chosen)
        account, end = card.account, days.last + timedelta(days=1)
        sources = top_sources(
            session,
            account,
            since=days.first,
            until=end,
            part=seen.part,
            most=TOP_SOURCES,
            unsaid=UNSAID,
        )
        tops = facet_tops(session, Asked(account, days.first, end, None, None))
    if is_table_wanted():
        rows = _days_json(cards if chosen is None else [card], days)
        return table_file("clicks-a-day", rows, only=seen.only)
    found = presence(
        session,
        account,
        period=settings.visitor_period,
        timezone=settings.timezone,
        now=as_of(at),
    )
    steps = steps_of(days, card.clicks_by_day, today())
    latest = latest_posts(
        session, account, DEFAULT_WINDOW, now=as_of(at), until=days.end, limit=LATEST
    )
    return render_template(
        "overview/show.html",
        seen=seen,
        is_whole=seen.is_whole,
        accounts=accounts,
        account=account,
        colours={each.id: number for number, each in enumerate(accounts)},
        days=days,
        cards=cards,
        card=card,
        window=window,
        before=before,
        presence=found,
        people_chart=people_picture(found),
        last=_last_days(account, card, days) if seen.is_whole else None,
        steps=steps,
        clicks_chart=_clicks_chart(card, days, steps, before, marks_of([account], days)),
        needs=to_do(session, settings, cards, days, at),
        latest=bar_table(latest.lines, latest.usual),
        sources=sources,
        sources_chart=source_bars(sources, href=lambda source: here({"source": source})),
        tops=tops,
        sentence=post_in_words(card.cpf, window),
    )


def _card_of(cards: Sequence[AccountCard], chosen: Account | None) -> AccountCard:
    """Return the chosen account's card, else that of the one that shares links, or has most clicks.

    A chosen account is among them, or it could not have been chosen.
    """
    if chosen is not None:
        return next(card for card in cards if card.account.id == chosen.id)
    sharing = [card for card in cards if card.account.role == "you"]
    return max(sharing or cards, key=lambda card: card.clicks)


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


def _last_days(account: Account, card: AccountCard, days: DayRange) -> DayRange | None:
    """Return as many days ending with the last click, if nobody clicked in the days shown."""
    if card.clicks:
        return None
    last = last_clicked_day(db_session(), [account.id])
    return None if last is None else DayRange.until(last, days.length, days.timezone)


def _clicks_chart(
    card: AccountCard,
    days: DayRange,
    steps: Steps,
    before: DayRange | None,
    marks: Sequence[Mark],
) -> Markup:
    """Draw the clicks, those of the days compared with in grey, and the followers below."""
    name = "Clicks" if before is None else "These days"
    lines = [Series(name, _points(steps, card.clicks_by_day), 0)]
    if before is not None and any(card.clicks_by_day_before):
        then = f"{day_name(before.first)} to {day_name(before.last)}"
        lines.append(Series(then, _points(steps, card.clicks_by_day_before), 0, is_past=True))
    strip = None
    if card.followers_by_day:
        strip = Series("Followers", [Point(day, count) for day, count in card.followers_by_day])
    unit = "a week" if steps.is_weekly else "a day"
    return time_chart(
        lines if card.clicks or card.clicks_before else [],
        strip if card.clicks else None,
        label=f"Clicks {unit}",
        unit=f"clicks {unit}",
        empty="Nobody clicked in these days.",
        marks=marks,
        step="Week from" if steps.is_weekly else "Day",
        span=(days.first, days.last),
    )


def _points(steps: Steps, values: Sequence[int | None]) -> list[Point]:
    return [Point(day, value) for day, value in zip(steps.starts, steps.sums(values), strict=True)]

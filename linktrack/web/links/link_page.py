"""The page of one link: its clicks, where it leads, and forms that change it."""

from collections.abc import Sequence
from datetime import date

from flask import render_template, request

from linktrack.audience.accounts import get_account
from linktrack.calendar.ranges import DayRange
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.links.cards.cards import card_of, kept_card
from linktrack.links.cards.previews import preview_of_link
from linktrack.links.catalog import (
    imported_totals,
)
from linktrack.links.labels import labels_of, tags_in_use
from linktrack.links.looks.pictures import own_picture
from linktrack.links.looks.qr_looks import look_of
from linktrack.links.models import Link
from linktrack.links.people import (
    list_people,
    promoted_by,
)
from linktrack.links.posts import get_post
from linktrack.links.redirects.limiting import limits_of
from linktrack.links.redirects.ruling import rules_of
from linktrack.reports.days import DayCounts, last_clicked_day_of_links, link_series
from linktrack.reports.goals.money import money
from linktrack.reports.goals.of_links import goals_of_links
from linktrack.reports.links.listed import (
    clicks_of_links,
)
from linktrack.reports.overview import every_day
from linktrack.reports.sources.facet_tops import facet_tops
from linktrack.reports.sources.facets import Asked
from linktrack.reports.sources.hosts import clicks_by_host
from linktrack.reports.sources.left_out import links_of, of_links
from linktrack.reports.timing.lifetimes import link_life
from linktrack.web.charting import clicks_chart, marks_of
from linktrack.web.fields import (
    chosen_comparison,
    chosen_range,
)
from linktrack.web.links.limits import typed_limits


def link_page(link: Link, error: str | None = None) -> str:
    """Show a link, and what is wrong with what was sent."""
    session = db_session()
    days = chosen_range(request.args)
    counts = link_series(session, [link.id], days.first, days.last).get(link.id, [])
    values = every_day(days, counts, counted_since(link, days, counts))
    clicks, unique_clicks, not_human = clicks_of_links(session, [link.id]).get(link.id, (0, 0, 0))
    post = get_post(session, link.post_id) if link.post_id else None
    account = get_account(session, link.account_id)
    kept, limits = kept_card(session, link), limits_of(session, link)
    before = chosen_comparison(request.args, days)
    then: list[int | None] = []
    if before is not None:
        earlier = link_series(session, [link.id], before.first, before.last)
        then = every_day(before, earlier.get(link.id, []), link.created_at.date())
    return render_template(
        "links/show.html",
        link=link,
        label=labels_of(session, [link.id])[link.id],
        tops=facet_tops(session, Asked(account, None, None, link, None)),
        limits=limits,
        state=limits.standing(link, now()),
        at=now(),
        typed_limits=typed_limits(),
        tags=tags_in_use(session, link.account_id),
        account=account,
        look=look_of(session, account.id),
        post=post,
        card=card_of(session, installation().shortener, link),
        own_picture=own_picture(session, link.id),
        seen=preview_of_link(session, installation().shortener, account, link),
        kept=kept,
        promoted=promoted_by(session, link, post.written if post else None),
        people=list_people(session),
        short_url=installation().shortener.short_url(link.code or "", link.domain),
        clicks=clicks,
        unique_clicks=unique_clicks,
        not_human=not_human,
        imported=imported_totals(session, link.id),
        rules=len(rules_of(session, link.id)) if link.has_plan else 0,
        days=days,
        last=None if any(values) or before else last_days([link], days),
        sources=clicks_by_host(session, of_links(links_of(link_id=link.id), days)),
        chart=clicks_chart(
            days,
            values,
            label=f"Clicks on {link.shown}",
            marks=marks_of([account], days),
            before=before,
            values_before=then,
        ),
        life=link_life(session, link, as_of(now())),
        goals=goals_of_links(session, link.account_id, [link.id]),
        money=money,
        error=error,
        typed=request.form.get("destination", ""),
    )


def counted_since(link: Link, days: DayRange, counts: list[DayCounts]) -> date:
    """Return the day from which on a link was counted."""
    made = link.created_at.astimezone(days.timezone).date()
    return min([made, *(count.day for count in counts)])


def last_days(links: Sequence[Link], days: DayRange) -> DayRange | None:
    """Return as many days, ending with the last click on these links; None without one."""
    last = last_clicked_day_of_links(db_session(), [link.id for link in links])
    return None if last is None else DayRange.until(last, days.length, days.timezone)

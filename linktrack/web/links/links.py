"""Links: destinations, clicks, and changing them."""

from collections import Counter
from datetime import date
from functools import partial
from typing import Final

from flask import render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from linktrack.audience.accounts import accounts_by_number, list_accounts
from linktrack.calendar.ranges import DayRange
from linktrack.calendar.times import utc
from linktrack.charts import sparkline
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.cards.cards import kept_card, read_again, set_own_words
from linktrack.links.catalog import (
    add_lone_link,
    change_destination,
    set_disabled,
    set_forwarding,
)
from linktrack.links.excerpts import title
from linktrack.links.hosts.finding import further_domains
from linktrack.links.labels import describe, labels_of, tags_in_use
from linktrack.links.looks.pictures import own_picture, set_picture
from linktrack.links.models import Link
from linktrack.links.people import (
    find_person,
    promote,
    remove_promotion,
)
from linktrack.links.posts import texts_of
from linktrack.links.redirects.limiting import count_anew
from linktrack.reports.days import DayCounts, link_series
from linktrack.reports.links.listed import (
    LinkFacts,
    LinkSearch,
    links_page,
    links_to,
    order_named,
    state_named,
)
from linktrack.reports.overview import every_day
from linktrack.web.charting import clicks_chart, marks_of
from linktrack.web.context import owner_blueprint, today
from linktrack.web.fields import (
    chosen_account,
    chosen_range,
    named_link,
    row_id,
    text,
)
from linktrack.web.forms import Done, Sent, form
from linktrack.web.links.limits import change_limits, limits_said
from linktrack.web.links.link_page import counted_since, last_days, link_page
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("links", __name__)

PAGE: Final = 50
SPARK_DAYS: Final = 28


@blueprint.get("/links")
def list_all() -> str | Response:
    """Show links, newest or most clicked first: all, or those that a search or a tag finds."""
    return _list()


@blueprint.get("/destinations")
def destination() -> str:
    """Show all links to one address."""
    session = db_session()
    address = text(request.args, "address", "The address")
    days = chosen_range(request.args)
    facts = links_to(session, address, now())
    series = link_series(session, [fact.link.id for fact in facts], days.first, days.last)
    clicks: Counter[date] = Counter()
    for counts in series.values():
        clicks.update({each.day: each.clicks for each in counts})
    accounts = list_accounts(session)
    return render_template(
        "links/destination.html",
        address=address,
        facts=facts,
        handles={number: each.handle for number, each in accounts_by_number(session).items()},
        days=days,
        last=None if clicks.total() else last_days([fact.link for fact in facts], days),
        titles={
            number: title(written)
            for number, written in texts_of(
                session, [fact.link.post_id for fact in facts if fact.link.post_id]
            ).items()
        },
        chart=clicks_chart(
            days,
            [clicks[day] for day in days],
            label="Clicks on all links to this address",
            marks=marks_of(
                [each for each in accounts if each.id in {fact.link.account_id for fact in facts}],
                days,
            ),
        ),
    )


@form(blueprint, "/links", back_to="links.list_all", again=lambda error: _list(error.sentence))
def add(sent: Sent) -> Done:
    """Create a link without a post, for a poster or a profile."""
    account = sent.account()
    if account is None:
        raise Invalid("Choose the account the link is for.")
    link = add_lone_link(
        sent.session,
        installation().shortener,
        account_id=account.id,
        written=sent.text("destination", "The destination"),
        at=sent.now,
        slug=sent.text("slug", "The short code") or None,
        on=sent.text("domain", "The domain") or None,
        tags=sent.text("tags", "The tags").split(","),
    )
    describe(
        sent.session,
        link,
        sent.now,
        title=sent.text("title", "The title"),
        tags=sent.text("tags", "The tags").split(","),
    )
    change_limits(sent, link)
    return Done("Short link created.", url_for("links.show", code=link.name))


def _list(error: str | None = None) -> str | Response:
    session = db_session()
    account = chosen_account(request.args)
    wanted = LinkSearch(
        account_id=account.id if account else None,
        search=text(request.args, "q", "The search"),
        tag=text(request.args, "tag", "The tag") or None,
        state=state_named(text(request.args, "state", "The state")),
        order=order_named(text(request.args, "sort", "The order")),
    )
    before = row_id(request.args, "before", "Link")
    found = links_page(session, installation().shortener, wanted, before, PAGE + 1, at=now())
    facts = found[:PAGE]
    if is_table_wanted():
        return table_file("links", [_fact_json(fact) for fact in facts])
    days = DayRange.until(today(), SPARK_DAYS, installation().settings.timezone)
    series = link_series(session, [fact.link.id for fact in facts], days.first, days.last)
    accounts = list_accounts(session)
    return render_template(
        "links/list.html",
        accounts=accounts,
        handles={number: each.handle for number, each in accounts_by_number(session).items()},
        account=account,
        wanted=wanted,
        tags=tags_in_use(session, wanted.account_id),
        facts=facts,
        more=len(found) > PAGE,
        error=error,
        typed=request.form,
        sparklines={
            fact.link.id: _sparkline(fact.link, days, series.get(fact.link.id, []))
            for fact in facts
        },
        short_url=installation().shortener.short_url,
        domains=further_domains(session),
    )


def _fact_json(fact: LinkFacts) -> dict[str, object]:
    link = fact.link
    return {
        "code": link.code,
        "short_url": installation().shortener.short_url(link.code or "", link.domain),
        "destination": link.destination,
        "state": fact.state,
        "title": fact.label.name,
        "tags": list(fact.label.tags),
        "created_at": utc(link.created_at),
        "clicks": fact.clicks,
        "unique_clicks": fact.unique_clicks,
        "not_human": fact.not_human,
    }


def _sparkline(link: Link, days: DayRange, counts: list[DayCounts]) -> Markup:
    if not counts:
        return Markup("")
    return sparkline(
        every_day(days, counts, counted_since(link, days, counts)),
        label=f"Clicks a day on {link.shown}",
        days=list(days),
        numbers=False,
    )


@blueprint.get("/links/<code>")
def show(code: str) -> str:
    """Show one link: its destination, past destinations and clicks per day."""
    return link_page(named_link(code))


link_form = partial(
    form,
    blueprint,
    back_to=lambda code: url_for("links.show", code=named_link(code).name),
    again=lambda error, code: link_page(named_link(code), error.sentence),
)


@link_form("/links/<code>/disable")
def disable(sent: Sent, code: str) -> str:
    """Disable a link: clicks on it get "gone" from now on."""
    set_disabled(sent.session, named_link(code), True, sent.now)
    return "The link is disabled. Anyone who clicks it sees that it is gone."


@link_form("/links/<code>/enable")
def enable(sent: Sent, code: str) -> str:
    """Enable a link again."""
    set_disabled(sent.session, named_link(code), False, sent.now)
    return "The link redirects again."


@link_form("/links/<code>/promotes")
def promotes(sent: Sent, code: str) -> str:
    """Add a person that a link promotes, or remove one."""
    link = named_link(code)
    person = find_person(sent.session, sent.text("person", "The person"))
    if sent.says_yes("remove"):
        remove_promotion(sent.session, link, person, sent.now)
        return f"The link no longer promotes {person.name}."
    promote(sent.session, link, person, sent.now)
    return f"The link promotes {person.name}."


def _own_words(code: str) -> dict[str, object]:
    link = named_link(code)
    kept = kept_card(db_session(), link)
    return {
        "Title": kept.own_title if kept is not None else None,
        "Text": kept.own_description if kept is not None else None,
        "Picture": own_picture(db_session(), link.id),
    }


@link_form(
    "/links/<code>/destination",
    edits=lambda code: {"Destination": named_link(code).destination},
)
def redirect_elsewhere(sent: Sent, code: str) -> str:
    """Change a link's destination."""
    link = named_link(code)
    written = sent.text("destination", "The destination")
    change_destination(sent.session, installation().shortener, link, written, sent.now)
    return "Destination changed."


def _said(code: str) -> dict[str, object]:
    number = named_link(code).id
    label = labels_of(db_session(), [number])[number]
    return {"Title": label.title, "Tags": ", ".join(label.tags), "Note": label.note}


@link_form("/links/<code>/label", edits=_said)
def relabel(sent: Sent, code: str) -> str:
    """Change a link's title, tags and note."""
    describe(
        sent.session,
        named_link(code),
        sent.now,
        title=sent.text("title", "The title"),
        tags=sent.text("tags", "The tags").split(","),
        note=sent.text("note", "The note"),
    )
    return "Saved."


@link_form("/links/<code>/limits", edits=lambda code: limits_said(named_link(code)))
def limit(sent: Sent, code: str) -> str:
    """Change when a link redirects, how often, for whom, and where it leads afterwards."""
    change_limits(sent, named_link(code))
    return "Limits saved. They hold everywhere within two seconds."


@link_form("/links/<code>/count-anew")
def begin_anew(sent: Sent, code: str) -> str:
    """Count the clicks that a link has left from 0 again."""
    count_anew(sent.session, named_link(code), sent.now)
    return "The link’s clicks are counted from 0 again."


@link_form("/links/<code>/card", edits=_own_words)
def change_card(sent: Sent, code: str) -> str:
    """Change text and picture of a link's preview card, or have its page read again."""
    link = named_link(code)
    if sent.says_yes("read"):
        read_again(sent.session, link)
        return "Reading the page: its preview will be here in a few seconds."
    title = sent.text("title", "The title")
    set_own_words(sent.session, link, title, sent.text("words", "The text"))
    if sent.has("without"):
        set_picture(sent.session, link, b"", sent.now)
    else:
        file = sent.file("picture")
        if file:
            set_picture(sent.session, link, file, sent.now)
    return "Preview changed. Networks that already have the old one keep it for a while."


@link_form("/links/<code>/forwarding")
def forward(sent: Sent, code: str) -> str:
    """Pass query strings on to the destination, or stop passing them on."""
    on = sent.says_yes("forward")
    set_forwarding(sent.session, named_link(code), on, sent.now)
    return f"Query strings are {'' if on else 'not '}forwarded."

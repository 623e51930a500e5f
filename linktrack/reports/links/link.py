"""One link with its history and its clicks."""

from datetime import datetime
from typing import TypedDict

from sqlalchemy.orm import Session

from linktrack.calendar.times import utc
from linktrack.links.cards.cards import card_of, kept_card
from linktrack.links.catalog import Shortener, imported_totals
from linktrack.links.labels import labels_of
from linktrack.links.models import Link
from linktrack.links.people import promoted_by_hand
from linktrack.links.redirects.limiting import LinkLimits, Standing, limits_of
from linktrack.reports.links.listed import clicks_of_links


class LinkCardJson(TypedDict):
    """A link's preview card below a post; `read_at` is null if its page hasn't been read.

    `picture` is an address, ours for a picture of your own; `problem` says why the card has little
    content.
    """

    title: str
    description: str
    picture: str | None
    read_at: str | None
    problem: str | None


def card_json(session: Session, shortener: Shortener, link: Link) -> LinkCardJson:
    """Return the card of a link."""
    kept = kept_card(session, link)
    shown = card_of(session, shortener, link)
    is_current = kept is not None and kept.destination == link.destination
    read_at = kept.read_at if kept is not None and is_current else None
    return {
        "title": shown.title,
        "description": shown.description,
        "picture": shown.picture,
        "read_at": utc(read_at),
        "problem": kept.problem if kept is not None and is_current else None,
    }


class ImportedJson(TypedDict):
    """Clicks before a moment, as another shortener counted them; never added to linktrack's own."""

    source: str
    clicks: int
    before: str


class StepJson(TypedDict):
    """A destination, and since when the link has led there."""

    since: str
    destination: str


class LimitsJson(TypedDict):
    """When a link redirects, how often, for whom, and where it leads once it has ended.

    `used_clicks` of people's `most_clicks` are used, or set aside by a process that answers them.
    """

    valid_from: str | None
    expires_at: str | None
    most_clicks: int | None
    used_clicks: int | None
    has_password: bool
    ended_to: str | None


def limits_json(limits: LinkLimits) -> LimitsJson:
    """Return a link's limits."""
    return {
        "valid_from": utc(limits.valid_from),
        "expires_at": utc(limits.expires_at),
        "most_clicks": limits.most_clicks,
        "used_clicks": None if limits.most_clicks is None else limits.used_clicks,
        "has_password": limits.has_password,
        "ended_to": limits.ended_to,
    }


class LinkJson(LimitsJson):
    """A link with its history, its limits and its clicks of all time.

    `domain` is null on the first one. `title` is what somebody called it, `page_title` what its
    destination calls itself, if that was read. `state` is what the link does now. `promotes` lists
    the people set by hand; people's rules may match others too.
    """

    code: str
    domain: str | None
    short_url: str
    destination: str
    title: str | None
    page_title: str | None
    tags: list[str]
    note: str | None
    post: int | None
    created_at: str
    disabled_at: str | None
    state: Standing
    clicks: int
    unique_clicks: int
    not_human: int
    imported: list[ImportedJson]
    forward_query: bool
    promotes: list[str]
    card: LinkCardJson
    history: list[StepJson]


def link_json(session: Session, shortener: Shortener, link: Link, at: datetime) -> LinkJson:
    """Return a link as of a moment; unique clicks are visitors' first human clicks on this link."""
    clicks, unique_clicks, not_human = clicks_of_links(session, [link.id]).get(link.id, (0, 0, 0))
    label = labels_of(session, [link.id])[link.id]
    limits = limits_of(session, link)
    code = link.code or ""
    return {
        "code": code,
        "domain": None if link.domain is None else link.domain.host,
        "short_url": shortener.short_url(code, link.domain),
        "destination": link.destination,
        "title": label.title,
        "page_title": label.page_title,
        "tags": list(label.tags),
        "note": label.note,
        "post": link.post_id,
        "created_at": utc(link.created_at),
        "disabled_at": utc(link.disabled_at),
        "state": limits.standing(link, at),
        **limits_json(limits),
        "clicks": clicks,
        "unique_clicks": unique_clicks,
        "not_human": not_human,
        "imported": [
            {"source": total.source, "clicks": total.clicks, "before": utc(total.before)}
            for total in imported_totals(session, link.id)
        ],
        "forward_query": link.forward_query,
        "promotes": [person.name for person in promoted_by_hand(session, link)],
        "card": card_json(session, shortener, link),
        "history": [
            {"since": utc(step.since), "destination": step.destination} for step in link.history
        ],
    }

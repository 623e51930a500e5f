"""One link with its history and its clicks."""

from typing import TypedDict

from sqlalchemy.orm import Session

from linktrack.calendar.times import utc
from linktrack.links.cards.cards import card_of, kept_card
from linktrack.links.catalog import Shortener, imported_totals
from linktrack.links.labels import labels_of
from linktrack.links.models import Link
from linktrack.links.people import promoted_by_hand
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


class LinkJson(TypedDict):
    """A link with its history and its clicks of all time.

    `title` is what somebody called it, `page_title` what its destination calls itself, if that was
    read. `promotes` lists the people set by hand; people's rules may match others too.
    """

    code: str
    short_url: str
    destination: str
    title: str | None
    page_title: str | None
    tags: list[str]
    note: str | None
    post: int | None
    created_at: str
    disabled_at: str | None
    clicks: int
    unique_clicks: int
    not_human: int
    imported: list[ImportedJson]
    forward_query: bool
    promotes: list[str]
    card: LinkCardJson
    history: list[StepJson]


def link_json(session: Session, shortener: Shortener, link: Link) -> LinkJson:
    """Return a link; unique clicks are visitors' first human clicks on this link."""
    clicks, unique_clicks, not_human = clicks_of_links(session, [link.id]).get(link.id, (0, 0, 0))
    label = labels_of(session, [link.id])[link.id]
    code = link.code or ""
    return {
        "code": code,
        "short_url": shortener.short_url(code),
        "destination": link.destination,
        "title": label.title,
        "page_title": label.page_title,
        "tags": list(label.tags),
        "note": label.note,
        "post": link.post_id,
        "created_at": utc(link.created_at),
        "disabled_at": utc(link.disabled_at),
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

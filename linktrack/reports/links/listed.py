"""Links in lists, with their clicks of all time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from linktrack.clicks.models import link_totals
from linktrack.links.models import Link


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """A link on the owner's list."""

    link: Link
    clicks: int
    unique_clicks: int
    not_human: int


def links_page(
    session: Session, account_id: int | None, search: str, before: int | None, limit: int
) -> list[LinkFacts]:
    """Return links that have `search` in code or destination, newest first, behind `before`.

    Imported links were made long before they came in: the order is that of their making.
    """
    query = select(Link).order_by(Link.created_at.desc(), Link.id.desc()).limit(limit)
    if account_id is not None:
        query = query.where(Link.account_id == account_id)
    if before is not None:
        last = session.get(Link, before)
        if last is None:
            return []
        at_once = and_(Link.created_at == last.created_at, Link.id < last.id)
        query = query.where(or_(Link.created_at < last.created_at, at_once))
    if search:
        query = query.where(
            Link.destination.icontains(search, autoescape=True)
            | Link.code.icontains(search, autoescape=True)
        )
    links = session.scalars(query).all()
    totals = clicks_of_links(session, [link.id for link in links])
    return [LinkFacts(link, *totals.get(link.id, (0, 0, 0))) for link in links]


def links_to(session: Session, destination: str) -> list[LinkFacts]:
    """Return the links that lead to exactly this address now, newest first, 500 at most."""
    query = select(Link).where(Link.destination == destination)
    newest = query.order_by(Link.created_at.desc(), Link.id.desc()).limit(500)
    links = session.scalars(newest).all()
    totals = clicks_of_links(session, [link.id for link in links])
    return [LinkFacts(link, *totals.get(link.id, (0, 0, 0))) for link in links]


def clicks_of_links(
    session: Session, link_ids: Sequence[int]
) -> Mapping[int, tuple[int, int, int]]:
    """Return (clicks, unique_clicks, not_human) of these links, ever."""
    query = select(link_totals).where(link_totals.c.link_id.in_(link_ids))
    return {
        link_id: (clicks, unique_clicks, not_human)
        for link_id, clicks, unique_clicks, not_human in session.execute(query)
    }

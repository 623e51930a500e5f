"""The links that one token's door has made, with their clicks: what their programs may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from linktrack.clicks.models import agents, clicks, link_totals, referrers
from linktrack.clicks.vocabulary import HUMAN
from linktrack.db import from_ms
from linktrack.links.models import Link, LinkLabel
from linktrack.links.single import labels_of, tags_of

ORDERS: Final = ("last", "first", "top", "bottom", "rand")


@dataclass(frozen=True, slots=True)
class DoorLink:
    """A link as its door tells it; `clicks` are people's, `left_out` previews, bots and so on."""

    link: Link
    title: str | None
    tags: list[str]
    clicks: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Visit:
    """One click, without anything that tells who it was."""

    at: datetime
    referrer_host: str | None
    browser: str | None
    os: str | None
    human: bool


def door_links(
    session: Session,
    token_id: int,
    *,
    order: str = "last",
    limit: int = 20,
    offset: int = 0,
    search: str = "",
    link_id: int | None = None,
) -> list[DoorLink]:
    """Return a page of a token's own links, in one of `ORDERS`, with `search` in them."""
    counted = func.coalesce(link_totals.c.clicks, 0)
    query = (
        select(Link, counted, func.coalesce(link_totals.c.not_human, 0))
        .join(LinkLabel, LinkLabel.link_id == Link.id)
        .outerjoin(link_totals, link_totals.c.link_id == Link.id)
        .where(*_own(token_id, search))
    )
    if link_id is not None:
        query = query.where(Link.id == link_id)
    orders: Mapping[str, Sequence[ColumnElement[Any]]] = {
        "last": (Link.id.desc(),),
        "first": (Link.id.asc(),),
        "top": (counted.desc(), Link.id.desc()),
        "bottom": (counted.asc(), Link.id.desc()),
        "rand": (func.random(),),
    }
    rows = session.execute(query.order_by(*orders[order]).limit(limit).offset(offset)).all()
    labels = labels_of(session, [link.id for link, _, _ in rows])
    return [
        DoorLink(
            link,
            labels[link.id].title,
            tags_of(labels[link.id]),
            human,
            left_out,
        )
        for link, human, left_out in rows
    ]


def door_totals(session: Session, token_id: int, search: str = "") -> tuple[int, int]:
    """Return how many links a token has made, and how often people clicked them."""
    count = select(func.count(Link.id)).join(LinkLabel, LinkLabel.link_id == Link.id)
    links = session.scalar(count.where(*_own(token_id, search))) or 0
    own = select(LinkLabel.link_id).where(LinkLabel.token_id == token_id)
    query = select(func.sum(link_totals.c.clicks)).where(link_totals.c.link_id.in_(own))
    return links, int(session.scalar(query) or 0)


def _own(token_id: int, search: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [LinkLabel.token_id == token_id]
    if search:
        texts = (Link.destination, Link.code, LinkLabel.title, LinkLabel.tags)
        conditions.append(or_(*(text.icontains(search, autoescape=True) for text in texts)))
    return conditions


def visits_of(
    session: Session, link_id: int, *, humans_only: bool, limit: int, offset: int
) -> tuple[Sequence[Visit], int]:
    """Return a page of a link's clicks, newest first, and how many there are in all."""
    conditions = [clicks.c.link_id == link_id]
    if humans_only:
        conditions.append(clicks.c.reason == HUMAN)
    total = session.scalar(select(func.count()).select_from(clicks).where(*conditions)) or 0
    query = (
        select(
            clicks.c.clicked_at,
            clicks.c.reason,
            referrers.c.host,
            agents.c.browser,
            agents.c.os,
        )
        .join(agents, agents.c.id == clicks.c.agent_id)
        .join(referrers, referrers.c.id == clicks.c.referrer_id)
        .where(*conditions)
        .order_by(clicks.c.clicked_at.desc(), clicks.c.seq.desc())
        .limit(limit)
        .offset(offset)
    )
    found = [
        Visit(from_ms(row.clicked_at), row.host, row.browser, row.os, row.reason == HUMAN)
        for row in session.execute(query)
    ]
    return found, total

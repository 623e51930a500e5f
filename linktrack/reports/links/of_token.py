"""The links that one token's door has made, with their clicks: what their programs may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from linktrack.clicks.bulk import given
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Every, Which
from linktrack.clicks.models import agents, link_totals, referrers
from linktrack.clicks.vocabulary import HUMAN, unpack_country
from linktrack.db import from_ms, to_ms
from linktrack.errors import Invalid
from linktrack.links.hosts.models import Domain
from linktrack.links.labels import MOST_TAGS, labels_of
from linktrack.links.models import Link, LinkLabel, LinkTag
from linktrack.links.redirects.limiting import NONE, LinkLimits, limits_by_link
from linktrack.reports.links.searching import check_search

Field: TypeAlias = Literal["created", "clicks", "visits", "code", "destination", "title", "random"]
"""What links can be sorted by: `clicks` are people's, `visits` all."""

_HOUR: Final = 3_600_000  # milliseconds
_CLICKS: Final = func.coalesce(link_totals.c.clicks, 0)
_LEFT_OUT: Final = func.coalesce(link_totals.c.not_human, 0)
_FIELDS: Final[Mapping[Field, ColumnElement[Any]]] = {
    "created": Link.id.expression,
    "clicks": _CLICKS,
    "visits": _CLICKS + _LEFT_OUT,
    "code": Link.code.expression,
    "destination": Link.destination.expression,
    "title": LinkLabel.title.expression,
}


@dataclass(frozen=True, slots=True)
class DoorLink:
    """A link as its door shows it; `clicks` are people's, `left_out` previews, bots and so on."""

    link: Link
    title: str | None
    tags: list[str]
    clicks: int
    left_out: int
    tenant: str | None = None
    limits: LinkLimits = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of a token's links: those that fit everything said here.

    `tags` takes links with any of these tags, with `every_tag` those with all; `without_tags` and
    `without_every_tag` leave links out likewise. `since` and `until` (exclusive) are about when
    they were made. `search` is looked for in destination, code, title and tags. `tenant` is whose
    link it is on the other side, where a program that serves many has said so. `made_before` takes
    the links that were made before this one.
    """

    search: str = ""
    tenant: str | None = None
    made_before: int | None = None
    has_tags: bool = False
    tags: Sequence[str] = ()
    every_tag: bool = False
    without_tags: Sequence[str] = ()
    without_every_tag: bool = False
    since: datetime | None = None
    until: datetime | None = None
    redirecting: bool = False

    def __post_init__(self) -> None:
        """Raise `Invalid` for more than a database can look for at once."""
        check_search(self.search)
        if max(len(self.tags), len(self.without_tags)) > MOST_TAGS:
            raise Invalid(f"Ask for at most {MOST_TAGS} tags at once.")


EVERYTHING: Final = Wanted()


@dataclass(frozen=True, slots=True)
class Totals:
    """How many links there are, how often people clicked them, and how many clicks are left out."""

    links: int
    clicks: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Visit:
    """One click, without anything that shows who it was; `code` is its link's.

    `base` is what its short address begins with, None for the first domain's.
    """

    at: datetime
    code: str
    base: str | None
    destination: str
    referrer_host: str | None
    browser: str | None
    os: str | None
    human: bool


@dataclass(frozen=True, slots=True)
class ClickGroup:
    """People's clicks of one hour that are alike in everything else."""

    hour: datetime
    browser: str | None
    os: str | None
    country: str | None
    referrer: str | None
    clicks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """Which clicks: on a token's links, or only one of them, or those with a tag."""

    token_id: int
    link_id: int | None = None
    tag: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    humans_only: bool = False


def door_links(
    session: Session,
    token_id: int,
    wanted: Wanted = EVERYTHING,
    *,
    by: Field = "created",
    descending: bool = True,
    limit: int = 20,
    offset: int = 0,
    link_id: int | None = None,
) -> list[DoorLink]:
    """Return a page of a token's own links, sorted; newest first unless something else is said."""
    query = (
        select(Link, _CLICKS, _LEFT_OUT)
        .join(LinkLabel, LinkLabel.link_id == Link.id)
        .outerjoin(link_totals, link_totals.c.link_id == Link.id)
        .where(*_own(token_id, wanted))
    )
    if link_id is not None:
        query = query.where(Link.id == link_id)
    if by == "random":
        query = query.order_by(func.random())
    else:
        field = _FIELDS[by]
        order = field.desc() if descending else field.asc()
        if by == "title":  # links without one come last in every database
            order = order.nulls_last()
        query = query.order_by(order, Link.id.desc())
    rows = session.execute(query.limit(limit).offset(offset)).all()
    labels = labels_of(session, [link.id for link, _, _ in rows])
    limits = limits_by_link(session, [link.id for link, _, _ in rows if link.has_plan])
    return [
        DoorLink(
            link=link,
            title=labels[link.id].title,
            tags=list(labels[link.id].tags),
            clicks=human,
            left_out=left_out,
            tenant=labels[link.id].tenant,
            limits=limits.get(link.id, NONE),
        )
        for link, human, left_out in rows
    ]


def door_totals(session: Session, token_id: int, wanted: Wanted = EVERYTHING) -> Totals:
    """Return the totals of a token's own links."""
    query = (
        select(func.count(Link.id), func.sum(_CLICKS), func.sum(_LEFT_OUT))
        .join(LinkLabel, LinkLabel.link_id == Link.id)
        .outerjoin(link_totals, link_totals.c.link_id == Link.id)
        .where(*_own(token_id, wanted))
    )
    links, human, left_out = session.execute(query).one()
    return Totals(links, int(human or 0), int(left_out or 0))


def tag_totals(session: Session, token_id: int) -> Mapping[str, Totals]:
    """Return the totals of the links with each tag, by tag in alphabetical order."""
    query = (
        select(LinkTag.tag, func.count(), func.sum(_CLICKS), func.sum(_LEFT_OUT))
        .join(Link, LinkTag.link_id == Link.id)
        .join(LinkLabel, LinkLabel.link_id == Link.id)
        .outerjoin(link_totals, link_totals.c.link_id == Link.id)
        .where(*_own(token_id, Wanted(redirecting=True)))
        .group_by(LinkTag.tag)
    )
    sums = {
        tag: Totals(links, int(human or 0), int(left_out or 0))
        for tag, links, human, left_out in session.execute(query)
    }
    return dict(sorted(sums.items()))


def visits(
    session: Session, visited: Visited, *, limit: int, offset: int
) -> tuple[Sequence[Visit], int]:
    """Return a page of clicks, newest first, and how many there are in all."""
    which = _which(visited)
    click = clicks_of(session).table(which, limit=limit, newest_first=True, offset=offset).c
    query = (
        select(
            click.clicked_at,
            click.reason,
            referrers.c.host,
            agents.c.browser,
            agents.c.os,
            Link.code,
            Link.destination,
            Domain.address,
        )
        .join(agents, agents.c.id == click.agent_id)
        .join(referrers, referrers.c.id == click.referrer_id)
        .join(Link, Link.id == click.link_id)
        .outerjoin(Domain, Domain.id == Link.domain_id)
        .order_by(click.clicked_at.desc(), click.seq.desc())
    )
    found = [
        Visit(
            at=from_ms(row.clicked_at),
            code=row.code or "",
            base=row.address,
            destination=row.destination,
            referrer_host=row.host,
            browser=row.browser,
            os=row.os,
            human=row.reason == HUMAN,
        )
        for row in session.execute(query)
    ]
    return found, count_visits(session, visited)


def count_visits(session: Session, visited: Visited) -> int:
    """Return how many clicks these are."""
    return int(clicks_of(session).count(_which(visited))[0][0])


def click_groups(session: Session, link_id: int, since: datetime) -> Sequence[ClickGroup]:
    """Return people's clicks on a link since a moment, those of an hour that are alike together."""
    which = Which(links=(link_id,), since=to_ms(since), reasons=(HUMAN,))
    rows = clicks_of(session).count(which, (Every(_HOUR), "agent_id", "country", "referrer_id"))
    if not rows:
        return []
    names = ("hour", "agent_id", "country", "referrer_id", "clicks")
    counted = given(session.connection(), rows, names).c
    parts = (counted.hour, agents.c.browser, agents.c.os, counted.country, referrers.c.host)
    query = (
        select(*parts, func.sum(counted.clicks).label("clicks"))
        .join(agents, agents.c.id == counted.agent_id)
        .join(referrers, referrers.c.id == counted.referrer_id)
        .group_by(*parts)
    )
    return [
        ClickGroup(
            hour=from_ms(row.hour * _HOUR),
            browser=row.browser,
            os=row.os,
            country=unpack_country(row.country),
            referrer=row.host,
            clicks=int(row.clicks),
        )
        for row in session.execute(query)
    ]


def last_clicks(session: Session, link_ids: Sequence[int]) -> Mapping[int, datetime]:
    """Return when people last clicked each of these links; those never clicked are missing."""
    which = Which(links=link_ids, reasons=(HUMAN,))
    found = clicks_of(session).count(which, ("link_id",), ("last_at",))
    return {link_id: from_ms(at) for link_id, at in found}


def _own(token_id: int, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [LinkLabel.token_id == token_id]
    if wanted.search:
        texts = (Link.destination, Link.code, LinkLabel.title)
        found = [text.icontains(wanted.search, autoescape=True) for text in texts]
        in_tags = LinkTag.tag.icontains(wanted.search, autoescape=True)
        conditions.append(or_(*found, _has_tag(in_tags)))
    if wanted.tenant is not None:
        conditions.append(LinkLabel.tenant == wanted.tenant)
    if wanted.made_before is not None:
        conditions.append(Link.id < wanted.made_before)
    if wanted.has_tags:
        conditions.append(_has_tag())
    if wanted.tags:
        conditions.append(_tagged(wanted.tags, every=wanted.every_tag))
    if wanted.without_tags:
        conditions.append(~_tagged(wanted.without_tags, every=wanted.without_every_tag))
    if wanted.since is not None:
        conditions.append(Link.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Link.created_at < wanted.until)
    if wanted.redirecting:
        conditions.append(Link.disabled_at.is_(None))
    return conditions


def _has_tag(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(LinkTag.link_id == LinkLabel.link_id, *which)


def _tagged(tags: Sequence[str], *, every: bool) -> ColumnElement[bool]:
    if every:
        return and_(*(_has_tag(LinkTag.tag == tag) for tag in tags))
    return _has_tag(LinkTag.tag.in_(tags))


def _which(visited: Visited) -> Which:
    own = select(LinkLabel.link_id).where(LinkLabel.token_id == visited.token_id)
    if visited.tag is not None:
        own = own.where(_tagged([visited.tag], every=True))
    if visited.link_id is not None:
        own = own.where(LinkLabel.link_id == visited.link_id)
    return Which(
        links=own,
        since=None if visited.since is None else to_ms(visited.since),
        until=None if visited.until is None else to_ms(visited.until),
        reasons=(HUMAN,) if visited.humans_only else None,
    )

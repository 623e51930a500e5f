"""Links in lists, with their clicks of all time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias, TypedDict, TypeVarTuple, get_args

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from linktrack.calendar.times import utc
from linktrack.clicks.models import link_totals
from linktrack.errors import Invalid
from linktrack.ids import LinkId
from linktrack.links.catalog import Shortener
from linktrack.links.labels import Label, labels_of
from linktrack.links.models import Link, LinkLabel, LinkTag
from linktrack.links.redirects.limiting import NONE, Standing, in_standing, limits_by_link
from linktrack.reports.links.searching import found_by

Order: TypeAlias = Literal["newest", "clicks"]
State: TypeAlias = Standing
ORDERS: Final[tuple[Order, ...]] = get_args(Order)
STATES: Final[tuple[State, ...]] = get_args(State)
T = TypeVarTuple("T")


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """A link on the owner's list, with what is said of it."""

    link: Link
    label: Label
    clicks: int
    unique_clicks: int
    not_human: int
    state: Standing
    has_password: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSearch:
    """Which links: those that fit everything said here, in an order.

    `search` is looked for in code, destination, title, note and tags, `tag` is one of theirs.
    """

    account_id: int | None = None
    search: str = ""
    tag: str | None = None
    state: State | None = None
    order: Order = "newest"

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves any link of the account out."""
        return bool(self.search or self.tag or self.state)


def order_named(name: str) -> Order:
    """Return the order of a name, "newest" for "". Raises `Invalid`."""
    found = next((order for order in ORDERS if order == (name or "newest")), None)
    if found is None:
        raise Invalid(f"Sort links by one of {', '.join(ORDERS)}.")
    return found


def state_named(name: str) -> State | None:
    """Return the state of a name, None for "". Raises `Invalid`."""
    found = next((state for state in STATES if state == name), None)
    if found is None and name:
        raise Invalid(f"A link's state is one of {', '.join(STATES)}.")
    return found


def links_page(
    session: Session,
    shortener: Shortener,
    wanted: LinkSearch,
    after: int | None,
    limit: int,
    *,
    at: datetime,
) -> list[LinkFacts]:
    """Return links, newest or most clicked first, behind the link numbered `after`, as of a moment.

    Imported links were made long before they came in: the order is that of their making.
    """
    query = _narrowed(session, shortener, select(Link), wanted, at)
    last = None if after is None else session.get(Link, after)
    if after is not None and last is None:
        return []
    ordered = _newest(query, last) if wanted.order == "newest" else _clicked(session, query, last)
    return _facts(session, session.scalars(ordered.limit(limit)).all(), at)


def found_links(
    session: Session, shortener: Shortener, wanted: LinkSearch, limit: int, *, at: datetime
) -> Sequence[LinkId]:
    """Return the numbers of all links that fit at a moment, oldest first, `limit` at most."""
    query = _narrowed(session, shortener, select(Link.id), wanted, at)
    return session.scalars(query.order_by(Link.id).limit(limit)).all()


def _narrowed(
    session: Session, shortener: Shortener, query: Select[*T], wanted: LinkSearch, at: datetime
) -> Select[*T]:
    """Return a query of links narrowed to those that fit."""
    if wanted.account_id is not None:
        query = query.where(Link.account_id == wanted.account_id)
    if wanted.tag is not None:
        query = query.where(exists().where(LinkTag.link_id == Link.id, LinkTag.tag == wanted.tag))
    if wanted.state is not None:
        query = query.where(in_standing(wanted.state, at))
    if wanted.search:
        query = query.outerjoin(LinkLabel, LinkLabel.link_id == Link.id)
        query = query.where(found_by(session, shortener, wanted.search))
    return query


def _newest(query: Select[Link], last: Link | None) -> Select[Link]:
    if last is not None:
        at_once = and_(Link.created_at == last.created_at, Link.id < last.id)
        query = query.where(or_(Link.created_at < last.created_at, at_once))
    return query.order_by(Link.created_at.desc(), Link.id.desc())


def _clicked(session: Session, query: Select[Link], last: Link | None) -> Select[Link]:
    query = query.outerjoin(link_totals, link_totals.c.link_id == Link.id)
    counted = func.coalesce(link_totals.c.clicks, 0)
    if last is not None:
        clicks, _, _ = clicks_of_links(session, [last.id]).get(last.id, (0, 0, 0))
        as_many = and_(counted == clicks, Link.id < last.id)
        query = query.where(or_(counted < clicks, as_many))
    return query.order_by(counted.desc(), Link.id.desc())


def _facts(session: Session, links: Sequence[Link], at: datetime) -> list[LinkFacts]:
    numbers = [link.id for link in links]
    totals, labels = clicks_of_links(session, numbers), labels_of(session, numbers)
    limits = limits_by_link(session, [link.id for link in links if link.has_plan])
    facts = []
    for link in links:
        own = limits.get(link.id, NONE)
        counted = totals.get(link.id, (0, 0, 0))
        facts.append(
            LinkFacts(
                link,
                labels[link.id],
                *counted,
                state=own.standing(link, at),
                has_password=own.has_password,
            )
        )
    return facts


def links_to(session: Session, destination: str, at: datetime) -> list[LinkFacts]:
    """Return the links that lead to exactly this address now, newest first, 500 at most."""
    query = select(Link).where(Link.destination == destination)
    newest = query.order_by(Link.created_at.desc(), Link.id.desc()).limit(500)
    return _facts(session, session.scalars(newest).all(), at)


def clicks_of_links(
    session: Session, link_ids: Sequence[int]
) -> Mapping[int, tuple[int, int, int]]:
    """Return (clicks, unique_clicks, not_human) of these links, ever."""
    query = select(link_totals).where(link_totals.c.link_id.in_(link_ids))
    return {
        link_id: (clicks, unique_clicks, not_human)
        for link_id, clicks, unique_clicks, not_human in session.execute(query)
    }


class LinkRowJson(TypedDict):
    """A link in a list, with its clicks of all time.

    `domain` is null on the first one. `title` is what somebody called it, `page_title` what its
    destination calls itself, if that was read.
    """

    id: int
    code: str
    domain: str | None
    short_url: str
    destination: str
    title: str | None
    page_title: str | None
    tags: list[str]
    account: str
    post: int | None
    created_at: str
    disabled_at: str | None
    state: Standing
    has_password: bool
    clicks: int
    unique_clicks: int
    not_human: int


def link_rows(
    found: Sequence[LinkFacts], shortener: Shortener, handles: Mapping[int, str]
) -> list[LinkRowJson]:
    """Return links of a list; `handles` are those of their accounts, by number."""
    return [
        {
            "id": facts.link.id,
            "code": facts.link.code or "",
            "domain": None if facts.link.domain is None else facts.link.domain.host,
            "short_url": shortener.short_url(facts.link.code or "", facts.link.domain),
            "destination": facts.link.destination,
            "title": facts.label.title,
            "page_title": facts.label.page_title,
            "tags": list(facts.label.tags),
            "account": handles[facts.link.account_id],
            "post": facts.link.post_id,
            "created_at": utc(facts.link.created_at),
            "disabled_at": utc(facts.link.disabled_at),
            "state": facts.state,
            "has_password": facts.has_password,
            "clicks": facts.clicks,
            "unique_clicks": facts.unique_clicks,
            "not_human": facts.not_human,
        }
        for facts in found
    ]

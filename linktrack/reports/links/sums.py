"""Links with their posts and clicks of all time, as reports over kinds of links read them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from linktrack.clicks.models import link_totals
from linktrack.ids import AccountId, LinkId, PostId
from linktrack.links.models import Link, LinkPerson, Post
from linktrack.links.promotion import HOST, Rule
from linktrack.reports.counting import has_all_clicks

MOST_ASKED: Final = 100
"""Rules in one query, at most: databases refuse some hundreds of conditions (SQLite: 1,000)."""


class LinkSums(NamedTuple):
    """One link of a published post, or on its own, and its clicks of all time."""

    link_id: LinkId
    account_id: AccountId
    destination: str
    post_id: PostId | None
    posted_at: datetime | None
    measured_from: datetime | None
    written: str | None
    clicks: int
    unique_clicks: int

    @property
    def is_measured(self) -> bool:
        """Whether its post's clicks are known from the beginning; without a post, they are."""
        return self.posted_at is None or has_all_clicks(self.posted_at, self.measured_from)


def link_sums(
    session: Session,
    account_ids: Iterable[AccountId],
    since: datetime | None,
    until: datetime | None,
    *,
    among: Sequence[Rule] | None = None,
    person_ids: Sequence[int] = (),
) -> list[LinkSums]:
    """Return links that were posted (or made, on their own) in [since, until), newest first.

    With `among` only those that a rule may hold for (the rule itself is asked by the caller), or
    that promote one of these people by hand; of more than MOST_ASKED rules none is asked here.
    """
    totals = link_totals.c
    at = func.coalesce(Post.posted_at, Link.created_at)
    query = (
        select(
            Link.id,
            Link.account_id,
            Link.destination,
            Link.post_id,
            Post.posted_at,
            Post.measured_from,
            Post.written,
            func.coalesce(totals.clicks, 0),
            func.coalesce(totals.unique_clicks, 0),
        )
        .outerjoin(Post, Link.post_id == Post.id)
        .outerjoin(link_totals, totals.link_id == Link.id)
        .where(Link.account_id.in_(list(account_ids)))
        .where(or_(Link.post_id.is_(None), Post.state == "published"))
        .order_by(Link.id.desc())
    )
    if since is not None:
        query = query.where(at >= since)
    if until is not None:
        query = query.where(at < until)
    if among is not None and len(among) <= MOST_ASKED:
        said = select(LinkPerson.link_id).where(LinkPerson.person_id.in_(person_ids))
        may = [
            (Link.destination if rule.kind == HOST else Post.written).icontains(
                rule.value, autoescape=True
            )
            for rule in among
        ]
        query = query.where(or_(Link.id.in_(said), *may))
    return [LinkSums._make(row) for row in session.execute(query)]


def said_by_hand(session: Session, person_ids: Sequence[int]) -> set[tuple[int, int]]:
    """Return (link, person) wherever the owner has said that a link promotes a person."""
    query = select(LinkPerson.link_id, LinkPerson.person_id).where(
        LinkPerson.person_id.in_(person_ids)
    )
    return {(row.link_id, row.person_id) for row in session.execute(query)}

"""Say when links redirect, how often and for whom, and where they lead afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from linktrack.errors import Invalid
from linktrack.ids import LinkId, PostId
from linktrack.links.catalog import Shortener, led_away
from linktrack.links.models import Link, Post
from linktrack.links.redirects.limits import MOST_CLICKS, SHORTEST_PASSWORD
from linktrack.links.redirects.models import LinkBudget, LinkLimit
from linktrack.links.redirects.planned import plan_changed
from linktrack.owners.audit import note
from linktrack.owners.passwords import Hashed, hash_password

Standing: TypeAlias = Literal["redirecting", "disabled", "not-begun", "ended"]
"""What a link does now, but for its password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLimits:
    """A link's limits; `used_clicks` were given out to the processes that answer it.

    It ends at a moment, `expires_at`, or with the last of people's `most_clicks`.
    """

    valid_from: datetime | None = None
    expires_at: datetime | None = None
    most_clicks: int | None = None
    used_clicks: int = 0
    has_password: bool = False
    ended_to: str | None = None

    @property
    def is_used_up(self) -> bool:
        """Whether no click is left."""
        return self.most_clicks is not None and self.used_clicks >= self.most_clicks

    def has_ended(self, at: datetime) -> bool:
        """Whether the link leads to its destination no more."""
        return self.is_used_up or (self.expires_at is not None and at >= self.expires_at)

    def has_begun(self, at: datetime) -> bool:
        """Whether the link has led to its destination, by its limits."""
        return self.valid_from is None or at >= self.valid_from

    def keeps_secret(self, at: datetime) -> bool:
        """Whether strangers may not be told where the link leads."""
        return self.has_password or not self.has_begun(at) or self.has_ended(at)

    def standing(self, link: Link, at: datetime) -> Standing:
        """Return what a link with these limits does at a moment."""
        if link.disabled_at is not None:
            return "disabled"
        if self.has_ended(at):
            return "ended"
        return "redirecting" if self.has_begun(at) else "not-begun"


NONE: Final = LinkLimits()


def limits_of(session: Session, link: Link) -> LinkLimits:
    """Return a link's limits; they are empty where it has none."""
    return limits_by_link(session, [link.id])[link.id]


def limits_by_link(
    session: Session | Connection, link_ids: Sequence[LinkId]
) -> Mapping[LinkId, LinkLimits]:
    """Return the limits of each of these links."""
    query = (
        select(
            LinkLimit.link_id,
            LinkLimit.valid_from,
            LinkLimit.expires_at,
            LinkLimit.most_clicks,
            func.coalesce(LinkBudget.used, 0).label("used"),
            LinkLimit.password_hash.is_not(None).label("has_password"),
            LinkLimit.ended_to,
        )
        .outerjoin(LinkBudget, LinkBudget.link_id == LinkLimit.link_id)
        .where(LinkLimit.link_id.in_(link_ids))
    )
    found = {
        row.link_id: LinkLimits(
            valid_from=row.valid_from,
            expires_at=row.expires_at,
            most_clicks=row.most_clicks,
            used_clicks=0 if row.most_clicks is None else row.used,
            has_password=bool(row.has_password),
            ended_to=row.ended_to,
        )
        for row in session.execute(query)
    }
    return {link_id: found.get(link_id, NONE) for link_id in link_ids}


def set_limits(
    session: Session, shortener: Shortener, link: Link, wanted: LinkLimits, at: datetime
) -> None:
    """Give a link these limits in place of those it has; its password stays as it is.

    Clicks are counted from the moment the link gets a number of them; a higher number later goes
    on counting. Workers follow within two seconds. Raises `Invalid`.
    """
    ended_to = wanted.ended_to and led_away(session, shortener, wanted.ended_to)
    wanted = replace(wanted, ended_to=ended_to or None)
    _check(wanted)
    had = limits_of(session, link)
    if _settable(had) == _settable(wanted):
        return
    row = _row(session, link)
    row.valid_from, row.expires_at = wanted.valid_from, wanted.expires_at
    row.ended_to = wanted.ended_to
    if row.most_clicks is None and wanted.most_clicks is not None:
        _count_anew(session, link)
    row.most_clicks = wanted.most_clicks
    _changed(session, link, at)
    note(session, f"Changed the limits of the link {link.code}.", at)


def set_password(session: Session, link: Link, password: Hashed | None, at: datetime) -> None:
    """Have a link ask for a password, or for none; readers who gave another are asked again."""
    if password is None and not limits_of(session, link).has_password:
        return
    _row(session, link).password_hash = None if password is None else password.stored
    _changed(session, link, at)
    done = "Removed the password of" if password is None else "Set a password for"
    note(session, f"{done} the link {link.code}.", at)


def hash_link_password(password: str) -> Hashed:
    """Return what is kept of a link's password; raises `Invalid` for a very short one."""
    return hash_password(password, SHORTEST_PASSWORD)


def count_anew(session: Session, link: Link, at: datetime) -> None:
    """Count a link's clicks from 0 again. Raises `Invalid` where it has no number of them."""
    if limits_of(session, link).most_clicks is None:
        raise Invalid("This link has no limit of clicks.")
    _count_anew(session, link)
    _changed(session, link, at)
    note(session, f"Counts the clicks that the link {link.code} has left anew.", at)


def any_asks_for_password(session: Session) -> bool:
    """Whether some link does."""
    asks = select(LinkLimit.link_id).where(LinkLimit.password_hash.is_not(None))
    return session.scalar(asks.limit(1)) is not None


def in_standing(standing: Standing, at: datetime) -> ColumnElement[bool]:
    """Return the condition for links that do this at a moment."""
    off = Link.disabled_at.is_not(None)
    if standing == "disabled":
        return off
    limited = LinkLimit.link_id == Link.id
    used_up = exists().where(
        LinkBudget.link_id == LinkLimit.link_id, LinkBudget.used >= LinkLimit.most_clicks
    )
    ended = exists().where(limited, or_(LinkLimit.expires_at <= at, used_up))
    early = exists().where(limited, LinkLimit.valid_from > at)
    if standing == "ended":
        return and_(~off, Link.has_plan, ended)
    if standing == "not-begun":
        return and_(~off, Link.has_plan, early, ~ended)
    return and_(~off, or_(~Link.has_plan, and_(~ended, ~early)))


def texts_with_limits(session: Session, post_ids: Sequence[PostId]) -> Mapping[PostId, str]:
    """Return the texts of those of these posts that have a link with limits, as they are wrapped.

    Strangers get these in place of what was written, which says where a link leads.
    """
    limited = exists().where(Link.post_id == Post.id, Link.has_plan, is_limited())
    query = select(Post.id, Post.text).where(Post.id.in_(post_ids), limited)
    return {row.id: row.text for row in session.execute(query)}


def is_limited() -> ColumnElement[bool]:
    """Return the condition for links with limits."""
    return exists().where(LinkLimit.link_id == Link.id)


def _settable(limits: LinkLimits) -> LinkLimits:
    return replace(limits, used_clicks=0, has_password=False)


def _check(wanted: LinkLimits) -> None:
    most = wanted.most_clicks
    if most is not None and not 0 < most <= MOST_CLICKS:
        raise Invalid(f"A link may have 1 to {MOST_CLICKS:,} clicks.")
    begins, ends = wanted.valid_from, wanted.expires_at
    if begins is not None and ends is not None and ends <= begins:
        raise Invalid("A link ends after it begins: choose a later end, or an earlier beginning.")


def _row(session: Session, link: Link) -> LinkLimit:
    row = session.get(LinkLimit, link.id)
    if row is None:
        row = LinkLimit(link_id=link.id)
        session.add(row)
    return row


def _is_empty(row: LinkLimit) -> bool:
    kept = (row.valid_from, row.expires_at, row.most_clicks, row.password_hash, row.ended_to)
    return all(each is None for each in kept)


def _count_anew(session: Session, link: Link) -> None:
    budget = session.get(LinkBudget, link.id, with_for_update=True)
    if budget is None:
        session.add(LinkBudget(link_id=link.id, used=0, round=1))
    else:
        budget.used, budget.round = 0, budget.round + 1


def _changed(session: Session, link: Link, at: datetime) -> None:
    row = _row(session, link)
    if _is_empty(row):
        session.delete(row)
    plan_changed(session, link, at)

"""What the report of regulars reads: who did what when, by name, and who follows."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, and_, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from linktrack.audience.models import Follower, FollowPeriod, Roster
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Which
from linktrack.clicks.vocabulary import HUMAN
from linktrack.db import to_ms
from linktrack.engagement.models import Engagement, NetworkPost
from linktrack.ids import AccountId

_FIRST_POSTS: Final = 50


@dataclass(slots=True)
class Deeds:
    """When a follower engaged, and when they clicked a link made for them (milliseconds)."""

    engaged: list[int] = field(default_factory=list)
    clicked: list[int] = field(default_factory=list)


def deeds_of(
    session: Session, account_id: AccountId, since: datetime, until: datetime
) -> dict[int, Deeds]:
    """Return what followers did in [since, until), by their numbers.

    Clicks are those on personal links, whose people agreed to it.
    """
    found: defaultdict[int, Deeds] = defaultdict(Deeds)
    engaged = (
        select(Engagement.follower_id, type_coerce(Engagement.first_seen_at, BigInteger))
        .join(NetworkPost, NetworkPost.id == Engagement.network_post_id)
        .where(
            NetworkPost.account_id == account_id,
            # What wasn't read since then can't name anybody who did something since then.
            NetworkPost.names_read_at >= since,
            Engagement.first_seen_at >= since,
            Engagement.first_seen_at < until,
        )
    )
    for number, at in session.execute(engaged):
        found[number].engaged.append(at)
    clicked = Which(
        accounts=(account_id,),
        since=to_ms(since),
        until=to_ms(until),
        reasons=(HUMAN,),
        named=True,
    )
    for number, at in clicks_of(session).rows(clicked, ("follower_id", "clicked_at")):
        found[number].clicked.append(at)
    return dict(found)


def known_since(session: Session, account_id: AccountId) -> datetime | None:
    """Return since when it is known who does what; None: it is known of nobody.

    The first thing anybody did with the first posts of which people were read: where the network
    doesn't say when, that is the first reading.
    """
    first = (
        select(NetworkPost.id)
        .where(NetworkPost.account_id == account_id, NetworkPost.names_read_at.is_not(None))
        .order_by(NetworkPost.posted_at)
        .limit(_FIRST_POSTS)
    )
    query = select(func.min(Engagement.first_seen_at))
    return session.scalar(query.where(Engagement.network_post_id.in_(first)))


def roster_before(session: Session, account_id: AccountId, at: datetime) -> Roster | None:
    """Return the last follower list before a moment."""
    query = select(Roster).where(Roster.account_id == account_id, Roster.taken_at < at)
    return session.scalar(query.order_by(Roster.taken_at.desc()).limit(1))


def on_list(session: Session, roster: Roster, numbers: Collection[int]) -> set[int]:
    """Return which of these followers are on a list."""
    period = FollowPeriod
    query = select(period.follower_id).where(
        period.account_id == roster.account_id,
        period.follower_id.in_(numbers),
        and_(
            period.began_by <= roster.taken_at,
            or_(period.ended_after.is_(None), period.ended_after >= roster.taken_at),
        ),
    )
    return set(session.scalars(query))


@dataclass(frozen=True, slots=True)
class Named:
    """A follower by name; they follow since `follows_since` at the latest."""

    network_id: str
    handle: str | None
    follows_since: datetime


def names_of(session: Session, numbers: Collection[int]) -> dict[int, Named]:
    """Return the names of these followers (at most some hundreds)."""
    query = (
        select(
            Follower.id,
            Follower.network_id,
            Follower.handle,
            func.max(FollowPeriod.began_by),
        )
        .join(FollowPeriod, FollowPeriod.follower_id == Follower.id)
        .where(Follower.id.in_(numbers))
        .group_by(Follower.id, Follower.network_id, Follower.handle)
    )
    return {row[0]: Named(*row[1:]) for row in session.execute(query)}

"""What the report of engagement reads beside the tallies."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import BigInteger, func, select, type_coerce
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, FollowPeriod, Roster
from linktrack.audience.sorting import segment_now
from linktrack.engagement.models import Engagement, NetworkPost
from linktrack.ids import AccountId, SegmentId
from linktrack.links.models import Post, UnwrappedPost


def roster_sizes(session: Session, account_id: AccountId) -> dict[int, int]:
    """Return how many people are on each follower list, by its moment (ms)."""
    query = select(type_coerce(Roster.taken_at, BigInteger), Roster.size)
    rows = session.execute(query.where(Roster.account_id == account_id))
    return {row[0]: row[1] for row in rows}


def unread_posts(
    session: Session, account_id: AccountId, since: datetime | None, until: datetime | None
) -> int:
    """Return how many posts of [since, until) nobody has read yet."""
    query = (
        select(func.count())
        .select_from(NetworkPost)
        .where(NetworkPost.account_id == account_id, NetworkPost.read_at.is_(None))
    )
    if since is not None:
        query = query.where(NetworkPost.posted_at >= since)
    if until is not None:
        query = query.where(NetworkPost.posted_at < until)
    return session.scalar(query) or 0


@dataclass(frozen=True, slots=True)
class PostWords:
    """What a post says, and the network's own id of it."""

    network_id: str
    text: str | None


def words_of(session: Session, numbers: Sequence[int]) -> dict[int, PostWords]:
    """Return the texts of these posts, by their numbers on the network (at most some hundreds)."""
    query = (
        select(NetworkPost.id, NetworkPost.network_id, Post.written, UnwrappedPost.text)
        .outerjoin(Post, Post.id == NetworkPost.post_id)
        .outerjoin(
            UnwrappedPost,
            (UnwrappedPost.account_id == NetworkPost.account_id)
            & (UnwrappedPost.network_id == NetworkPost.network_id),
        )
        .where(NetworkPost.id.in_(numbers))
    )
    return {
        number: PostWords(network_id, written or text)
        for number, network_id, written, text in session.execute(query)
    }


@dataclass(frozen=True, slots=True)
class Different:
    """How many of the newest list's followers did anything in some days, each once.

    `roster_at` None: there is no list. `segments` are those that the followers are in now.
    """

    people: int
    followers: int
    roster_at: datetime | None
    segments: dict[SegmentId, int] = field(default_factory=dict)


def different_people(
    session: Session, account: Account, since: datetime | None, until: datetime | None
) -> Different:
    """Return how many different followers of the newest list did anything in [since, until)."""
    roster = session.execute(
        select(Roster.taken_at, Roster.size)
        .where(Roster.account_id == account.id)
        .order_by(Roster.taken_at.desc())
        .limit(1)
    ).first()
    if roster is None:
        return Different(0, 0, None)
    did = select(Engagement.kind).where(Engagement.follower_id == FollowPeriod.follower_id)
    if since is not None:
        did = did.where(Engagement.first_seen_at >= since)
    if until is not None:
        did = did.where(Engagement.first_seen_at < until)
    people = (
        select(segment_now(FollowPeriod.follower_id).label("segment_id"))
        .where(
            FollowPeriod.account_id == account.id,
            FollowPeriod.ended_after.is_(None),
            did.exists(),
        )
        .subquery()
    )
    query = select(people.c.segment_id, func.count()).group_by(people.c.segment_id)
    counted: dict[SegmentId | None, int] = {row[0]: row[1] for row in session.execute(query)}
    named = {number: count for number, count in counted.items() if number is not None}
    return Different(sum(counted.values()), roster.size, roster.taken_at, named)

"""Find the posts of an account's own on its network: ours, and those published without us."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.engagement.models import NetworkPost
from linktrack.engagement.schedule import WATCHED
from linktrack.ids import AccountId, PostId
from linktrack.links.models import SeenPost, UnwrappedPost


@dataclass(frozen=True, slots=True)
class _Known:
    """A post that is known to be on the network; `post_id` is ours."""

    posted_at: datetime
    post_id: PostId | None


def find_network_posts(session: Session, account_id: AccountId, now: datetime) -> int:
    """Add the posts of the last 30 days that are not there yet; return how many they are.

    They are due at once, as are those of which an archive has told before their 30 days were over.
    One whose links were wrapped since gets the number of our post.
    """
    since = now - WATCHED
    known = _known(session, account_id, since)
    there = {
        post.network_id: post
        for post in session.scalars(
            select(NetworkPost).where(
                NetworkPost.account_id == account_id, NetworkPost.posted_at >= since
            )
        )
    }
    added = 0
    for network_id, found in known.items():
        post = there.get(network_id)
        if post is None:
            session.add(
                NetworkPost(
                    account_id=account_id,
                    network_id=network_id,
                    posted_at=found.posted_at,
                    post_id=found.post_id,
                    next_at=now,
                )
            )
            added += 1
            continue
        post.post_id = found.post_id or post.post_id
        if post.next_at is None and (post.read_at or now) < post.posted_at + WATCHED:
            post.next_at = now  # so far only an archive has told of it
    session.flush()
    return added


def due_posts(
    session: Session, account_id: AccountId, at: datetime, most: int, first: int | None
) -> Sequence[NetworkPost]:
    """Return the posts that are due, at most so many: the one numbered `first`, then the newest."""
    query = (
        select(NetworkPost)
        .where(NetworkPost.account_id == account_id, NetworkPost.next_at <= at)
        .order_by((NetworkPost.id == (first or 0)).desc(), NetworkPost.posted_at.desc())
        .limit(most)
    )
    return session.scalars(query).all()


def posts_numbered(session: Session, numbers: Sequence[int]) -> Sequence[NetworkPost]:
    """Return the posts of these numbers, in this order; one that is not there is left out."""
    found = session.scalars(select(NetworkPost).where(NetworkPost.id.in_(numbers)))
    by_number = {post.id: post for post in found}
    return [by_number[number] for number in numbers if number in by_number]


def _known(session: Session, account_id: AccountId, since: datetime) -> dict[str, _Known]:
    """Return the posts that were seen on the network since a moment, by its ids of them."""
    unwrapped = select(UnwrappedPost.network_id, UnwrappedPost.posted_at).where(
        UnwrappedPost.account_id == account_id,
        UnwrappedPost.posted_at >= since,
        ~UnwrappedPost.is_repost,
    )
    seen = (
        select(SeenPost.network_id, func.min(SeenPost.posted_at), func.min(SeenPost.post_id))
        .where(SeenPost.account_id == account_id, SeenPost.posted_at >= since)
        .group_by(SeenPost.network_id)
    )
    known = {name: _Known(at, None) for name, at in session.execute(unwrapped)}
    known |= {name: _Known(at, post_id) for name, at, post_id in session.execute(seen)}
    return known

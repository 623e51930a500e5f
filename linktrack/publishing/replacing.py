"""Putting a wrapped post in the place of one that was posted without."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.errors import Invalid
from linktrack.links.catalog import Shortener
from linktrack.links.models import Post, Replacement, UnwrappedPost
from linktrack.links.posts import Wish, wrap_post
from linktrack.links.unwrapped import forget_unwrapped
from linktrack.owners.audit import note


def draft_for(
    session: Session, shortener: Shortener, account: Account, old: UnwrappedPost, now: datetime
) -> Post:
    """Return the draft with the same text, wrapped; asked for again, it is the same draft.

    Raises `Invalid` where nothing in the text can be wrapped.
    """
    found = replacement_of(session, old)
    if found is not None:
        return session.get_one(Post, found.post_id)
    post = wrap_post(session, shortener, account, Wish(old.text, state="draft"), now)
    if post is None:
        raise Invalid("There is no address in this text that could become a short link.")
    session.add(
        Replacement(account_id=account.id, network_id=old.network_id, post_id=post.id, key=None)
    )
    session.flush()
    return post


def replacement_of(session: Session, old: UnwrappedPost) -> Replacement | None:
    """Return what is to take the place of a post, None where nothing was made yet."""
    return session.get(Replacement, (old.account_id, old.network_id))


def replacements_of(session: Session, posts: Sequence[UnwrappedPost]) -> dict[int, int]:
    """Return the posts that are to take the place of these, by the number of these."""
    query = (
        select(UnwrappedPost.id, Replacement.post_id)
        .join(
            Replacement,
            (Replacement.account_id == UnwrappedPost.account_id)
            & (Replacement.network_id == UnwrappedPost.network_id),
        )
        .where(UnwrappedPost.id.in_([post.id for post in posts]))
    )
    return {row.id: row.post_id for row in session.execute(query)}


def is_gone(session: Session, old: UnwrappedPost, now: datetime) -> None:
    """Drop a post that its owner has deleted on the network: it lowers no coverage any more."""
    found = replacement_of(session, old)
    if found is not None:
        session.delete(found)
    note(session, f"Took an unwrapped post of {old.posted_at:%Y-%m-%d} off the list.", now)
    forget_unwrapped(session, old)

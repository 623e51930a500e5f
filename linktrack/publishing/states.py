"""Changing the state of a post, and with its time of posting what its windows hold."""

from datetime import datetime

from sqlalchemy.orm import Session

from linktrack.clicks.rollups import Days, recount_post
from linktrack.db import take_turns
from linktrack.errors import Conflict
from linktrack.links.models import Post
from linktrack.links.posts import settle_state


def publish(
    session: Session, post: Post, posted_at: datetime | None, now: datetime, days: Days
) -> None:
    """Say that a post was published at `posted_at` (default: as planned, else now).

    A published post gets a new time that way; clicks that are in already are counted by it.
    Raises `Invalid` for a time in the future and `Conflict` for a discarded post.
    """
    if post.state == "discarded":
        raise Conflict(f"Post {post.id} is discarded: restore it first.")
    planned = post.posted_at if post.posted_at is not None and post.posted_at <= now else None
    state, moment = settle_state("published", posted_at or planned, now)
    _settle(session, post, state, moment, days)


def schedule(session: Session, post: Post, posted_at: datetime, now: datetime, days: Days) -> None:
    """Plan a draft for a time in the future; raises `Invalid` or `Conflict`."""
    if post.state not in ("draft", "scheduled"):
        raise Conflict(f"Post {post.id} is {post.state}: only a draft can be scheduled.")
    state, moment = settle_state("scheduled", posted_at, now)
    _settle(session, post, state, moment, days)


def discard(session: Session, post: Post) -> None:
    """Leave a post out of reports and lists; its links go on redirecting and counting."""
    post.state = "discarded"
    session.flush()


def restore(session: Session, post: Post, now: datetime) -> None:
    """Make a discarded post a draft again, or published where it had been."""
    if post.state != "discarded":
        raise Conflict(f"Post {post.id} is {post.state}, not discarded.")
    past = post.posted_at is not None and post.posted_at <= now
    post.state = "published" if past else "draft"
    session.flush()


def _settle(
    session: Session, post: Post, state: str, posted_at: datetime | None, days: Days
) -> None:
    connection = session.connection()
    take_turns(connection)
    moved = post.posted_at != posted_at
    post.state, post.posted_at = state, posted_at
    session.flush()
    if moved:
        recount_post(connection, post.id, days)

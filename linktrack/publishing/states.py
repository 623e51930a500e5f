"""Change a post's state and time of posting, and recount its windows by that time."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.calendar.days import Days
from linktrack.clicks.counts.rebuild import recount_post
from linktrack.db import take_write_lock
from linktrack.errors import Conflict
from linktrack.links.models import Post, State
from linktrack.links.posts import settle_state
from linktrack.owners.audit import note
from linktrack.publishing import sendings
from linktrack.publishing.models import Sending


def publish(
    session: Session, post: Post, posted_at: datetime | None, now: datetime, days: Days
) -> None:
    """Mark a post as published at `posted_at` (default: as scheduled, else now).

    A published post gets a new time that way; clicks that are in already are counted by it. One
    that waits to be sent is not sent. Raises `Invalid` for a time in the future and
    `Conflict` for a discarded post.
    """
    if post.state == "discarded":
        raise Conflict(f"Post {post.id} is discarded: restore it first.")
    planned = post.posted_at if post.posted_at is not None and post.posted_at <= now else None
    state, moment = settle_state("published", posted_at or planned, now)
    sendings.stop(session, post.id, now)
    settle(session, post, state, moment, days)
    note(session, f"Marked post {post.id} as published at {moment:%Y-%m-%d %H:%M} UTC.", now)


def schedule(session: Session, post: Post, posted_at: datetime, now: datetime, days: Days) -> None:
    """Plan a draft for a time in the future; raises `Invalid` or `Conflict`.

    One that is in the queue is sent at that time.
    """
    if post.state not in ("draft", "scheduled"):
        raise Conflict(f"Post {post.id} is {post.state}: only a draft can be scheduled.")
    state, moment = settle_state("scheduled", posted_at, now)
    sendings.move(session, post.id, posted_at, now)
    settle(session, post, state, moment, days)
    note(session, f"Scheduled post {post.id} for {posted_at:%Y-%m-%d %H:%M} UTC.", now)


def discard(session: Session, post: Post, now: datetime) -> None:
    """Leave a post out of reports and lists; its links keep working and counting.

    A published post keeps its time, and is published again when it is restored; a plan is dropped,
    and with it that it is to be sent.
    """
    if post.state == "discarded":
        return
    sendings.stop(session, post.id, now)
    if post.state == "published":
        post.state = "discarded"
    else:
        settle(session, post, "discarded", None, Days(ZoneInfo("UTC")))
    note(session, f"Discarded post {post.id}.", now)


def restore(session: Session, post: Post, now: datetime) -> None:
    """Restore a discarded post: published if it had been, otherwise a draft."""
    if post.state != "discarded":
        raise Conflict(f"Post {post.id} is {post.state}, not discarded.")
    post.state = "draft" if post.posted_at is None else "published"
    note(session, f"Restored post {post.id}, {post.state} again.", now)


def settle(
    session: Session, post: Post, state: State, posted_at: datetime | None, days: Days
) -> None:
    """Give a post a state and a time that fit each other; its windows are counted by that time."""
    connection = session.connection()
    take_write_lock(connection)
    moved = post.posted_at != posted_at
    post.state, post.posted_at = state, posted_at
    session.flush()
    if moved:
        recount_post(connection, post.id, days)


def overdue_posts(session: Session, account_ids: Sequence[int], now: datetime) -> Sequence[Post]:
    """Return the planned posts of these accounts whose time has passed, the oldest first.

    Those that linktrack sends itself are not among them.
    """
    queued = select(Sending.post_id).where(Sending.state.in_(sendings.OPEN))
    query = select(Post).where(
        Post.account_id.in_(account_ids),
        Post.state == "scheduled",
        Post.posted_at < now,
        Post.id.not_in(queued),
    )
    return session.scalars(query.order_by(Post.posted_at).limit(20)).all()

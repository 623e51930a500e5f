"""Rows of the queue: find, stop and reschedule them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, NotRequired, TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.calendar.times import utc
from linktrack.errors import Conflict
from linktrack.links.catalog import Shortener
from linktrack.links.models import Post
from linktrack.links.post_json import WrappedPostJson, post_json
from linktrack.publishing.models import Sending, SendingState

OPEN: Final = ("waiting", "sending", "failed")
"""The states in which a sending is in the queue."""


def sending_of(session: Session, post_id: int, *, lock: bool = False) -> Sending | None:
    """Return what is known of a post's sending; None where linktrack was never to send it.

    With `lock` no attempt begins until the transaction ends.
    """
    query = select(Sending).where(Sending.post_id == post_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def sendings_of(session: Session, post_ids: Iterable[int]) -> Mapping[int, Sending]:
    """Return what is known of these posts' sendings, by post."""
    found = session.scalars(select(Sending).where(Sending.post_id.in_(list(post_ids))))
    return {sending.post_id: sending for sending in found}


def stop(session: Session, post_id: int, now: datetime) -> bool:
    """Take a post out of the queue, where it is in it; return whether it was.

    Whether the network may have it already stays known: sent again, it is looked for first.
    """
    sending = sending_of(session, post_id, lock=True)
    if sending is None or sending.state not in OPEN:
        return False
    sending.state, sending.next_at, sending.changed_at = "withdrawn", None, now
    session.flush()
    return True


def move(session: Session, post_id: int, due_at: datetime, now: datetime) -> bool:
    """Give a post that is in the queue another time; return whether it is in it.

    Raises `Conflict` while it is being sent.
    """
    sending = sending_of(session, post_id, lock=True)
    if sending is None or sending.state not in OPEN:
        return False
    check_idle(sending, now)
    wait(sending, due_at, now)
    session.flush()
    return True


def check_idle(sending: Sending, now: datetime) -> None:
    """Raise `Conflict` while an attempt may be under way."""
    if sending.state == "sending" and sending.next_at is not None and sending.next_at > now:
        raise Conflict(
            f"Post {sending.post_id} is being published right now: check again in a few minutes."
        )


def wait(sending: Sending, due_at: datetime, now: datetime) -> None:
    """Let a post wait for its time, as if nothing had been tried; what is in doubt stays so."""
    sending.state, sending.problem, sending.attempts = "waiting", None, 0
    sending.due_at = sending.next_at = due_at
    sending.changed_at = now


class SendingJson(TypedDict):
    """The state of a post that linktrack publishes on its network.

    `next_at` is the next attempt; `problem` says why the last one failed. While it is
    `in_doubt`, the network may have the post already, so linktrack checks before it tries again.
    """

    state: SendingState
    due_at: str
    next_at: str | None
    attempts: int
    in_doubt: bool
    problem: str | None
    network_id: str | None
    url: str | None


def sending_json(sending: Sending) -> SendingJson:
    """Return how far a post is on its way to its network."""
    return {
        "state": sending.state,
        "due_at": utc(sending.due_at),
        "next_at": utc(sending.next_at),
        "attempts": sending.attempts,
        "in_doubt": sending.in_doubt,
        "problem": sending.problem,
        "network_id": sending.network_id,
        "url": sending.url,
    }


class PostJson(WrappedPostJson):
    """A post with its links; `id` is null if the text has no new address, and no post is made.

    `sending` is present if linktrack was asked to post it.
    """

    sending: NotRequired[SendingJson]


def full_post_json(session: Session, shortener: Shortener, post: Post) -> PostJson:
    """Return a post as every door gives it; `sending` only where linktrack was asked to send it."""
    answer = unsent_post_json(post_json(session, shortener, post))
    sending = sending_of(session, post.id)
    if sending is not None:
        answer["sending"] = sending_json(sending)
    return answer


def unsent_post_json(post: WrappedPostJson) -> PostJson:
    """Return a post that linktrack was not asked to send as every door gives it."""
    return {
        "id": post["id"],
        "state": post["state"],
        "text": post["text"],
        "links": post["links"],
        "not_wrapped": post["not_wrapped"],
        "versions": post["versions"],
    }

"""Posts that linktrack sends, as every door shows them."""

from typing import NotRequired, TypedDict

from sqlalchemy.orm import Session

from linktrack.calendar.times import utc
from linktrack.links.catalog import Shortener
from linktrack.links.models import Post
from linktrack.links.posts import WrappedPostJson, post_json
from linktrack.publishing.models import Sending, SendingState
from linktrack.publishing.queue import Waiting
from linktrack.publishing.sendings import sending_of


class SendingJson(TypedDict):
    """How far a post is on its way to its network.

    `next_at` is when it is tried next; `problem` is why the last attempt sent nothing. While it is
    `in_doubt` the network may have the post: it is looked for before it is sent again.
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
        "next_at": None if sending.next_at is None else utc(sending.next_at),
        "attempts": sending.attempts,
        "in_doubt": sending.in_doubt,
        "problem": sending.problem,
        "network_id": sending.network_id,
        "url": sending.url,
    }


class PostJson(WrappedPostJson):
    """A post with its links; a text without a new address makes none, and has null here.

    `sending` is there where linktrack was asked to send it.
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
        "versions": post["versions"],
    }


class QueuedPostJson(TypedDict):
    """A post in the queue."""

    post: int
    account: str
    text: str
    sending: SendingJson


def waiting_json(line: Waiting) -> QueuedPostJson:
    """Return a line of the queue."""
    return {
        "post": line.post.id,
        "account": line.account.handle,
        "text": line.post.text,
        "sending": sending_json(line.sending),
    }

"""Posts that linktrack sends, as every door shows them."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from linktrack.calendar.times import utc
from linktrack.links.catalog import Shortener
from linktrack.links.models import Post
from linktrack.links.posts import post_json
from linktrack.publishing.models import Sending
from linktrack.publishing.queue import Waiting
from linktrack.publishing.sendings import sending_of


def full_post_json(session: Session, shortener: Shortener, post: Post) -> dict[str, object]:
    """Return a post as every door gives it; `sending` only where linktrack was asked to send it."""
    answer = post_json(session, shortener, post)
    sending = sending_of(session, post.id)
    return answer if sending is None else {**answer, "sending": sending_json(sending)}


def sending_json(sending: Sending) -> Mapping[str, object]:
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


def waiting_json(line: Waiting) -> dict[str, object]:
    """Return a line of the queue."""
    return {
        "post": line.post.id,
        "account": line.account.handle,
        "text": line.post.text,
        "sending": sending_json(line.sending),
    }

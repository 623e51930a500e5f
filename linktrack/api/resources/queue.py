"""The queue: posts that linktrack publishes, and the results."""

from typing import NotRequired, TypedDict

from flask import g

from linktrack.api.access import named_account, require_account
from linktrack.api.operations import ACCOUNT, asked, operation, sent
from linktrack.api.read import Fields, stored
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.links.models import Post
from linktrack.links.posts import get_post
from linktrack.publishing import queue
from linktrack.publishing.queue import QueuedPostJson, waiting_json
from linktrack.publishing.sendings import PostJson, full_post_json

SEND = "/posts/<int:number>/send"


class QueueJson(TypedDict):
    """Posts that could not be published, then posts that wait, in order of time."""

    data: list[QueuedPostJson]


@operation("GET", "/queue", scope="read", query=(ACCOUNT,), problems=(404,))
def read_queue() -> QueueJson:
    """List posts that could not be published, then those that wait."""
    handle = asked().optional_text("account")
    account_id = g.token.account_id if handle is None else named_account(handle).id
    lines = queue.queued(db_session(), account_id)
    return {"data": [waiting_json(line) for line in lines]}


class Send(TypedDict):
    """When to publish a post: `posted_at` defaults to now.

    `confirmed` allows posting the same text to several accounts on X, against X's rules, and
    says that your Mastodon server takes more than 500 characters.
    """

    posted_at: NotRequired[str | None]
    confirmed: NotRequired[bool]


@operation("POST", SEND, scope="write", body=Send, problems=(404, 409))
def send_post(number: int) -> PostJson:
    """Publish a draft, or a post that could not be published, now or at a given time."""
    fields = sent()
    post = get_post(db_session(), stored(number))
    require_account(post.account_id)
    enqueue(post, fields)
    db_session().commit()
    return full_post_json(db_session(), installation().shortener, post)


@operation("DELETE", SEND, scope="write", problems=(404, 409))
def withdraw_post(number: int) -> PostJson:
    """Remove a post from the queue; it becomes a draft again."""
    session = db_session()
    post = get_post(session, stored(number))
    require_account(post.account_id)
    queue.withdraw(session, post, now(), installation().days())
    session.commit()
    return full_post_json(session, installation().shortener, post)


def enqueue(post: Post, fields: Fields) -> None:
    """Add a post to the queue, with the caller's `posted_at` and `confirmed`."""
    queue.enqueue(
        db_session(),
        post,
        fields.moment("posted_at"),
        now(),
        installation().days(),
        base_url=installation().settings.base_url,
        confirmed=fields.flag("confirmed"),
    )

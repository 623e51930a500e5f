"""The queue: posts that linktrack sends to their networks, and what became of them."""

from flask import Response, g, jsonify

from linktrack.api import shapes
from linktrack.api.access import named_account, reached
from linktrack.api.operations import ACCOUNT, asked, operation, sent
from linktrack.api.read import Fields, stored
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.links.models import Post
from linktrack.links.posts import get_post
from linktrack.publishing import queue
from linktrack.publishing.queue import waiting_json
from linktrack.publishing.sendings import full_post_json

SEND = "/posts/<int:number>/send"


@operation(
    "GET",
    "/queue",
    scope="read",
    query=(ACCOUNT,),
    answers={200: shapes.Queue},
    problems=(404,),
)
def read_queue() -> Response:
    """List what waits to be sent and what could not be, the latter first."""
    handle = asked().optional_text("account")
    account_id = g.token.account_id if handle is None else named_account(handle).id
    lines = queue.queued(db_session(), account_id)
    return jsonify({"data": [waiting_json(line) for line in lines]})


@operation(
    "POST",
    SEND,
    scope="write",
    body=shapes.Send,
    answers={200: shapes.Post},
    problems=(404, 409),
)
def send_post(number: int) -> Response:
    """Send a draft, or what could not be sent, now or at a time."""
    fields = sent()
    post = get_post(db_session(), stored(number))
    reached(post.account_id)
    enqueue(post, fields)
    db_session().commit()
    return jsonify(full_post_json(db_session(), installation().shortener, post))


@operation("DELETE", SEND, scope="write", answers={200: shapes.Post}, problems=(404, 409))
def withdraw_post(number: int) -> Response:
    """Take a post out of the queue: it is a draft again."""
    session = db_session()
    post = get_post(session, stored(number))
    reached(post.account_id)
    queue.withdraw(session, post, now(), installation().days())
    session.commit()
    return jsonify(full_post_json(session, installation().shortener, post))


def enqueue(post: Post, fields: Fields) -> None:
    """Put a post into the queue as the caller's `posted_at` and `confirmed` say."""
    queue.enqueue(
        db_session(),
        post,
        fields.moment("posted_at"),
        now(),
        installation().days(),
        base_url=installation().settings.base_url,
        confirmed=fields.flag("confirmed"),
    )

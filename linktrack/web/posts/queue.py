"""The queue: what linktrack is to post, what it could not, and what it has."""

from collections.abc import Callable
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import list_accounts
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.models import Post
from linktrack.links.posts import get_post
from linktrack.publishing import queue
from linktrack.web.context import MENDABLE, UNPROCESSABLE, owner_blueprint
from linktrack.web.fields import LARGEST_ID, chosen_account, moment, text
from linktrack.web.posts.posts import post_page

blueprint = owner_blueprint("queue")

POST: Final = f"/queue/<int(max={LARGEST_ID}):post_id>"
MOST_SENT: Final = 20


@blueprint.get("/queue")
def show() -> str:
    """Show what could not be sent and why, what waits, and what was sent last."""
    accounts = list_accounts(db_session())
    account = chosen_account(request.args)
    number = account.id if account else None
    lines = queue.queued(db_session(), number)
    return render_template(
        "queue/show.html",
        accounts=accounts,
        account=account,
        failed=[line for line in lines if line.sending.state == "failed"],
        waiting=[line for line in lines if line.sending.state != "failed"],
        sent=queue.sent_lately(db_session(), number, MOST_SENT),
    )


@blueprint.post(f"{POST}/send")
def send(post_id: int) -> Response | tuple[str, int]:
    """Send a draft, or what could not be sent, now or at the time given."""

    def act(post: Post) -> str:
        due_at = moment(request.form, "posted_at", "The time")
        if due_at is None and "later" in request.form:
            raise Invalid("Choose the time at which it is to be published.")
        _enqueue(post)
        return "The post is published within seconds." if due_at is None else "The post is planned."

    return _act(post_id, act)


@blueprint.post(f"{POST}/text")
def rewrite(post_id: int) -> Response | tuple[str, int]:
    """Give a post that is not out yet another text; with that button, send it now."""

    def act(post: Post) -> str:
        written = text(request.form, "text", "The text")
        confirmed = "confirmed" in request.form
        shortener = installation().shortener
        queue.rewrite(db_session(), shortener, post, written, now(), confirmed=confirmed)
        if "send" not in request.form:
            return "The text is changed."
        _enqueue(post)
        return "The text is changed, and the post is published within seconds."

    return _act(post_id, act)


@blueprint.post(f"{POST}/withdraw")
def withdraw(post_id: int) -> Response | tuple[str, int]:
    """Take a post out of the queue."""

    def act(post: Post) -> str:
        queue.withdraw(db_session(), post, now(), installation().days())
        return "The post is a draft again; nothing is sent."

    return _act(post_id, act)


@blueprint.post(f"{POST}/not-there")
def not_there(post_id: int) -> Response | tuple[str, int]:
    """Say that the network does not have a post whose sending ended unclear."""

    def act(post: Post) -> str:
        queue.not_there(db_session(), post, now())
        return "It is not out: publish it again, or change its text."

    return _act(post_id, act)


def _enqueue(post: Post) -> None:
    queue.enqueue(
        db_session(),
        post,
        moment(request.form, "posted_at", "The time"),
        now(),
        installation().days(),
        base_url=installation().settings.base_url,
        confirmed="confirmed" in request.form,
    )


def _act(post_id: int, act: Callable[[Post], str]) -> Response | tuple[str, int]:
    """Change a post as its form says; what is wrong with that is said on the post's page."""
    session = db_session()
    post = get_post(session, post_id)
    try:
        said = act(post)
    except MENDABLE as error:
        session.rollback()
        return post_page(get_post(session, post_id), error), UNPROCESSABLE
    session.commit()
    flash(said)
    back = "queue.show" if "queue" in request.form else "posts.show"
    return redirect(url_for(back, post_id=None if "queue" in request.form else post_id), 303)

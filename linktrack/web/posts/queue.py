"""The queue: posts that failed, that wait, and that linktrack has published."""

from functools import partial
from typing import Final

from flask import render_template, request, url_for

from linktrack.audience.accounts import list_accounts
from linktrack.context import db_session, installation
from linktrack.errors import Invalid
from linktrack.links.models import Post
from linktrack.links.posts import get_post
from linktrack.publishing import queue
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import LARGEST_ID, chosen_account
from linktrack.web.forms import Sent, form
from linktrack.web.posts.posts import post_page

blueprint = owner_blueprint("queue", __name__)

POST: Final = f"/queue/<int(max={LARGEST_ID}):post_id>"
MOST_SENT: Final = 20


@blueprint.get("/queue")
def show() -> str:
    """Show posts that failed and why, posts that wait, and the latest published ones."""
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


def _back(post_id: int) -> str:
    """Return the page the form is on: the queue, or the post's own."""
    if "queue" in request.form:
        return url_for("queue.show")
    return url_for("posts.show", post_id=post_id)


queue_form = partial(
    form,
    blueprint,
    back_to=_back,
    again=lambda error, post_id: post_page(get_post(db_session(), post_id), error),
)


def _text(post_id: int) -> dict[str, object]:
    return {"Text": get_post(db_session(), post_id).written}


@queue_form(f"{POST}/send", edits=_text)
def send(sent: Sent, post_id: int) -> str:
    """Publish a draft, or a post that failed, now or at the given time."""
    post, due_at = get_post(sent.session, post_id), sent.moment("posted_at", "The time")
    if due_at is None and sent.has("later"):
        raise Invalid("Choose when to publish it.")
    _enqueue(sent, post)
    return "linktrack publishes it within seconds." if due_at is None else "Scheduled."


@queue_form(f"{POST}/text", edits=_text)
def rewrite(sent: Sent, post_id: int) -> str:
    """Change the text of a post that isn't published yet; with that button, publish it now."""
    post, written = get_post(sent.session, post_id), sent.text("text", "The text")
    confirmed = sent.has("confirmed")
    shortener = installation().shortener
    queue.rewrite(sent.session, shortener, post, written, sent.now, confirmed=confirmed)
    if not sent.has("send"):
        return "Text changed."
    _enqueue(sent, post)
    return "Text changed. linktrack publishes the post within seconds."


@queue_form(f"{POST}/withdraw")
def withdraw(sent: Sent, post_id: int) -> str:
    """Remove a post from the queue."""
    post = get_post(sent.session, post_id)
    queue.withdraw(sent.session, post, sent.now, installation().days())
    return "Removed from the queue. It is a draft again."


@queue_form(f"{POST}/not-there")
def not_there(sent: Sent, post_id: int) -> str:
    """Record that the network doesn't have a post whose publishing ended unclear."""
    queue.not_there(sent.session, get_post(sent.session, post_id), sent.now)
    return "Noted: it wasn't published. Publish it again, or change its text."


def _enqueue(sent: Sent, post: Post) -> None:
    queue.enqueue(
        sent.session,
        post,
        sent.moment("posted_at", "The time"),
        sent.now,
        installation().days(),
        base_url=installation().settings.base_url,
        confirmed=sent.has("confirmed"),
    )

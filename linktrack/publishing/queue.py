"""The queue of posts that linktrack sends: add, remove, edit and reschedule them.

Who may be sent, and what is too long, is judged by `checks.py`; the sending is `sender.py`'s.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from linktrack.audience.credentials import connections
from linktrack.audience.models import Account
from linktrack.calendar.days import Days
from linktrack.errors import Conflict, Invalid
from linktrack.links.catalog import Shortener
from linktrack.links.formats.guess import FORMAT_WORDS
from linktrack.links.models import Post, Replacement
from linktrack.links.posts import rewrap_post
from linktrack.networks.tids import new_tid
from linktrack.owners.audit import note
from linktrack.publishing.checks import check_duplicate, check_sendable, check_usual_length
from linktrack.publishing.models import Sending
from linktrack.publishing.sendings import (
    OPEN,
    SendingJson,
    check_idle,
    sending_json,
    sending_of,
    stop,
    wait,
)
from linktrack.publishing.states import settle


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line of the queue."""

    sending: Sending
    post: Post
    account: Account


def enqueue(
    session: Session,
    post: Post,
    due_at: datetime | None,
    now: datetime,
    days: Days,
    *,
    base_url: str,
    confirmed: bool = False,
) -> Sending:
    """Let a draft, or what failed, be sent at a time, by default now; it counts as planned.

    Only its main text is sent: versions are for places, where they are posted by hand. Raises
    `Invalid` for a time in the past, for Markdown and HTML and for what cannot be sent
    (`check_sendable`), `Conflict` for a post that is out already or is being sent, `Unconfirmed`
    for what needs a second word.
    """
    if due_at is not None and due_at <= now:
        raise Invalid("Choose a time in the future, or leave it out to send the post now.")
    sending = sending_of(session, post.id, lock=True)
    if sending is None:  # two doors may ask at once, and only one row can be made
        session.execute(select(Post.id).where(Post.id == post.id).with_for_update())
        sending = sending_of(session, post.id, lock=True)
    _check_unsent(post, sending, now)
    if post.format != "plain":
        raise Invalid(
            f"linktrack publishes only plain text, and this is {FORMAT_WORDS[post.format]}: send "
            "it with your own program."
        )
    account = session.get_one(Account, post.account_id)
    connection = connections(session).get(account.id)
    check_sendable(account, post.text, base_url, connected=connection is not None)
    if not confirmed:
        check_usual_length(account, post.text, base_url)
        check_duplicate(session, account, post)
    moment = due_at or now
    if sending is None:
        sending = Sending(post_id=post.id, key=_known_by(session, post) or new_tid())
        session.add(sending)
    wait(sending, moment, now)
    settle(session, post, "scheduled", moment, days)
    when = f"at {moment:%Y-%m-%d %H:%M} UTC" if due_at else "now"
    note(session, f"Asked for post {post.id} to be sent to {account.handle} {when}.", now)
    return sending


def _known_by(session: Session, post: Post) -> str | None:
    """Return the key under which a post was tried before, to replace an unwrapped one."""
    tried = select(Replacement.key).where(
        Replacement.post_id == post.id, Replacement.key.is_not(None)
    )
    return session.scalar(tried.limit(1))


def _check_unsent(post: Post, sending: Sending | None, now: datetime) -> None:
    if sending is not None and sending.state == "sent":
        raise Conflict(f"Post {post.id} was sent already: {sending.url}")
    if sending is not None:
        check_idle(sending, now)
    if post.state not in ("draft", "scheduled"):
        raise Conflict(f"Post {post.id} is {post.state}: only what is not out yet can be sent.")


def withdraw(session: Session, post: Post, now: datetime, days: Days) -> None:
    """Remove a post from the queue; it becomes a draft again.

    Raises `Conflict` if it is in none, and while it is being sent.
    """
    sending = sending_of(session, post.id, lock=True)
    if sending is None or sending.state not in OPEN:
        raise Conflict(f"Post {post.id} is not in the queue.")
    check_idle(sending, now)
    stop(session, post.id, now)
    settle(session, post, "draft", None, days)
    note(session, f"Took post {post.id} out of the queue.", now)


def rewrite(
    session: Session,
    shortener: Shortener,
    post: Post,
    written: str,
    now: datetime,
    *,
    confirmed: bool = False,
) -> None:
    """Give a post that is not out yet another text; its addresses are wrapped anew.

    Raises `Conflict` if the network may have the old text already, what `enqueue` raises for a
    text if the post is in the queue, and what wrapping raises; then the session must be rolled
    back.
    """
    sending = sending_of(session, post.id, lock=True)
    if post.state not in ("draft", "scheduled"):
        raise Conflict(f"Post {post.id} is {post.state}: its text is already published.")
    account = session.get_one(Account, post.account_id)
    if sending is not None and sending.in_doubt:
        raise Conflict(
            f"{account.handle} may already have this post: the last attempt got no answer. "
            f"Publish it again unchanged, and linktrack checks first; or discard it."
        )
    rewrap_post(session, shortener, account, post, written, now=now)
    if sending is not None and sending.state in OPEN:
        check_sendable(account, post.text, shortener.base_url, connected=True)
        if not confirmed:
            check_usual_length(account, post.text, shortener.base_url)
            check_duplicate(session, account, post)
    note(session, f"Changed the text of post {post.id}.", now)


def not_there(session: Session, post: Post, now: datetime) -> None:
    """Take the owner's word that the network does not have a post that it may have.

    Sent again it is not looked for first, which some plans of X refuse. That it is there is said
    by `states.publish`. Raises `Conflict` if nothing is in doubt, and while it is being sent.
    """
    sending = sending_of(session, post.id, lock=True)
    if sending is None or not sending.in_doubt or post.state not in ("draft", "scheduled"):
        raise Conflict(f"It is not in doubt whether post {post.id} is out.")
    check_idle(sending, now)
    sending.in_doubt = False
    note(session, f"Said that post {post.id} is not on its network.", now)
    session.flush()


def queued(session: Session, account_id: int | None = None) -> list[Waiting]:
    """Return what is in the queue: what failed first, then what waits, by its time."""
    query = _lines(account_id).where(Sending.state.in_(OPEN), Post.state == "scheduled")
    query = query.order_by(Sending.state, Sending.due_at, Sending.post_id)
    return [Waiting(*row) for row in session.execute(query)]


def sent_lately(session: Session, account_id: int | None, limit: int) -> list[Waiting]:
    """Return what linktrack has sent, the newest first."""
    query = _lines(account_id).where(Sending.state == "sent")
    query = query.order_by(Sending.changed_at.desc(), Sending.post_id.desc()).limit(limit)
    return [Waiting(*row) for row in session.execute(query)]


def failed_posts(session: Session) -> list[Waiting]:
    """Return the posts in the queue that are no longer tried, latest failure first.

    Those of the demonstration are left out: nobody needs to do anything about them.
    """
    query = _failed().order_by(Sending.changed_at.desc(), Sending.post_id.desc())
    return [Waiting(*row) for row in session.execute(query)]


def count_failed(session: Session) -> int:
    """Return how many these are: every page asks, and few show them."""
    return session.scalar(_failed().with_only_columns(func.count())) or 0


def _failed() -> Select[Sending, Post, Account]:
    failed = (Sending.state == "failed", Post.state == "scheduled")
    return _lines(None).where(*failed, ~Account.simulated)


def _lines(account_id: int | None) -> Select[Sending, Post, Account]:
    query = (
        select(Sending, Post, Account)
        .select_from(Sending)
        .join(Post, Post.id == Sending.post_id)
        .join(Account, Account.id == Post.account_id)
        .where(Account.removed_at.is_(None))
    )
    return query if account_id is None else query.where(Post.account_id == account_id)


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

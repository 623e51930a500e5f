"""Send due posts, each exactly once, even if a process is killed at any moment.

The key sent to the network was stored with the wish to send the post. Before an attempt one
transaction reserves the post for this process, and stores that it is in doubt; after it another
says how it ended. Whoever finds a post in doubt, after a kill, looks for it on the network first.
"""

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.calendar.days import Days
from linktrack.db import Database
from linktrack.db import now as this_moment
from linktrack.db_failures import is_database_away
from linktrack.errors import LinktrackError
from linktrack.links.catalog import Shortener
from linktrack.links.codes import index_of
from linktrack.links.models import Link, Post, SeenPost, State
from linktrack.networks.errors import Pause
from linktrack.networks.records import Message, Sent
from linktrack.networks.registry import network_of
from linktrack.outside.addresses import Address, is_public
from linktrack.owners.audit import note
from linktrack.publishing.attempts import PATIENCE, Failure, Publisher, attempt, judge
from linktrack.publishing.cards import card_below
from linktrack.publishing.checks import check_sendable
from linktrack.publishing.models import Sending
from linktrack.publishing.states import settle

log = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=10)
"""For how long a post that is being sent is nobody else's: longer than an attempt can take, with
its page, its picture, and seven questions to the network of at most a minute each."""

LATE: Final = timedelta(minutes=10)
"""So late somebody may have sent it who is not known here: a backup was restored, perhaps."""

INTERVAL: Final = 5.0  # seconds between looks at the queue
AT_ONCE: Final = 20  # posts of one pass; the next pass follows at once where there are more

TRIED: Final = ("waiting", "sending")
"""What is tried at its time; one that is still `sending` then was left by whoever sent it."""

Open = Callable[[Account], Publisher]
"""Opens the network of an account that is connected; raises `LinktrackError` where it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A post whose time has come, as the queue has it."""

    post_id: int
    account: Account
    seen_at: datetime
    due_at: datetime
    attempts: int
    key: str
    in_doubt: bool


class Sender:
    """Sends what is due; several machines may do so beside each other."""

    def __init__(
        self,
        database: Database,
        shortener: Shortener,
        days: Days,
        open_writer: Open,
        clock: Callable[[], datetime] = this_moment,
        readable: Callable[[Address], bool] = is_public,
    ) -> None:
        """`readable` says which addresses may be read for cards."""
        self._database = database
        self._shortener = shortener
        self._days = days
        self._open = open_writer
        self._clock = clock
        self._readable = readable

    def follow(self, wait: Callable[[float], bool]) -> None:
        """Make one pass after another; `wait(seconds)` returns whether to end."""
        failing = False
        while not wait(INTERVAL):
            try:
                self.send_all_due()
                failing = False
            except Exception as error:
                if not is_database_away(error):
                    log.exception("Sending posts failed; it is tried again.")
                elif not failing:
                    log.warning("Posts wait to be sent: %s", error)
                failing = True

    def send_all_due(self) -> None:
        """Send all that is due: each post is tried once, and then due later or not at all."""
        while self.send_due() == AT_ONCE:
            pass

    def send_due(self) -> int:
        """Send what is due, some at a time; return how many posts were tried."""
        with self._database.session() as session:
            rows = session.execute(_due(self._clock()).limit(AT_ONCE)).all()
        for sending, account in rows:
            self._send(sending, account)
        return len(rows)

    def send_one(self, post_id: int) -> None:
        """Send one post now, where it is due; what became of it is in the queue."""
        with self._database.session() as session:
            query = _due(self._clock()).where(Sending.post_id == post_id)
            row = session.execute(query).one_or_none()
        if row is not None:
            self._send(row[0], row[1])

    def _send(self, sending: Sending, account: Account) -> None:
        assert sending.next_at is not None
        due = _Due(
            post_id=sending.post_id,
            account=account,
            seen_at=sending.next_at,
            due_at=sending.due_at,
            attempts=sending.attempts,
            key=sending.key,
            in_doubt=sending.in_doubt,
        )
        now = self._clock()
        if now > due.due_at + PATIENCE:
            self._give_up(due, now)
            return
        try:
            writer = self._open(account)
        except (LinktrackError, Pause) as error:
            self._write_down(due, due.seen_at, Failure(error, due.in_doubt))
            return
        with closing(writer):
            lease = now + LEASE
            try:
                message = self._claim(due, lease)
            except LinktrackError as error:
                self._write_down(due, due.seen_at, Failure(error, due.in_doubt))
                return
            if message is None:  # another machine sends it, or it was taken back
                return
            message = self._with_card(due, message)
            ended = attempt(writer, message, due.in_doubt or now > due.seen_at + LATE)
        if isinstance(ended, Sent):
            self._write_down_sent(due, ended)
        else:
            self._write_down(due, lease, ended)

    def _with_card(self, due: _Due, message: Message) -> Message:
        if not network_of(due.account.network).cards.come_with_posts:
            return message
        card = card_below(
            self._database,
            self._shortener,
            due.post_id,
            message.text,
            self._clock(),
            allowed=self._readable,
        )
        return replace(message, card=card)

    def _claim(self, due: _Due, lease: datetime) -> Message | None:
        """Reserve a post, and commit that it is in doubt; None if it is not ours to send.

        The text is read behind the reservation: nobody changes it from then on. Raises what
        `check_sendable` raises.
        """
        with self._database.session(writes=True) as session:
            claim = (
                update(Sending)
                .where(
                    Sending.post_id == due.post_id,
                    Sending.state.in_(TRIED),
                    Sending.next_at == due.seen_at,
                )
                .values(
                    state="sending",
                    next_at=lease,
                    attempts=Sending.attempts + 1,
                    in_doubt=True,
                    problem=None,
                    changed_at=self._clock(),
                )
                .returning(Sending.post_id)
            )
            if session.scalar(claim) is None:
                return None
            post = session.get_one(Post, due.post_id)
            if post.state != "scheduled":
                return None
            check_sendable(due.account, post.text, self._shortener.base_url, connected=True)
            message = self._message(session, post, due.key)
            session.commit()
        return message

    def _message(self, session: Session, post: Post, key: str) -> Message:
        links = session.scalars(select(Link).where(Link.post_id == post.id).order_by(Link.id))
        urls = [self._shortener.short_url(each.code or "", each.domain) for each in links]
        return Message(key, post.text, tuple(url for url in urls if index_of(url, post.text) >= 0))

    def _write_down_sent(self, due: _Due, sent: Sent) -> None:
        """Keep where the post is; it is published at the network's time, whatever happened since.

        Discarded meanwhile, it stays so.
        """
        now = self._clock()
        with self._database.session(writes=True) as session:
            sending = session.get_one(Sending, due.post_id, with_for_update=True)
            sending.state, sending.next_at, sending.problem = "sent", None, None
            sending.network_id, sending.url, sending.in_doubt = sent.network_id, sent.url, False
            sending.changed_at = now
            post = session.get_one(Post, due.post_id)
            state: State = "discarded" if post.state == "discarded" else "published"
            posted_at = max(post.created_at, min(sent.posted_at, now))
            settle(session, post, state, posted_at, self._days)
            session.merge(
                SeenPost(
                    account_id=post.account_id,
                    network_id=sent.network_id,
                    post_id=post.id,
                    posted_at=posted_at,
                )
            )
            network = network_of(due.account.network).label
            note(session, f"Sent post {post.id} of {due.account.handle} to {network}.", now)
            session.commit()

    def _write_down(self, due: _Due, seen_at: datetime, failure: Failure) -> None:
        """Keep why nothing was sent, and when it is tried again, where it is still ours."""
        now = self._clock()
        handle, tried = due.account.handle, due.attempts + 1
        verdict = judge(failure, handle, tried, due.due_at, now)
        paused = isinstance(failure.reason, Pause)
        with self._database.session(writes=True) as session:
            ours = (
                update(Sending)
                .where(Sending.post_id == due.post_id, Sending.state.in_(TRIED))
                .where(Sending.next_at == seen_at)
                .values(
                    state="failed" if verdict.next_at is None else "waiting",
                    next_at=verdict.next_at,
                    in_doubt=verdict.in_doubt,
                    problem=verdict.problem,
                    attempts=due.attempts if paused else tried,
                    changed_at=now,
                )
                .returning(Sending.post_id)
            )
            if session.scalar(ours) is not None:
                if verdict.next_at is None:
                    note(session, f"Post {due.post_id} was not sent: {verdict.problem}", now)
                elif paused:
                    self._pause(session, due.account.id, verdict.next_at)
            session.commit()

    def _pause(self, session: Session, account_id: int, until: datetime) -> None:
        """Let everything of the account wait as long as its network asks."""
        posts = select(Post.id).where(Post.account_id == account_id)
        session.execute(
            update(Sending)
            .where(Sending.post_id.in_(posts), Sending.state == "waiting")
            .where(Sending.next_at < until)
            .values(next_at=until)
        )

    def _give_up(self, due: _Due, now: datetime) -> None:
        problem = (
            f"Its time was {due.due_at:%Y-%m-%d %H:%M} UTC, more than a day ago, and it was not "
            "sent then. Send it now, or choose another time."
        )
        with self._database.session(writes=True) as session:
            session.execute(
                update(Sending)
                .where(Sending.post_id == due.post_id, Sending.next_at == due.seen_at)
                .values(state="failed", next_at=None, problem=problem, changed_at=now)
            )
            note(session, f"Post {due.post_id} was not sent: its time had passed.", now)
            session.commit()


def _due(now: datetime) -> Select[Sending, Account]:
    return (
        select(Sending, Account)
        .join(Post, Post.id == Sending.post_id)
        .join(Account, Account.id == Post.account_id)
        .where(Sending.state.in_(TRIED), Sending.next_at <= now)
        .where(Post.state == "scheduled", Account.removed_at.is_(None), ~Account.simulated)
        .order_by(Sending.next_at, Sending.post_id)
    )

"""Do what letting people in takes, each step once, even if a process is killed at any moment.

A step is stored as begun before the network or the mail server is asked, in the transaction that
reserves it for this process. What is found begun is looked for on the network, and only done where
it is certainly not done; a mail that is found begun is in doubt, and is never sent again by itself.
"""

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from linktrack.audience.models import Account
from linktrack.community.contacts import read_mail
from linktrack.community.letting_in.deciding import delete_decided
from linktrack.community.letting_in.known import keep_agreements
from linktrack.community.letting_in.letters import IN_DOUBT, STOOD_STILL, Given, give
from linktrack.community.letting_in.messages import Addresses, Letter, welcome, word
from linktrack.community.letting_in.reserving import Reserved, end_follow, release_follow, reserve
from linktrack.community.letting_in.steps import is_connected
from linktrack.community.models import JoinRequest, Member, MemberStep
from linktrack.db import Database
from linktrack.db import now as this_moment
from linktrack.db_failures import is_database_away
from linktrack.errors import Invalid, LinktrackError, NotFound, Unavailable
from linktrack.mail import MailServer
from linktrack.networks.errors import Pause, Refused, SignedOut, Unclear
from linktrack.networks.protocols import Host

log = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=10)
"""For how long a step that was begun is nobody else's: longer than a network takes to show it."""

INTERVAL: Final = 5.0  # seconds between looks for steps
TIDY: Final = timedelta(minutes=1)
AT_ONCE: Final = 20

AGAIN: Final = timedelta(minutes=10)
PATIENCE: Final = timedelta(days=1)
"""After so long a mail that can't be given to the server, or a step whose end can't be found out,
is left to the owner."""

LATE: Final = timedelta(hours=1)
"""So late somebody may have sent a mail who is not known here: a backup was restored, perhaps."""

ASKING: Final = timedelta(days=30)
"""For so long is looked whether somebody who was let in asks to follow a locked account."""

Open = Callable[[Account], Host]
"""Opens the network of an account that is connected; raises `LinktrackError` where it cannot."""


@dataclass(frozen=True, slots=True)
class Mailing:
    """What mails are made and sent with; no `server`: they are sent by hand."""

    server: MailServer | None
    sealing: bytes
    addresses: Addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of a step; where it stays due, or begun, it is looked at again at `next_at`."""

    state: str
    next_at: datetime | None = None
    problem: str | None = None
    followed: str | None = None


class LettingIn:
    """Does what is due; several machines may do so beside each other."""

    def __init__(
        self,
        database: Database,
        mailing: Mailing,
        open_host: Open,
        clock: Callable[[], datetime] = this_moment,
    ) -> None:
        self._database = database
        self._mailing = mailing
        self._open = open_host
        self._clock = clock
        self._tidied: datetime | None = None

    def follow(self, wait: Callable[[float], bool]) -> None:
        """Make one pass after another; `wait(seconds)` returns whether to end."""
        failing = False
        while not wait(INTERVAL):
            try:
                self.do_all_due()
                self.tidy()
                failing = False
            except Exception as error:
                if not is_database_away(error):
                    log.exception("Letting people in failed; it is tried again.")
                elif not failing:
                    log.warning("People wait to be let in: %s", error)
                failing = True

    def tidy(self) -> None:
        """Once a minute: keep new agreements, delete old requests, and wipe what was deleted."""
        now = self._clock()
        if self._tidied is not None and self._tidied <= now < self._tidied + TIDY:
            return
        self._tidied = now
        with self._database.session(writes=True) as session:
            keep_agreements(session, now)
            delete_decided(session, now)
            session.commit()
        self._database.wipe()

    def do_all_due(self) -> None:
        """Do every step that is due, once; what isn't done then is due later, or the owner's."""
        now = self._clock()
        with self._database.session() as session:
            due = session.execute(
                select(MemberStep, Member, Account)
                .join(Member, Member.id == MemberStep.member_id)
                .join(Account, Account.id == Member.account_id)
                .where(MemberStep.next_at <= now, MemberStep.state.in_(("due", "begun")))
                .where(Account.removed_at.is_(None))
                .order_by(MemberStep.next_at, MemberStep.member_id, MemberStep.kind)
                .limit(AT_ONCE)
            ).all()
            words = session.scalars(
                select(JoinRequest)
                .where(JoinRequest.word_next_at <= now)
                .order_by(JoinRequest.word_next_at, JoinRequest.id)
                .limit(AT_ONCE)
            ).all()
        for step, member, account in due:
            if step.kind == "welcome":
                self._welcome(step, member)
            else:
                self._on_network(step, member, account)
        for request in words:
            self._word(request)

    def _on_network(self, step: MemberStep, member: Member, account: Account) -> None:
        now = self._clock()
        with self._database.session() as session:
            connected = is_connected(session, account)
        if not connected and step.state == "due":
            self._end(step, Outcome(state="by_hand"), step.next_at)
            return
        try:
            host = self._open(account)
        except (LinktrackError, Pause) as error:
            self._end(step, self._later(step, _said(error), now + AGAIN), step.next_at)
            return
        with closing(host):
            reserved = self._reserve(step, member, now)
            if reserved is not None:
                outcome = self._do(host, step, member, reserved)
                self._end(step, outcome, reserved.lease, member)

    def _reserve(self, step: MemberStep, member: Member, now: datetime) -> Reserved | None:
        """Store that a step is begun; None where it is another's, or needs no doing."""
        with self._database.session(writes=True) as session:
            reserved = reserve(session, step, member, now, now + LEASE)
            try:
                session.commit()
            except IntegrityError:  # the account has just begun to follow them back
                return None
        return reserved

    def _do(self, host: Host, step: MemberStep, member: Member, reserved: Reserved) -> Outcome:
        """Look how things stand, and do what is missing; nothing is done without having looked."""
        try:
            settled = self._look(host, step, member, reserved)
        except NotFound as error:
            return Outcome(state="refused", problem=error.sentence)
        except (LinktrackError, Pause) as error:
            return self._unseen(reserved, _said(error), _until(error, self._clock() + AGAIN))
        return settled or self._act(host, step, member)

    def _look(
        self, host: Host, step: MemberStep, member: Member, reserved: Reserved
    ) -> Outcome | None:
        """Return what became of a step that needs no doing now; None where it has to be done."""
        assert member.network_id is not None
        found = host.relation(member.network_id)
        if step.kind == "follow":
            if found.followed is None:
                return None
            ours = found.followed if reserved.was_begun else None
            return Outcome(state="done", followed=ours)
        if found.follows_us:
            return Outcome(state="done")
        return None if found.asked_us else self._not_asked(host, member)

    def _act(self, host: Host, step: MemberStep, member: Member) -> Outcome:
        assert member.network_id is not None
        now = self._clock()
        try:
            if step.kind == "follow":
                return Outcome(state="done", followed=host.follow(member.network_id))
            host.accept(member.network_id)
        except (Unclear, NotFound) as error:  # or they took their request back: looked at again
            return Outcome(state="begun", next_at=now + LEASE, problem=_said(error))
        except SignedOut as error:
            return Outcome(state="due", next_at=now + AGAIN, problem=_said(error))
        except Refused as error:
            return Outcome(state="refused", problem=error.sentence)
        except (Unavailable, Pause) as error:
            return Outcome(state="due", next_at=_until(error, now + AGAIN), problem=_said(error))
        return Outcome(state="done")

    def _not_asked(self, host: Host, member: Member) -> Outcome:
        """They don't ask to follow: there is nothing to accept, or not yet."""
        now = self._clock()
        if not host.is_locked():
            return Outcome(state="done")
        if now > member.joined_at + ASKING:
            return Outcome(state="by_hand")
        soon = now < member.joined_at + timedelta(days=1)
        return Outcome(state="due", next_at=now + (AGAIN if soon else timedelta(hours=1)))

    def _unseen(self, reserved: Reserved, said: str, next_at: datetime) -> Outcome:
        """It couldn't be seen how things stand."""
        if not reserved.was_begun:
            return Outcome(state="due", next_at=next_at, problem=said)
        if self._clock() > reserved.begun_at + PATIENCE:
            return Outcome(state="in_doubt", problem=f"It may have been done. {said}")
        return Outcome(state="begun", next_at=next_at, problem=said)

    def _later(self, step: MemberStep, said: str, next_at: datetime) -> Outcome:
        begun = step.begun_at if step.state == "begun" else None
        if begun is not None and self._clock() > begun + PATIENCE:
            return Outcome(state="in_doubt", problem=f"It may have been done. {said}")
        return Outcome(state=step.state, next_at=next_at, problem=said)

    def _end(
        self,
        step: MemberStep,
        outcome: Outcome,
        seen: datetime | None,
        member: Member | None = None,
    ) -> None:
        """Keep what became of a step, where it is still as it was `seen`.

        Meanwhile the member may have left, and their steps with them.
        """
        now = self._clock()
        with self._database.session(writes=True) as session:
            ours = session.scalar(
                update(MemberStep)
                .where(MemberStep.member_id == step.member_id, MemberStep.kind == step.kind)
                .where(MemberStep.next_at == seen)
                .values(
                    state=outcome.state,
                    next_at=outcome.next_at,
                    problem=outcome.problem,
                    **({} if outcome.state == "begun" else {"begun_at": None}),
                    ended_at=now if outcome.state in ("done", "refused") else None,
                )
                .returning(MemberStep.member_id)
            )
            if ours is not None and member is not None and step.kind == "follow":
                if outcome.state == "due":
                    release_follow(session, member)
                elif outcome.state in ("done", "refused"):
                    end_follow(session, member, outcome.followed, outcome.problem, now)
            session.commit()

    def _welcome(self, step: MemberStep, member: Member) -> None:
        if step.state == "begun":
            self._end(step, Outcome(state="in_doubt", problem=IN_DOUBT), step.next_at)
            return
        server, now = self._mailing.server, self._clock()
        if server is None or member.sealed_mail is None:
            self._end(step, Outcome(state="by_hand"), step.next_at)
            return
        if step.next_at is not None and now > step.next_at + LATE:
            self._end(step, Outcome(state="in_doubt", problem=STOOD_STILL), step.next_at)
            return
        with self._database.session() as session:
            letter = welcome(session, self._mailing.addresses, member)
        lease = now + LEASE
        with self._database.session(writes=True) as session:
            ours = session.scalar(
                update(MemberStep)
                .where(MemberStep.member_id == member.id, MemberStep.kind == "welcome")
                .where(MemberStep.state == "due", MemberStep.next_at == step.next_at)
                .values(state="begun", begun_at=now, next_at=lease, problem=None)
                .returning(MemberStep.member_id)
            )
            session.commit()
        if ours is not None:
            given = self._give(server, member.sealed_mail, letter, f"welcome-{member.id}")
            self._end(step, self._mailed(given, member.joined_at), lease)

    def _word(self, request: JoinRequest) -> None:
        """Tell somebody who was declined, where there is a mail address."""
        this = JoinRequest.id == request.id
        server, now = self._mailing.server, self._clock()
        seen = request.word_next_at
        if request.word_state == "begun":
            self._end_word(request, Outcome(state="in_doubt", problem=IN_DOUBT), seen)
            return
        if server is None or request.sealed_mail is None:
            self._end_word(request, Outcome(state="by_hand"), seen)
            return
        if seen is not None and now > seen + LATE:
            self._end_word(request, Outcome(state="in_doubt", problem=STOOD_STILL), seen)
            return
        with self._database.session(writes=True) as session:
            letter = word(session, request)
            ours = session.scalar(
                update(JoinRequest)
                .where(this, JoinRequest.word_state == "due", JoinRequest.word_next_at == seen)
                .values(word_state="begun", word_next_at=now + LEASE)
                .returning(JoinRequest.id)
            )
            session.commit()
        if ours is not None:
            given = self._give(server, request.sealed_mail, letter, f"request-{request.id}")
            decided = request.decided_at or now
            self._end_word(request, self._mailed(given, decided), now + LEASE)

    def _end_word(self, request: JoinRequest, outcome: Outcome, seen: datetime | None) -> None:
        with self._database.session(writes=True) as session:
            session.execute(
                update(JoinRequest)
                .where(JoinRequest.id == request.id, JoinRequest.word_next_at == seen)
                .values(
                    word_state=outcome.state,
                    word_next_at=outcome.next_at,
                    word_problem=outcome.problem,
                )
            )
            session.commit()

    def _give(self, server: MailServer, sealed: str, letter: Letter, name: str) -> Given:
        try:
            address = read_mail(self._mailing.sealing, sealed)
        except Invalid as error:
            return Given("refused", error.sentence)
        host = self._mailing.addresses.base_url.partition("://")[2]
        return give(server, address, letter, f"{name}@{host}")

    def _mailed(self, given: Given, since: datetime) -> Outcome:
        now = self._clock()
        if given.state != "due":
            return Outcome(state=given.state, problem=given.problem)
        if now > since + PATIENCE:
            return Outcome(
                state="refused", problem="The mail server couldn't be reached for a day."
            )
        return Outcome(state="due", next_at=now + AGAIN, problem=given.problem)


def _said(error: Exception) -> str:
    return error.sentence if isinstance(error, LinktrackError) else f"The network {error}."


def _until(error: Exception, otherwise: datetime) -> datetime:
    return error.until if isinstance(error, Pause) else otherwise

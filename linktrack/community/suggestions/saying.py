"""Say the answers that the owner asked for, each exactly once, whatever is killed when.

Before an attempt one transaction keeps that the answer is begun; after it another says how it
ended. A reply that stays begun is looked for on its network; a mail can't be, and stays in doubt.
"""

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update

from linktrack.audience.models import Account
from linktrack.community.contacts import read_mail
from linktrack.community.letting_in.letters import IN_DOUBT, give
from linktrack.community.letting_in.messages import Letter
from linktrack.community.models import Suggestion
from linktrack.community.suggestions.answering import mark_told
from linktrack.community.suggestions.models import AnswerKind, AnswerState, SuggestionAnswer
from linktrack.db import Database
from linktrack.db import now as this_moment
from linktrack.errors import LinktrackError
from linktrack.mail import MailServer
from linktrack.networks.errors import Pause
from linktrack.networks.records import Message, Sent
from linktrack.publishing.attempts import Failure, Publisher, attempt, judge

log = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=10)
"""For how long an answer that is being sent is nobody else's: longer than an attempt can take."""

AGAIN: Final = timedelta(minutes=10)
"""When a mail server is tried again that could not be reached."""

PATIENCE: Final = timedelta(hours=24)
AT_ONCE: Final = 20  # answers of one pass

TRIED: Final = ("due", "begun")

Open = Callable[[Account], Publisher]
"""Opens the network of an account that is connected; raises `LinktrackError` where it cannot."""


@dataclass(frozen=True, slots=True)
class Mailing:
    """How mails are sent: by which server, and under which key addresses are sealed."""

    server: MailServer | None
    sealing: bytes
    host: str


@dataclass(frozen=True, slots=True)
class _Due:
    """An answer whose time has come, as it was found."""

    suggestion_id: int
    kind: AnswerKind
    account: Account
    seen_at: datetime
    is_begun: bool


def say_due(
    database: Database,
    open_writer: Open,
    mailing: Mailing,
    clock: Callable[[], datetime] = this_moment,
) -> int:
    """Say what is due, some at a time; return how many answers were tried."""
    with database.session() as session:
        query = (
            select(SuggestionAnswer, Account)
            .join(Suggestion, Suggestion.id == SuggestionAnswer.suggestion_id)
            .join(Account, Account.id == Suggestion.account_id)
            .where(SuggestionAnswer.state.in_(TRIED), SuggestionAnswer.next_at <= clock())
            .where(Account.removed_at.is_(None), ~Account.simulated)
            .order_by(SuggestionAnswer.next_at, SuggestionAnswer.suggestion_id)
            .limit(AT_ONCE)
        )
        found = [
            _Due(
                suggestion_id=answer.suggestion_id,
                kind=answer.kind,
                account=account,
                seen_at=answer.next_at,
                is_begun=answer.state == "begun",
            )
            for answer, account in session.execute(query)
            if answer.next_at is not None
        ]
    for due in found:
        _Turn(database, due, clock).take(open_writer, mailing)
    return len(found)


class _Turn:
    """One attempt at an answer; each step is a transaction of its own."""

    def __init__(self, database: Database, due: _Due, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._due = due
        self._clock = clock

    def take(self, open_writer: Open, mailing: Mailing) -> None:
        """Say it, and keep how that ended."""
        claimed = self._claim()
        if claimed is None:  # another machine says it, or it was deleted
            return
        answer, suggestion = claimed
        if answer.way == "mail":
            self._mail(mailing, answer, suggestion)
        else:
            self._reply(open_writer, answer, suggestion)

    def _claim(self) -> tuple[SuggestionAnswer, Suggestion] | None:
        due, now = self._due, self._clock()
        with self._database.session(writes=True) as session:
            claim = (
                update(SuggestionAnswer)
                .where(
                    SuggestionAnswer.suggestion_id == due.suggestion_id,
                    SuggestionAnswer.kind == due.kind,
                    SuggestionAnswer.state.in_(TRIED),
                    SuggestionAnswer.next_at == due.seen_at,
                )
                .values(
                    state="begun",
                    begun_at=now,
                    next_at=now + LEASE,
                    attempts=SuggestionAnswer.attempts + 1,
                )
                .returning(SuggestionAnswer.suggestion_id)
            )
            if session.scalar(claim) is None:
                return None
            answer = session.get_one(SuggestionAnswer, (due.suggestion_id, due.kind))
            suggestion = session.get_one(Suggestion, due.suggestion_id)
            session.commit()
            session.refresh(answer)
            session.refresh(suggestion)
            session.expunge_all()
        return answer, suggestion

    def _reply(self, open_writer: Open, answer: SuggestionAnswer, suggestion: Suggestion) -> None:
        message = Message(answer.key, answer.text, reply_to=suggestion.network_id)
        ended: Sent | Failure
        try:
            with closing(open_writer(self._due.account)) as writer:
                ended = attempt(writer, message, self._due.is_begun)
        except (LinktrackError, Pause) as error:
            ended = Failure(error, self._due.is_begun)
        if isinstance(ended, Sent):
            self._end("done", url=ended.url)
            return
        verdict = judge(
            ended, self._due.account.handle, answer.attempts, answer.asked_at, self._clock()
        )
        if verdict.next_at is None:
            self._end("in_doubt" if verdict.in_doubt else "refused", problem=verdict.problem)
        else:
            state: AnswerState = "begun" if verdict.in_doubt else "due"
            self._end(state, problem=verdict.problem, next_at=verdict.next_at)

    def _mail(self, mailing: Mailing, answer: SuggestionAnswer, suggestion: Suggestion) -> None:
        if self._due.is_begun:
            self._end("in_doubt", problem=IN_DOUBT)
            return
        if mailing.server is None or suggestion.sealed_mail is None:
            self._end("refused", problem="There is no mail server.")
            return
        handle = self._due.account.handle
        letter = Letter(
            f"{handle} has shared what you suggested",
            f"{answer.text}\n\nYou get this one email because your address was left with a "
            f"suggestion to {handle}. It is deleted now.\n",
        )
        try:
            address = read_mail(mailing.sealing, suggestion.sealed_mail)
        except LinktrackError as error:
            self._end("refused", problem=error.sentence)
            return
        given = give(mailing.server, address, letter, f"{answer.key}@{mailing.host}")
        if given.state != "due":
            self._end(given.state, problem=given.problem)
        elif self._clock() > answer.asked_at + PATIENCE:
            self._end("refused", problem=given.problem)
        else:
            self._end("due", problem=given.problem, next_at=self._clock() + AGAIN)

    def _end(
        self,
        state: AnswerState,
        *,
        url: str | None = None,
        problem: str | None = None,
        next_at: datetime | None = None,
    ) -> None:
        due, now = self._due, self._clock()
        with self._database.session(writes=True) as session:
            # First the suggestion, as the owner's forms do: else each may wait for the other.
            suggestion = session.get(Suggestion, due.suggestion_id, with_for_update=True)
            answer = session.get(
                SuggestionAnswer, (due.suggestion_id, due.kind), with_for_update=True
            )
            if suggestion is None or answer is None or answer.state != "begun":
                return  # deleted meanwhile, or told by hand
            answer.state, answer.url, answer.problem, answer.next_at = state, url, problem, next_at
            answer.ended_at = now if next_at is None else None
            if state == "done" and due.kind == "published":
                mark_told(suggestion, now)
            session.commit()
        if problem is not None:
            log.warning("An answer to a suggestion was not sent: %s", state)

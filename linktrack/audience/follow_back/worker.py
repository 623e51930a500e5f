"""Following back, and taking back, on the network: each person once, whatever is killed when.

A follow is stored before the network is asked, in the transaction that counts it against the
daily limit. One whose end is not known is looked for some minutes later: the network's own list
has it if it was done.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from linktrack.audience.claims import claim_turn
from linktrack.audience.follow_back.log import followed_within_a_day, follows_by_itself
from linktrack.audience.follow_back.plan import Candidate, candidates, make_plan
from linktrack.audience.models import Account, FollowBack, Follower, MadeFollow
from linktrack.chunks import chunked
from linktrack.db import Database
from linktrack.db import now as this_moment
from linktrack.errors import LinktrackError, Unavailable
from linktrack.networks.errors import Pause, Refused, SignedOut, Unclear
from linktrack.networks.protocols import Writer

LEASE: Final = timedelta(minutes=10)
"""For how long an account is left to whoever follows for it; each person renews it.

So long, too, a follow whose end is not known is left alone.
"""

EVERY: Final = timedelta(hours=1)
CHUNK: Final = 500

Open = Callable[[Account], Writer]
"""Opens the network of an account that is connected; raises `LinktrackError` where it cannot."""


@dataclass(frozen=True, slots=True)
class FollowedBack:
    """How many were followed and taken back; `problem` is why it did not come to its end."""

    handle: str
    followed: int = 0
    undone: int = 0
    problem: str | None = None


def due_follow_backs(session: Session, at: datetime) -> list[Account]:
    """Return the accounts that have follows to make, or to take back, now."""
    waiting = select(MadeFollow.id).where(
        MadeFollow.account_id == FollowBack.account_id,
        MadeFollow.state.in_(("following", "undoing")),
    )
    query = (
        select(Account)
        .join(FollowBack, FollowBack.account_id == Account.id)
        .where(FollowBack.next_at <= at, Account.removed_at.is_(None))
        .where(or_(FollowBack.on_since.is_not(None), waiting.exists()))
    )
    return list(session.scalars(query.order_by(Account.id)))


def claim_follow_back(session: Session, account_id: int, at: datetime) -> bool:
    """Reserve a due account for this process; of several that try at once one gets it."""
    return claim_turn(session, FollowBack, account_id, at, LEASE)


def follow_back(
    database: Database,
    account: Account,
    open_writer: Open,
    clock: Callable[[], datetime] = this_moment,
) -> FollowedBack:
    """Undo the follows that wait for it, and make those that are wanted, within the day's limit.

    The caller has claimed the account. What the network has against it is returned as `problem`,
    and kept.
    """
    run = _Run(database, account, clock)
    problem, next_at = None, clock() + EVERY
    try:
        if run.has_work():
            with closing(open_writer(account)) as writer:
                run.work(writer)
    except Pause as pause:
        problem, next_at = f"{account.handle}: {pause}.", pause.until
    except LinktrackError as error:
        problem = f"{account.handle}: {error.sentence}"
    if problem is None and run.is_to_undo():  # asked for meanwhile
        next_at = clock()
    with database.session(writes=True) as session:
        session.execute(
            update(FollowBack)
            .where(FollowBack.account_id == account.id)
            .values(problem=problem, next_at=next_at)
        )
        session.commit()
    return FollowedBack(account.handle, run.followed, run.undone, problem)


class _Run:
    """One turn of an account; every step is a transaction of its own."""

    def __init__(self, database: Database, account: Account, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._account = account
        self._clock = clock
        self.followed = 0
        self.undone = 0

    def has_work(self) -> bool:
        """Whether the network has to be asked at all."""
        return bool(self._in_state("undoing") or self._in_doubt() or self._wanted())

    def is_to_undo(self) -> bool:
        """Whether follows wait to be taken back."""
        return bool(self._in_state("undoing"))

    def work(self, writer: Writer) -> None:
        """Undo, then find out what is in doubt, then follow."""
        for row in self._in_state("undoing"):
            self._unfollow(writer, row)
        doubts, wanted = self._in_doubt(), self._wanted()
        if not doubts and not wanted:
            return
        already = _all_follows(writer)
        for row in doubts:
            if row.network_id in already:  # asking again tells by what it is taken back
                self._follow(writer, row.id, row.network_id, in_doubt=True)
            else:  # it was not done: the person is planned anew, and counts when they are followed
                self._forget(row.id)
        if already:
            self._know_followed(already)
        for candidate in self._wanted():
            number = self._reserve(candidate)
            if number is None:
                return
            self._follow(writer, number, candidate.network_id, in_doubt=False)

    def _unfollow(self, writer: Writer, row: MadeFollow) -> None:
        try:
            writer.unfollow(row.followed or "")
        except SignedOut:
            raise
        except Refused as error:
            self._end(row.id, state="followed", problem=error.sentence)
            return
        self._end(row.id, state="undone")
        self.undone += 1

    def _follow(self, writer: Writer, number: int, network_id: str, *, in_doubt: bool) -> None:
        """Follow one person who is stored; whoever may be followed now stays stored."""
        try:
            followed = writer.follow(network_id)
        except SignedOut:
            if not in_doubt:
                self._forget(number)
            raise
        except Refused as error:
            self._end(number, state="refused", problem=error.sentence)
            return
        except (Pause, Unavailable) as error:
            if not in_doubt and not isinstance(error, Unclear):
                self._forget(number)  # nothing was done
            raise
        self._end(number, state="followed", followed=followed)
        self.followed += 1

    def _wanted(self) -> Sequence[Candidate]:
        """Return whom to follow now, as many as the day has room for."""
        with self._database.session() as session:
            settings = session.get_one(FollowBack, self._account.id)
            account = session.get_one(Account, self._account.id)
            if settings.on_since is None or account.role != "you" or not follows_by_itself(account):
                return []
            now = self._clock()
            done = followed_within_a_day(session, account.id, now)
            room = settings.daily_limit - done
            return make_plan(session, account, settings.since, room, now).now

    def _reserve(self, candidate: Candidate) -> int | None:
        """Store that somebody is being followed; None if that is no longer wanted.

        The row of the settings is held meanwhile: whoever else would follow for the account
        counts behind us.
        """
        now = self._clock()
        with self._database.session(writes=True) as session:
            settings = session.get_one(FollowBack, self._account.id, with_for_update=True)
            done = followed_within_a_day(session, self._account.id, now)
            if settings.on_since is None or done >= settings.daily_limit:
                return None
            settings.next_at = now + LEASE
            row = MadeFollow(
                account_id=self._account.id,
                network_id=candidate.network_id,
                handle=candidate.handle,
                state="following",
                why=candidate.why,
                begun_at=now,
            )
            session.add(row)
            try:
                session.commit()
            except IntegrityError:  # somebody else follows for the account just now
                return None
            return row.id

    def _in_state(self, state: str) -> list[MadeFollow]:
        with self._database.session() as session:
            query = select(MadeFollow).where(
                MadeFollow.account_id == self._account.id, MadeFollow.state == state
            )
            return list(session.scalars(query.order_by(MadeFollow.id)))

    def _in_doubt(self) -> list[MadeFollow]:
        before = self._clock() - LEASE
        return [row for row in self._in_state("following") if row.begun_at <= before]

    def _end(self, number: int, **values: str) -> None:
        now = self._clock()
        with self._database.session(writes=True) as session:
            session.execute(
                update(MadeFollow).where(MadeFollow.id == number).values(**values, ended_at=now)
            )
            session.execute(
                update(FollowBack)
                .where(FollowBack.account_id == self._account.id)
                .values(next_at=now + LEASE)
            )
            session.commit()

    def _forget(self, number: int) -> None:
        with self._database.session(writes=True) as session:
            session.execute(delete(MadeFollow).where(MadeFollow.id == number))
            session.commit()

    def _know_followed(self, already: set[str]) -> None:
        """Keep of whom the account follows already, so that the plan leaves them out."""
        with self._database.session(writes=True) as session:
            settings = session.get_one(FollowBack, self._account.id)
            found = candidates(session, self._account, settings.since, self._clock())
            known = [each.network_id for each in found if each.network_id in already]
            for part in chunked(known, CHUNK):
                session.execute(
                    update(Follower)
                    .where(
                        Follower.account_id == self._account.id,
                        Follower.network_id.in_(part),
                    )
                    .values(followed_back=True)
                    .execution_options(synchronize_session=False)
                )
            session.commit()


def _all_follows(writer: Writer) -> set[str]:
    """Return the ids of everybody the account follows; none where the network has no list."""
    found: set[str] = set()
    cursor = None
    while (page := writer.follows(cursor)) is not None:
        found.update(person.network_id for person in page.people if person.network_id is not None)
        cursor = page.cursor
        if cursor is None:
            break
    return found

"""Following back: its settings, what it did, and taking back what it did.

There is no taking back of follows that linktrack did not make.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypedDict

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from linktrack.audience.follow_back.plan import (
    FollowPlanJson,
    Plan,
    candidates,
    make_plan,
    plan_json,
)
from linktrack.audience.models import Account, FollowBack, FollowState, MadeFollow
from linktrack.calendar.times import utc
from linktrack.errors import Conflict, Invalid
from linktrack.networks.registry import network_of
from linktrack.owners.audit import note

DAY: Final = timedelta(hours=24)
"""The daily limit holds within any so long time, so within every calendar day, too."""

DEFAULT_LIMIT: Final = 20
MOST: Final = 100
"""The highest daily limit: more is what networks take for a machine that gathers followers."""

UNASKED: Final = 20
"""Whoever takes back more follows than this types how many they are."""


@dataclass(frozen=True, slots=True)
class FollowBackStatus:
    """Whether an account follows back: its settings (None: never set), and what it would do now.

    `followed` is how many people were followed within the last 24 hours, by hand too.
    """

    settings: FollowBack | None
    followed: int
    plan: Plan


def follows_by_itself(account: Account) -> bool:
    """Whether the account's network lets programs follow; else a person does it."""
    return network_of(account.network).follows_by_program


def settings_of(session: Session, account_id: int) -> FollowBack | None:
    """Return whom an account is set to follow back; None where that was never set."""
    return session.get(FollowBack, account_id)


def status_of(session: Session, account: Account, now: datetime) -> FollowBackStatus:
    """Return whether and how an account follows back."""
    settings = session.get(FollowBack, account.id)
    done = followed_within_a_day(session, account.id, now)
    if settings is None:
        return FollowBackStatus(None, done, Plan((), 0, ()))
    room = settings.daily_limit - done
    return FollowBackStatus(settings, done, make_plan(session, account, settings.since, room, now))


def dry_run(
    session: Session, account: Account, since: datetime, daily_limit: int, now: datetime
) -> Plan:
    """Set whom to follow back and how many, and return what that would do; nobody is followed.

    It is off until it is switched on. Raises `Invalid` for an account that does not follow back,
    and for a limit or a date that cannot be.
    """
    _check_account(account)
    if not 1 <= daily_limit <= MOST:
        raise Invalid(f"The daily limit is 1 to {MOST}, not {daily_limit}.")
    if since > now:
        raise Invalid(
            "That date is in the future: only people who followed after it are followed back."
        )
    settings = session.get(FollowBack, account.id)
    if settings is None:
        settings = FollowBack(account_id=account.id, next_at=now)
        session.add(settings)
    settings.since, settings.daily_limit, settings.shown_at = since, daily_limit, now
    _turn_off(session, account, settings, now)
    session.flush()
    room = daily_limit - followed_within_a_day(session, account.id, now)
    return make_plan(session, account, since, room, now)


def switch_on(session: Session, account: Account, now: datetime) -> None:
    """Let the service follow back from now on.

    Raises `Conflict` before the dry run of these settings was shown, and `Invalid` if the
    network forbids it.
    """
    _check_account(account)
    if not follows_by_itself(account):
        raise Invalid(
            f"{network_of(account.network).label} forbids programs to follow back: there is a list "
            "of whom to follow by hand."
        )
    settings = session.get(FollowBack, account.id)
    if settings is None:
        raise Conflict("Look at the preview first: it shows who would be followed.")
    if settings.on_since is None:
        settings.on_since, settings.next_at, settings.problem = now, now, None
        note(
            session,
            f"Switched following back on for {account.handle}: who followed after "
            f"{settings.since:%Y-%m-%d}, at most {settings.daily_limit} a day.",
            now,
        )
        session.flush()


def switch_off(session: Session, account: Account, now: datetime) -> None:
    """Stop following back; people followed so far stay followed."""
    settings = session.get(FollowBack, account.id)
    if settings is not None:
        _turn_off(session, account, settings, now)
        session.flush()


def _turn_off(session: Session, account: Account, settings: FollowBack, now: datetime) -> None:
    if settings.on_since is not None:
        settings.on_since = None
        note(session, f"Switched following back off for {account.handle}.", now)


def followed_within_a_day(session: Session, account_id: int, now: datetime) -> int:
    """Return how many follows were begun within 24 hours, whatever became of them."""
    query = select(func.count()).where(
        MadeFollow.account_id == account_id, MadeFollow.begun_at > now - DAY
    )
    return session.scalar(query) or 0


def follow_log(
    session: Session, account_id: int, limit: int, before: int | None = None
) -> Sequence[MadeFollow]:
    """Return what was done, newest first, behind number `before`."""
    query = select(MadeFollow).where(MadeFollow.account_id == account_id)
    if before is not None:
        query = query.where(MadeFollow.id < before)
    return session.scalars(query.order_by(MadeFollow.id.desc()).limit(limit)).all()


def done_by_hand(
    session: Session, account: Account, network_ids: Sequence[str], now: datetime
) -> int:
    """Keep whom the owner has followed by hand; return how many. Others than planned are left out.

    They leave the list, and count towards the day's limit.
    """
    settings = session.get(FollowBack, account.id)
    if settings is None:
        return 0
    ticked = set(network_ids)
    done = [
        MadeFollow(
            account_id=account.id,
            network_id=each.network_id,
            handle=each.handle,
            state="by_hand",
            why=each.why,
            begun_at=now,
            ended_at=now,
        )
        for each in candidates(session, account, settings.since, now)
        if each.network_id in ticked and each.skipped is None
    ]
    session.add_all(done)
    session.flush()
    return len(done)


def undoable(
    session: Session,
    account_id: int,
    *,
    number: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[int]:
    """Return the numbers of follows that linktrack made and that still exist.

    One by its number, those made in [since, until), or all.
    """
    query = select(MadeFollow.id).where(
        MadeFollow.account_id == account_id, MadeFollow.state.in_(("followed", "undoing"))
    )
    if number is not None:
        query = query.where(MadeFollow.id == number)
    if since is not None:
        query = query.where(MadeFollow.begun_at >= since)
    if until is not None:
        query = query.where(MadeFollow.begun_at < until)
    return list(session.scalars(query.order_by(MadeFollow.id)))


def undo(
    session: Session,
    account: Account,
    numbers: Sequence[int],
    typed: int | None,
    now: datetime,
) -> int:
    """Have follows taken back that linktrack made; return how many.

    The service does so within a minute. Raises `Conflict` if there are none, and where they are
    more than 20 and another number was typed.
    """
    if not numbers:
        raise Conflict("There is nothing to undo: linktrack made no such follow.")
    if len(numbers) > UNASKED and typed != len(numbers):
        raise Conflict(
            f"This undoes {len(numbers):,} follows. Type the number {len(numbers)} if that is "
            "what you want."
        )
    session.execute(
        update(MadeFollow)
        .where(MadeFollow.id.in_(numbers), MadeFollow.state == "followed")
        .values(state="undoing")
        .execution_options(synchronize_session="fetch")
    )
    settings = session.get(FollowBack, account.id)
    if settings is not None:
        settings.next_at = min(settings.next_at, now)
    note(session, f"Asked to undo {len(numbers)} follows of {account.handle}.", now)
    session.flush()
    return len(numbers)


def _check_account(account: Account) -> None:
    if account.role != "you":
        raise Invalid(
            f"Only your account with the role you follows back, and {account.handle} is not it."
        )
    if not network_of(account.network).has_follows:
        raise Invalid(f"{account.handle} is on no network where people follow each other.")


class FollowBackJson(TypedDict):
    """Whether an account follows back; `after` and `daily_limit` are null if it was never set."""

    on: bool
    after: str | None
    daily_limit: int | None
    followed_within_24h: int
    problem: str | None
    plan: FollowPlanJson


def status_json(status: FollowBackStatus) -> FollowBackJson:
    """Return whether following back is on, and what it does next."""
    settings = status.settings
    return {
        "on": settings is not None and settings.on_since is not None,
        "after": None if settings is None else utc(settings.since),
        "daily_limit": None if settings is None else settings.daily_limit,
        "followed_within_24h": status.followed,
        "problem": None if settings is None else settings.problem,
        "plan": plan_json(status.plan),
    }


class MadeFollowJson(TypedDict):
    """A person who was followed back, or is about to be."""

    number: int
    id: str
    handle: str | None
    state: FollowState
    why: str
    begun_at: str
    ended_at: str | None
    problem: str | None


def follow_json(row: MadeFollow) -> MadeFollowJson:
    """Return one person who was followed back."""
    return {
        "number": row.id,
        "id": row.network_id,
        "handle": row.handle,
        "state": row.state,
        "why": row.why,
        "begun_at": utc(row.begun_at),
        "ended_at": utc(row.ended_at),
        "problem": row.problem,
    }

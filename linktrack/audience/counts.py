"""Follower counts: dated figures of an account, none of which is overwritten silently."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeAlias

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, FollowerCount
from linktrack.calendar.ranges import DayRange
from linktrack.db import from_ms, to_ms
from linktrack.errors import Conflict, Invalid
from linktrack.ids import AccountId
from linktrack.owners.audit import by_hand, note

STALE: Final = timedelta(days=90)
"""A follower count older than this says little: pages mark it, and ask for a new one."""

LARGEST: Final = 10**10
"""More followers than there are people is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class DatedCount:
    """How many followers there were at a moment (aware)."""

    counted_at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many counts were new, were there already, and took another's place."""

    added: int
    unchanged: int
    replaced: int


def record_count(
    session: Session,
    account: Account,
    count: int,
    counted_at: datetime,
    source: str,
    *,
    replace: bool = False,
    now: datetime,
) -> Recorded:
    """Record how many followers an account had at a moment; the same figure again is nothing new.

    `source` says in a word who counted. Raises `Invalid` for an impossible count or moment, and
    `Conflict` if there is another count at that moment and `replace` is not set.
    """
    return record_counts(
        session, account, [DatedCount(counted_at, count)], source, replace=replace, now=now
    )


def record_counts(
    session: Session,
    account: Account,
    counts: Sequence[DatedCount],
    source: str,
    *,
    replace: bool = False,
    now: datetime,
) -> Recorded:
    """Record many counts, all or none of them. Raises what `record_count` raises."""
    for dated in counts:
        check_count(dated, now)
    if not counts:
        return Recorded(0, 0, 0)
    moments = [from_ms(to_ms(dated.counted_at)) for dated in counts]  # as they are stored
    standing = {
        row.counted_at: row
        for row in session.scalars(
            select(FollowerCount).where(
                FollowerCount.account_id == account.id,
                FollowerCount.counted_at.between(min(moments), max(moments)),
            )
        )
    }
    wanted: dict[datetime, int] = {}
    for moment, count in zip(moments, (dated.count for dated in counts), strict=True):
        if wanted.setdefault(moment, count) != count:
            raise Conflict(
                f"There are two counts for {account.handle} at {_shown(moment)}, "
                f"{wanted[moment]:,} and {count:,}: leave one of them out."
            )
    different = [moment for moment in wanted if moment in standing]
    different = [moment for moment in different if standing[moment].count != wanted[moment]]
    if different and not replace:
        moment = different[0]
        raise Conflict(
            f"{account.handle} had {standing[moment].count:,} followers at {_shown(moment)} as "
            f"recorded, but {wanted[moment]:,} here: use --replace to overwrite the recorded count."
        )
    for moment in different:
        standing[moment].count, standing[moment].source = wanted[moment], source
    new = wanted.keys() - standing.keys()
    session.add_all(
        FollowerCount(account_id=account.id, counted_at=moment, count=wanted[moment], source=source)
        for moment in sorted(new)
    )
    try:
        session.flush()
    except IntegrityError as error:  # somebody else has recorded one since we looked
        raise Conflict("A count for the same moment has just been recorded: try again.") from error
    if different or (new and by_hand(session)):
        note(session, _audit_sentence(account.handle, wanted, len(new), len(different)), now)
    return Recorded(len(new), len(counts) - len(new) - len(different), len(different))


def _audit_sentence(handle: str, counts: dict[datetime, int], added: int, replaced: int) -> str:
    if len(counts) == 1:
        ((moment, count),) = counts.items()
        verb = "Replaced the follower count of" if replaced else "Recorded a follower count of"
        return f"{verb} {handle} at {_shown(moment)}: {count:,}."
    return f"Recorded {added:,} follower counts of {handle} and replaced {replaced:,}."


def check_count(dated: DatedCount, now: datetime) -> None:
    """Raise `Invalid` for a count that cannot be."""
    if not 0 <= dated.count <= LARGEST:
        raise Invalid(
            f"{dated.count:,} cannot be a number of followers: give a whole number from 0 to "
            f"{LARGEST:,}."
        )
    if dated.counted_at > now:
        raise Invalid(
            f"A count cannot be dated {_shown(dated.counted_at)}, in the future: give the time "
            "at which the followers were counted."
        )


def is_stale(counted_at: datetime | None, at: datetime) -> bool:
    """Whether a follower count was too old at a moment to say much."""
    return counted_at is not None and at - counted_at > STALE


def latest_count(session: Session, account_id: AccountId) -> FollowerCount | None:
    """Return the last count of an account, or None if there is none."""
    return session.scalar(
        select(FollowerCount)
        .where(FollowerCount.account_id == account_id)
        .order_by(FollowerCount.counted_at.desc())
        .limit(1)
    )


def list_counts(session: Session, account_id: AccountId) -> Sequence[FollowerCount]:
    """Return the counts of an account, oldest first."""
    return session.scalars(
        select(FollowerCount)
        .where(FollowerCount.account_id == account_id)
        .order_by(FollowerCount.counted_at)
    ).all()


History: TypeAlias = Sequence[tuple[datetime, int]]

_ENDLESS: Final = 2**63  # more followers than any count: it sorts behind those of its moment


def count_histories(session: Session, account_ids: Iterable[AccountId]) -> Mapping[int, History]:
    """Return each account's follower counts, oldest first."""
    found: dict[int, list[tuple[datetime, int]]] = {number: [] for number in account_ids}
    query = (
        select(FollowerCount.account_id, FollowerCount.counted_at, FollowerCount.count)
        .where(FollowerCount.account_id.in_(list(found)))
        .order_by(FollowerCount.counted_at)
    )
    for account_id, counted_at, count in session.execute(query):
        found[account_id].append((counted_at, count))
    return found


def count_at(history: History, at: datetime) -> tuple[datetime | None, int | None]:
    """Return the last follower count at or before a moment, or two Nones."""
    index = bisect_right(history, (at, _ENDLESS))
    return history[index - 1] if index else (None, None)


def counts_at(histories: Mapping[int, History]) -> Callable[[int, datetime], int | None]:
    """Return what tells how many followers an account had at a moment; None: there is no count.

    As `count_at`, for reports that ask it of ten thousand posts.
    """
    moments = {number: [at for at, _ in history] for number, history in histories.items()}
    counts = {number: [None, *(each for _, each in found)] for number, found in histories.items()}
    return lambda number, at: counts[number][bisect_right(moments[number], at)]


def counts_at_moments(history: History, moments: Iterable[int]) -> list[int | None]:
    """Return the count at or before each moment, in milliseconds; None where there is none, or 0.

    As `counts_at`, in a third of the time.
    """
    begins = [to_ms(at) for at, _ in history]
    counts = [None, *(each or None for _, each in history)]
    return [counts[bisect_right(begins, at)] for at in moments]


def counts_of_days(history: History, days: DayRange) -> list[tuple[date, int]]:
    """Return the count of each day that has one, and what stood when the range began and ended."""
    found: dict[date, int] = {}
    _, standing = count_at(history, days.since)
    if standing is not None:
        found[days.first] = standing
    for counted_at, count in history:
        if days.since <= counted_at < days.end:
            found[counted_at.astimezone(days.timezone).date()] = count
    if found:
        found.setdefault(days.last, list(found.values())[-1])
    return sorted(found.items())


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"

"""Follower counts: dated figures of an account, none of which is overwritten silently."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, FollowerCount
from linktrack.db import from_ms, to_ms
from linktrack.errors import Conflict, Invalid

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
    `Conflict` where another figure stands at that moment and `replace` is not set.
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
    unchanged = 0
    for moment, count in zip(moments, (dated.count for dated in counts), strict=True):
        stands = standing[moment].count if moment in standing else count
        if moment in wanted:
            if wanted[moment] != count:
                raise Conflict(
                    f"Two figures are given for {account.handle} at {_shown(moment)}, "
                    f"{wanted[moment]:,} and {count:,}: leave one of them out."
                )
            unchanged += 1
        elif stands != count and not replace:
            raise Conflict(
                f"{account.handle} had {stands:,} followers at {_shown(moment)} by what is "
                f"recorded, and {count:,} by this: --replace overwrites the recorded figure."
            )
        else:
            wanted[moment] = count
    replaced = added = 0
    for moment, count in wanted.items():
        row = standing.get(moment)
        if row is None:
            session.add(
                FollowerCount(account_id=account.id, counted_at=moment, count=count, source=source)
            )
            added += 1
        elif row.count == count:
            unchanged += 1
        else:
            row.count, row.source = count, source
            replaced += 1
    try:
        session.flush()
    except IntegrityError as error:  # somebody else has recorded one since we looked
        raise Conflict("A count for the same moment has just been recorded: try again.") from error
    return Recorded(added, unchanged, replaced)


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


def latest_count(session: Session, account_id: int) -> FollowerCount | None:
    """Return the last count of an account, or None where there is none."""
    return session.scalar(
        select(FollowerCount)
        .where(FollowerCount.account_id == account_id)
        .order_by(FollowerCount.counted_at.desc())
        .limit(1)
    )


def list_counts(session: Session, account_id: int) -> Sequence[FollowerCount]:
    """Return the counts of an account, oldest first."""
    return session.scalars(
        select(FollowerCount)
        .where(FollowerCount.account_id == account_id)
        .order_by(FollowerCount.counted_at)
    ).all()


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"

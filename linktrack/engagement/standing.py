"""Which follower list and which sorting into segments stood at a moment."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import BigInteger, Select, select, type_coerce
from sqlalchemy.orm import Session

from linktrack.audience.models import FollowerSegment, FollowPeriod, Roster, SegmentSize
from linktrack.audience.rules import DAY
from linktrack.ids import AccountId, FollowerId, SegmentId


class Lists(NamedTuple):
    """The last roster and the last sorting at or before a moment (ms); None: there is none.

    Where there is none before, the last of the 24 hours after it: of the day on which an account is
    added. `sorted_roster_at` is the roster that was sorted then.
    """

    roster_at: int | None
    sized_at: int | None
    sorted_roster_at: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's rosters and sortings, oldest first, in milliseconds.

    A sorting of which nobody wrote down who was in which segment is none here: then segments are
    unknown from it to the next.
    """

    rosters: Sequence[int]
    sortings: Sequence[tuple[int, bool]]

    @classmethod
    def read(cls, session: Session, account_id: AccountId) -> "Standing":
        """Return those of an account."""
        rosters = (
            select(type_coerce(Roster.taken_at, BigInteger))
            .where(Roster.account_id == account_id)
            .order_by(Roster.taken_at)
        )
        sortings = (
            select(type_coerce(SegmentSize.sized_at, BigInteger), SegmentSize.has_people)
            .where(SegmentSize.account_id == account_id)
            .distinct()
            .order_by(SegmentSize.sized_at)
        )
        return cls(
            session.scalars(rosters).all(),
            [(at, has_people) for at, has_people in session.execute(sortings)],
        )

    def at(self, moment: int) -> Lists:
        """Return what stood at a moment."""
        roster_at = self._roster(moment) or self._roster(moment + DAY)
        index = bisect_right(self.sortings, (moment, True))
        index = index or bisect_right(self.sortings, (moment + DAY, True))
        if not index or not self.sortings[index - 1][1]:
            return Lists(roster_at, None, None)
        sized_at = self.sortings[index - 1][0]
        return Lists(roster_at, sized_at, self._roster(sized_at))

    def _roster(self, moment: int) -> int | None:
        index = bisect_right(self.rosters, moment)
        return self.rosters[index - 1] if index else None


@dataclass(frozen=True, slots=True)
class Person:
    """When a follower was on the lists (from, to or None), and in which segments since when."""

    periods: list[tuple[int, int | None]]
    moves: list[tuple[int, SegmentId]]

    def was_on(self, roster_at: int | None) -> bool:
        """Whether they were on the roster of this moment."""
        return roster_at is not None and any(
            began <= roster_at and (ended is None or roster_at <= ended)
            for began, ended in self.periods
        )

    def segment_at(self, lists: Lists) -> SegmentId | None:
        """Return the segment they were sorted into; None where they weren't on that list."""
        if lists.sized_at is None or not self.was_on(lists.sorted_roster_at):
            return None
        index = bisect_right(self.moves, lists.sized_at, key=lambda move: move[0])
        return self.moves[index - 1][1] if index else None


def read_people(session: Session, followers: Select[FollowerId]) -> dict[int, Person]:
    """Return what is known of these followers' times on the lists, by their numbers."""
    found: dict[int, Person] = {}
    periods = (
        select(
            FollowPeriod.follower_id,
            type_coerce(FollowPeriod.began_by, BigInteger),
            type_coerce(FollowPeriod.ended_after, BigInteger),
        )
        .where(FollowPeriod.follower_id.in_(followers))
        .order_by(FollowPeriod.follower_id, FollowPeriod.began_by)
    )
    moves = (
        select(
            FollowerSegment.follower_id,
            type_coerce(FollowerSegment.sorted_at, BigInteger),
            FollowerSegment.segment_id,
        )
        .where(FollowerSegment.follower_id.in_(followers))
        .order_by(FollowerSegment.follower_id, FollowerSegment.sorted_at)
    )
    for number, began, ended in session.execute(periods):
        _person(found, number).periods.append((began, ended))
    for number, sorted_at, segment_id in session.execute(moves):
        _person(found, number).moves.append((sorted_at, segment_id))
    return found


def _person(found: dict[int, Person], number: int) -> Person:
    return found.setdefault(number, Person([], []))


def sizes_by_sorting(
    session: Session, account_id: AccountId, moments: Iterable[int]
) -> dict[int, dict[SegmentId, int]]:
    """Return the segments' sizes at these sortings (ms)."""
    found: dict[int, dict[SegmentId, int]] = {at: {} for at in moments}
    query = select(
        type_coerce(SegmentSize.sized_at, BigInteger), SegmentSize.segment_id, SegmentSize.size
    ).where(SegmentSize.account_id == account_id)
    for at, segment_id, size in session.execute(query):
        if at in found:
            found[at][segment_id] = size
    return found

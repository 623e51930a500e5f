"""Properties of followers: counted over all of them, whatever segments there are and in what order.

Segments part the followers, so that each click has one segment: who looks empty and is on a list
that comes first is in that list's segment. A property is true of everybody of whom it is true, and
several may be true of one person.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from linktrack.audience.models import FollowerProperties, Segment
from linktrack.audience.rules import PRESETS, Facts, Rule, judge, parse_rules
from linktrack.ids import AccountId, SegmentId

LOOKS_EMPTY: Final = "looks empty"
PROPERTIES: Final = (LOOKS_EMPTY, "quiet", "newcomers", "mutuals", "came back")
"""The ready-made segments whose rules are properties; their order is that of the stored bits."""

Way: TypeAlias = tuple[Rule, ...] | SegmentId
"""What makes a property true: rules that all hold, or being on a segment's list."""

Groups: TypeAlias = Mapping[tuple[int, int], int]
"""How many people have these properties, and those perhaps (bits) because a fact is missing."""


@dataclass(frozen=True, slots=True)
class Properties:
    """The properties of all followers of a list, as they were at a moment."""

    counted_at: datetime
    groups: Groups

    def people(self, *names: str) -> int | None:
        """Return how many have all of these properties, as far as it is known.

        None if of one of them it is known of nobody: that is not zero.
        """
        if not all(self.is_known(name) for name in names):
            return None
        wanted = sum(1 << PROPERTIES.index(name) for name in names)
        return sum(count for (holds, _), count in self.groups.items() if holds & wanted == wanted)

    def unknown(self, name: str) -> int:
        """Return of how many it is not known whether they have this property."""
        bit = 1 << PROPERTIES.index(name)
        return sum(count for (_, perhaps), count in self.groups.items() if perhaps & bit)

    def is_known(self, name: str) -> bool:
        """Whether it is known of anybody."""
        return self.unknown(name) < sum(self.groups.values())


class PropertyCount:
    """Counts the properties of one follower after another."""

    def __init__(self, segments: Iterable[Segment], now: int) -> None:
        self._ways = [_ways(name, segments) for name in PROPERTIES]
        self._now = now
        self.groups: Counter[tuple[int, int]] = Counter()

    def add(self, facts: Facts, lists: Collection[int]) -> None:
        """Count one follower, of whom these facts are known, and who is on these lists."""
        holds = perhaps = 0
        for index, ways in enumerate(self._ways):
            answers = [
                judge(way, facts, self._now) if isinstance(way, tuple) else way in lists
                for way in ways
            ]
            if True in answers:
                holds |= 1 << index
            elif None in answers:
                perhaps |= 1 << index
        self.groups[holds, perhaps] += 1


def looks_empty(segment: Segment) -> bool:
    """Whether a segment is of people who look empty: by its name, or by what its rules ask."""
    rules = parse_rules((segment.rules or "").splitlines())
    return segment.name.casefold() == LOOKS_EMPTY or any(
        rule.field == "empty_signs" for rule in rules
    )


def _ways(name: str, segments: Iterable[Segment]) -> Sequence[Way]:
    """Return what makes a property true; what looks empty is for the owner's segments to say."""
    own = [_way(each) for each in segments if name == LOOKS_EMPTY and looks_empty(each)]
    return [way for way in own if way is not None] or [parse_rules(PRESETS[name][1])]


def _way(segment: Segment) -> Way | None:
    if segment.kind == "list":
        return segment.id
    if segment.kind != "rule":
        return None
    rules = parse_rules((segment.rules or "").splitlines())
    # What else it asks for says who is in the segment, not who looks empty.
    return tuple(rule for rule in rules if rule.field == "empty_signs") or rules


def keep_properties(
    session: Session, account_id: AccountId, counted_at: datetime, groups: Groups
) -> None:
    """Keep the properties of an account's newest list in the place of those before."""
    mine = FollowerProperties.account_id == account_id
    session.execute(delete(FollowerProperties).where(mine))
    rows = [
        {
            "account_id": account_id,
            "holds": holds,
            "perhaps": perhaps,
            "people": people,
            "counted_at": counted_at,
        }
        for (holds, perhaps), people in sorted(groups.items())
    ]
    if rows:
        session.execute(insert(FollowerProperties), rows)


def kept_properties(session: Session, account_id: AccountId) -> Properties | None:
    """Return the properties of an account's newest list; None where none are kept."""
    query = select(FollowerProperties).where(FollowerProperties.account_id == account_id)
    rows = session.scalars(query).all()
    if not rows:
        return None
    return Properties(rows[0].counted_at, {(row.holds, row.perhaps): row.people for row in rows})

"""What rules are judged by: the facts of one follower, and what a rule asks. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple, TypeAlias

DAY: Final = 86_400_000
"""Milliseconds."""


class Facts(NamedTuple):
    """What is known of one follower; None if it is not. Times are in milliseconds (UTC).

    They followed after `followed_after` (None: nobody knows how long before) and by `followed_by`.
    `engaged` is how often they did anything with the account's posts in the last 90 days.
    """

    followed_by: int
    followed_after: int | None = None
    followers: int | None = None
    following: int | None = None
    posts: int | None = None
    account_created_at: int | None = None
    has_description: bool | None = None
    has_picture: bool | None = None
    last_active_at: int | None = None
    followed_back: bool | None = None
    engaged: int | None = None
    came_back: bool | None = None
    in_community: bool | None = None
    lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ago:
    """A moment that moves: so many days before the rule is judged."""

    days: int


Value: TypeAlias = int | bool | str | Ago | Fraction


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition. `value` is a number, yes or no, a list's name, or a moment (ms or `Ago`).

    `judged` is how its field is judged.
    """

    field: str
    op: str
    value: Value
    written: str
    judged: "Judged"

    def judge(self, facts: Facts, now: int) -> bool | None:
        """Say whether it holds at `now` (ms); None if the fact is not known."""
        return self.judged(facts, self, now)


Judged: TypeAlias = Callable[[Facts, Rule, int], bool | None]
"""Whether a rule holds for a follower at a moment (ms); None: a fact is not known."""

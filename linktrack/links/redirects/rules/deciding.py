"""Rules, and which of them leads a visit where: the first whose conditions all hold. Pure."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from linktrack.links.redirects.rules.conditions import Condition, Visit

OWN: Final = 0
"""Stands for the link's own destination, where an option is named by its number."""

WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class Option:
    """One of the destinations of a rule, and the percentage of its visits that get it."""

    id: int
    destination: str
    percent: int


@dataclass(frozen=True, slots=True)
class Rule:
    """Visits that fulfil all conditions are led to one of the options, whose percents sum to 100.

    Without conditions it holds for everybody.
    """

    id: int
    conditions: tuple[Condition, ...]
    options: tuple[Option, ...]

    def holds(self, visit: Visit) -> bool:
        """Whether a visit fulfils all conditions."""
        for condition in self.conditions:  # noqa: SIM110 - as in conditions.py
            if not condition.holds(visit):
                return False
        return True

    def option_for(
        self, visitor: int | None, chance: Callable[[], float] = random.random
    ) -> Option:
        """Return the option of a visitor, always the same one; of one who isn't known, any.

        `chance` is a number from 0 until below 1.
        """
        if len(self.options) == 1:
            return self.options[0]
        place = WHOLE * (chance() if visitor is None else _share(visitor, self.id))
        reached = 0
        for option in self.options:
            reached += option.percent
            if place < reached:
                return option
        return self.options[-1]


def _share(visitor: int, rule_id: int) -> float:
    """Return where a visitor lies in a rule, from 0 until below 1: elsewhere in every rule.

    The pseudonym is one under a secret key already: nobody chooses their place.
    """
    digest = blake2b(f"{visitor} {rule_id}".encode(), digest_size=6, person=b"split").digest()
    return int.from_bytes(digest, "big") / 2.0**48


def first_that_holds(rules: Sequence[Rule], visit: Visit) -> Rule | None:
    """Return the rule that leads a visit, or None for the link's own destination.

    Programs are led by none: previews show, and search engines read, what the link is about.
    """
    if visit.is_program:
        return None
    for rule in rules:
        if rule.holds(visit):
            return rule
    return None


def asks_for(rules: Sequence[Rule], *kinds: str) -> bool:
    """Whether any condition is of one of these kinds."""
    return any(condition.kind in kinds for rule in rules for condition in rule.conditions)

"""Goals: what clicks can become is said beforehand, so that nobody else invents some."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from linktrack.clicks.click_ids import LONGEST_DAYS
from linktrack.clicks.conversions.models import Goal, GoalReached
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.owners.audit import note

MOST_GOALS: Final = 100
MOST_VALUE: Final = 10**12
DAYS: Final = 7
"""Days within which a goal counts, where nothing else is said."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Terms:
    """When a goal counts and what it is worth, as its owner says (`Goal`)."""

    days: int = DAYS
    currency: str | None = None
    value: int | None = None
    by_script: bool = True


class GoalJson(TypedDict):
    """A goal, and when it counts."""

    name: str
    days: int
    currency: str | None
    value: int | None
    by_script: bool


def goal_json(goal: Goal) -> GoalJson:
    """Return a goal as every door gives it."""
    return {
        "name": goal.name,
        "days": goal.days,
        "currency": goal.currency,
        "value": goal.value,
        "by_script": goal.by_script,
    }


def list_goals(session: Session) -> Sequence[Goal]:
    """Return all goals by name."""
    return session.scalars(select(Goal).order_by(Goal.name)).all()


def get_goal(session: Session, name: str) -> Goal:
    """Return the goal of that name; raises `NotFound`."""
    goal = session.scalar(select(Goal).where(Goal.name == name.replace("\0", "")))
    if goal is None:
        raise NotFound(f"There is no goal {name[:40]!r}.")
    return goal


def add_goal(session: Session, name: str, terms: Terms, now: datetime) -> Goal:
    """Declare a goal; raises `Invalid` and `Conflict`."""
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise Invalid("A goal's name has 1 to 40 letters, digits, - and _, such as sign-up.")
    terms = _checked(terms)
    if session.scalar(select(Goal.id).where(Goal.name == name)) is not None:
        raise Conflict(f"There is already a goal named {name}.")
    if (session.scalar(select(func.count()).select_from(Goal)) or 0) >= MOST_GOALS:
        raise Conflict(f"There may be {MOST_GOALS} goals: remove one first.")
    goal = Goal(name=name, created_at=now)
    _set(goal, terms)
    session.add(goal)
    session.flush()
    note(session, f"Added the goal {name}.", now)
    return goal


def edit_goal(session: Session, goal: Goal, terms: Terms, now: datetime) -> None:
    """Change what counts from now on; what was reached stays as it is. Raises `Invalid`.

    Its currency can't change once values are counted in it: raises `Conflict`.
    """
    terms = _checked(terms)
    if terms == terms_of(goal):
        return
    if terms.currency != goal.currency and _has_values(session, goal):
        raise Conflict(
            f"Values of {goal.name} are counted in {goal.currency}: add another goal instead."
        )
    _set(goal, terms)
    note(session, f"Changed the goal {goal.name}.", now)


def remove_goal(session: Session, goal: Goal, now: datetime) -> None:
    """Remove a goal with all that is counted of it."""
    session.execute(delete(GoalReached).where(GoalReached.goal_id == goal.id))
    session.delete(goal)
    note(session, f"Removed the goal {goal.name}, with what was counted of it.", now)


def terms_of(goal: Goal) -> Terms:
    """Return a goal's terms as they are."""
    return Terms(goal.days, goal.currency, goal.value, goal.by_script)


def check_value(value: int | None) -> int | None:
    """Return what a goal is worth, in the smallest unit of its currency; raises `Invalid`."""
    if value is not None and not 0 <= value <= MOST_VALUE:
        raise Invalid(f"A value is a whole number from 0 to {MOST_VALUE:,}, such as 1999 cents.")
    return value


def _checked(terms: Terms) -> Terms:
    if not 1 <= terms.days <= LONGEST_DAYS:
        raise Invalid(f"A goal counts within 1 to {LONGEST_DAYS} days of the click.")
    currency = (terms.currency or "").strip().upper() or None
    if currency is not None and not _CURRENCY.fullmatch(currency):
        raise Invalid("A currency is three letters, such as EUR.")
    if terms.value is not None and currency is None:
        raise Invalid("Say the currency of the value, such as EUR.")
    return Terms(terms.days, currency, check_value(terms.value), terms.by_script)


def _set(goal: Goal, terms: Terms) -> None:
    goal.days, goal.currency = terms.days, terms.currency
    goal.value, goal.by_script = terms.value, terms.by_script


def _has_values(session: Session, goal: Goal) -> bool:
    found = select(GoalReached.click).where(
        GoalReached.goal_id == goal.id, GoalReached.value.is_not(None)
    )
    return session.scalar(found.limit(1)) is not None

"""What clicks on one link or post became, so far."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from linktrack.clicks.conversions.declaring import list_goals
from linktrack.clicks.conversions.models import Goal
from linktrack.ids import AccountId, LinkId
from linktrack.reports.goals.reached import Sums, added, rows_of


@dataclass(frozen=True, slots=True)
class GoalSoFar:
    """A goal, and the clicks of all time that carried an id, with those that reached it."""

    goal: Goal
    sums: Sums


def goals_of_links(
    session: Session, account_id: AccountId, links: Collection[LinkId]
) -> list[GoalSoFar]:
    """Return each goal by name with what these links' clicks became; empty if none carried an id.

    A click that is younger than the goal's days may still reach it.
    """
    rows = rows_of(session, account_id, links)
    if not rows:
        return []
    return [
        GoalSoFar(goal, added(row.sums for row in rows if row.goal_id in (None, goal.id)))
        for goal in list_goals(session)
    ]

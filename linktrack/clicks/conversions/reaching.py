"""Count that a click reached a goal, once."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from linktrack.calendar.days import Days
from linktrack.clicks.click_ids import Carried, ClickIds
from linktrack.clicks.conversions.declaring import check_value
from linktrack.clicks.conversions.models import Goal, GoalReached
from linktrack.db import from_ms, is_sqlite, to_ms
from linktrack.errors import Invalid, NotFound
from linktrack.links.models import Link

NOT_COUNTED: Final = (
    "There is no click with this id, or it is older than the goal allows: nothing was counted."
)
"""One sentence for all of them: who tries ids learns nothing."""

_CLOCKS: Final = timedelta(minutes=5)  # how far the clocks of two nodes may differ


def is_reached(session: Session, name: str, carried: Carried) -> bool:
    """Whether a click has reached the goal of this name already."""
    query = select(GoalReached.click).join(Goal, Goal.id == GoalReached.goal_id)
    found = query.where(Goal.name == name.replace("\0", ""), GoalReached.click == carried.number)
    return session.scalar(found) is not None


def reach_goal(
    session: Session,
    goal: Goal,
    click_id: str,
    *,
    ids: ClickIds,
    days: Days,
    now: datetime,
    value: int | None = None,
) -> bool:
    """Count that the click of an id reached a goal; return False if that is counted already.

    `value` is what it is worth, else what the goal says; raises `Invalid`. Raises `NotFound`, with
    one sentence for every id that doesn't count: of another installation, too old, of a link that
    this session doesn't see.
    """
    if value is not None and goal.currency is None:
        raise Invalid(f"The goal {goal.name} has no currency: give it one, or send no value.")
    value = goal.value if value is None else check_value(value)
    carried = ids.read(click_id)
    if carried is None:
        raise NotFound(NOT_COUNTED)
    clicked_at = from_ms(carried.clicked_at)
    is_timely = clicked_at - _CLOCKS <= now <= clicked_at + timedelta(days=goal.days)
    seen = select(Link.id).where(Link.id == carried.link_id)
    if not is_timely or session.scalar(seen) is None:
        raise NotFound(NOT_COUNTED)
    insert = sqlite.insert if is_sqlite(session.connection()) else postgresql.insert
    counted = (
        insert(GoalReached)
        .values(
            goal_id=goal.id,
            click=carried.number,
            link_id=carried.link_id,
            segment_id=carried.segment_id,
            attribution=carried.attribution,
            clicked_day=days.day(carried.clicked_at),
            reached_day=days.day(to_ms(now)),
            value=value,
            option_id=carried.option,
        )
        .on_conflict_do_nothing()
        .returning(GoalReached.click)
    )
    return session.scalar(counted) is not None

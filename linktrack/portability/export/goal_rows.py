"""Goals that were reached, as rows of an export: a row for each click and goal."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, or_, select

from linktrack.audience.models import Account, Segment
from linktrack.clicks.conversions.models import Goal, GoalReached
from linktrack.clicks.vocabulary import attribution_name
from linktrack.links.catalog import Shortener
from linktrack.links.models import Link
from linktrack.portability.export.steps import STEP, Position, Row, Selection

GOAL_FIELDS: Final = (
    "account",
    "goal",
    "link",
    "post",
    "segment",
    "attribution",
    "clicked_on",
    "reached_on",
    "value",
    "currency",
)

GOAL_START: Final[Position] = (0, -(2**63))

_HALF_A_DAY: Final = timedelta(hours=12)


def goal_rows(
    connection: Connection, _shortener: Shortener, selection: Selection, position: Position
) -> tuple[Sequence[Row], Position | None]:
    """Read one step of goals that were reached, chosen by the day of the click."""
    goal_id, click = position
    query = (
        select(
            GoalReached,
            Goal.name.label("goal"),
            Goal.currency,
            Link.code,
            Link.post_id,
            Account.handle,
            Segment.name.label("segment"),
        )
        .join(Goal, Goal.id == GoalReached.goal_id)
        .join(Link, Link.id == GoalReached.link_id)
        .join(Account, Account.id == Link.account_id)
        .outerjoin(Segment, Segment.id == GoalReached.segment_id)
        .where(
            or_(
                GoalReached.goal_id > goal_id,
                and_(GoalReached.goal_id == goal_id, GoalReached.click > click),
            )
        )
        .order_by(GoalReached.goal_id, GoalReached.click)
        .limit(STEP)
    )
    if selection.since is not None:
        query = query.where(GoalReached.clicked_day >= _day(selection.since))
    if selection.until is not None:
        query = query.where(GoalReached.clicked_day < _day(selection.until))
    if selection.account_id is not None:
        query = query.where(Link.account_id == selection.account_id)
    found = connection.execute(query).all()
    rows: list[Row] = [
        {
            "account": row.handle,
            "goal": row.goal,
            "link": row.code,
            "post": row.post_id,
            "segment": row.segment,
            "attribution": attribution_name(row.attribution),
            "clicked_on": date.fromordinal(row.clicked_day).isoformat(),
            "reached_on": date.fromordinal(row.reached_day).isoformat(),
            "value": row.value,
            "currency": row.currency,
        }
        for row in found
    ]
    return rows, (found[-1].goal_id, found[-1].click) if found else None


def _day(moment: datetime) -> int:
    """Return the day that begins at a midnight of some zone; half a day later it is so in UTC."""
    return (moment + _HALF_A_DAY).toordinal()

"""Goals that clicks reach on own sites: declared here, and told by a shop's own server."""

from typing import Literal, NotRequired, TypedDict

from flask import Response

from linktrack.api.access import require_all, seen_session
from linktrack.api.operations import operation, sent
from linktrack.api.read import Fields
from linktrack.clicks.click_ids import ClickIds
from linktrack.clicks.conversions.declaring import (
    GoalJson,
    Terms,
    add_goal,
    edit_goal,
    get_goal,
    goal_json,
    list_goals,
    remove_goal,
    terms_of,
)
from linktrack.clicks.conversions.reaching import reach_goal
from linktrack.context import db_session, installation
from linktrack.db import now


class GoalChange(TypedDict):
    """A goal's terms; what is left out stays as it is.

    It counts if it is reached within `days` after the click. `value` is what one is worth, in the
    smallest unit of `currency`. With `by_script` pages of your sites may tell of it.
    """

    days: NotRequired[int]
    currency: NotRequired[str | None]
    value: NotRequired[int | None]
    by_script: NotRequired[bool]


class NewGoal(GoalChange):
    """A goal; it counts within 7 days, where nothing else is said."""

    name: str


class GoalListJson(TypedDict):
    """Your goals."""

    data: list[GoalJson]


class ToldGoal(TypedDict):
    """A click that reached a goal: the value of `lt_click` in the address it came with.

    `value` is what it is worth, in the smallest unit of the goal's currency; else what the goal
    says.
    """

    click: str
    value: NotRequired[int | None]


class ToldJson(TypedDict):
    """Whether that was new: a click reaches a goal once."""

    goal: str
    counted: bool


def _terms(fields: Fields, before: Terms) -> Terms:
    """Return what is sent, and what is left out as it was."""
    days = fields.whole("days") if fields.has("days") else before.days
    return Terms(
        days=before.days if days is None else days,
        currency=fields.optional_text("currency") if fields.has("currency") else before.currency,
        value=fields.whole("value") if fields.has("value") else before.value,
        by_script=fields.truth("by_script") if fields.has("by_script") else before.by_script,
    )


@operation("GET", "/goals", scope="read")
def read_goals() -> GoalListJson:
    """List your goals."""
    return {"data": [goal_json(goal) for goal in list_goals(db_session())]}


@operation("POST", "/goals", scope="write", body=NewGoal, problems=(409,))
def create_goal() -> tuple[GoalJson, Literal[201]]:
    """Add a goal: what a click can become, such as a sign-up."""
    require_all()
    session = db_session()
    goal = add_goal(session, sent().text("name"), _terms(sent(), Terms()), now())
    session.commit()
    return goal_json(goal), 201


@operation("PATCH", "/goals/<name>", scope="write", body=GoalChange, problems=(404, 409))
def change_goal(name: str) -> GoalJson:
    """Change when a goal counts, or what it is worth; what was counted stays."""
    require_all()
    session = db_session()
    goal = get_goal(session, name)
    edit_goal(session, goal, _terms(sent(), terms_of(goal)), now())
    session.commit()
    return goal_json(goal)


@operation("DELETE", "/goals/<name>", scope="write", answers={204: None}, problems=(404,))
def delete_goal(name: str) -> Response:
    """Remove a goal, with all that was counted of it."""
    require_all()
    session = db_session()
    remove_goal(session, get_goal(session, name), now())
    session.commit()
    return Response(status=204)


@operation("POST", "/goals/<name>", scope="goals", body=ToldGoal, problems=(404,))
def tell_goal(name: str) -> ToldJson:
    """Tell that a click has become something; each click reaches a goal once."""
    session = seen_session()
    opened = installation()
    is_new = reach_goal(
        session,
        get_goal(session, name),
        sent().text("click"),
        ids=ClickIds(opened.keys.click_ids()),
        days=opened.days(),
        now=now(),
        value=sent().whole("value"),
    )
    session.commit()
    return {"goal": name, "counted": is_new}

"""What some clicks on links to the demonstration's own site became: sign-ups and memberships."""

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.calendar.days import Days
from linktrack.clicks.classify.agents import classify_agent
from linktrack.clicks.conversions.declaring import Terms, add_goal
from linktrack.clicks.conversions.models import Goal, GoalReached
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import ATTRIBUTION_NUMBER, CLICK_ID, UNATTRIBUTED
from linktrack.db import to_ms
from linktrack.links.models import Link
from linktrack.portability.demo.story import OWN_SITE

SINCE_DAYS: Final = 200
"""Days ago on which the site got click ids."""

GOALS: Final = {
    "newsletter": (Terms(days=7), 0.06),
    "membership": (Terms(days=14, currency="EUR", value=2_400), 0.012),
}
"""Each goal with its terms, and the share of clicks that reach it."""

MORE_OFTEN: Final = 2.5
"""How many times as often those reach a goal who clicked the letter's links."""


def add_conversions(
    session: Session,
    account: Account,
    records: Sequence[ClickRecord],
    *,
    timezone: ZoneInfo,
    now: datetime,
    seed: int,
) -> list[ClickRecord]:
    """Let some clicks on links to the own site reach a goal; return all, marked if with an id."""
    chance = random.Random(f"{seed} conversions {account.handle}")
    wanted = select(Link.id).where(
        Link.account_id == account.id, Link.destination.contains(OWN_SITE)
    )
    own = set(session.scalars(wanted))
    since, days, end = to_ms(now - timedelta(days=SINCE_DAYS)), Days(timezone), to_ms(now)
    goals = [(goal, share) for goal, share in _goals(session, now)] if own else []
    told, rows = [], []
    for record in records:
        if record.link_id not in own or record.clicked_at < since or not _is_person(record):
            told.append(record)
            continue
        told.append(replace(record, flags=record.flags | CLICK_ID))
        for goal, share in goals:
            likely = share * (MORE_OFTEN if record.segment_id else 1)
            later = chance.expovariate(1 / 30) * 3_600_000  # a day or so, in most cases
            if chance.random() < likely and record.clicked_at + later < end:
                rows.append(
                    {
                        "goal_id": goal.id,
                        "click": chance.getrandbits(63),
                        "link_id": record.link_id,
                        "segment_id": record.segment_id or UNATTRIBUTED,
                        "attribution": ATTRIBUTION_NUMBER[record.attribution],
                        "clicked_day": days.day(record.clicked_at),
                        "reached_day": days.day(record.clicked_at + int(later)),
                        "value": goal.value,
                    }
                )
    if rows:
        session.execute(insert(GoalReached), rows)
    return told


def _goals(session: Session, now: datetime) -> Iterable[tuple[Goal, float]]:
    """Yield the demonstration's goals; one that somebody has declared stays theirs."""
    for name, (terms, share) in GOALS.items():
        goal = session.scalar(select(Goal).where(Goal.name == name))
        if goal is None:
            goal = add_goal(session, name, terms, now - timedelta(days=SINCE_DAYS))
            goal.simulated = True
        if goal.simulated:
            yield goal, share


def _is_person(record: ClickRecord) -> bool:
    return not record.flags and record.visitor is not None and _is_browser(record.user_agent)


@cache
def _is_browser(agent: str | None) -> bool:
    return classify_agent(agent).reason is None

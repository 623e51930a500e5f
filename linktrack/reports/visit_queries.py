"""What reports read about visitors: a few dozen rows for a whole visitor period."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from linktrack.clicks.models import account_visits, link_days
from linktrack.links.models import Link


class Visits(NamedTuple):
    """How many visitors clicked so many links first in each half of a visitor period."""

    first_half: int
    second_half: int
    visitors: int


def visits_in(session: Session, account_id: int, period: int) -> list[Visits]:
    """Return the visits of the visitor period that begins on this day (an ordinal)."""
    visits = account_visits.c
    query = (
        select(visits.first_half, visits.second_half, visits.visitors)
        .where(visits.account_id == account_id, visits.period == period)
        .order_by(visits.first_half, visits.second_half)
    )
    return [Visits(*row) for row in session.execute(query)]


def periods_with_visits(session: Session, account_id: int) -> Sequence[int]:
    """Return the first days (ordinals) of visitor periods in which anybody came, newest first."""
    visits = account_visits.c
    query = select(visits.period).where(visits.account_id == account_id)
    return session.scalars(query.distinct().order_by(visits.period.desc())).all()


def clicked_links(session: Session, account_id: int, first: int, end: int) -> int:
    """Return how many of an account's links were clicked first by anybody on days [first, end)."""
    days = link_days.c
    clicked = exists().where(
        days.link_id == Link.id, days.day >= first, days.day < end, days.unique_clicks > 0
    )
    query = select(func.count()).select_from(Link).where(Link.account_id == account_id, clicked)
    return session.scalar(query) or 0

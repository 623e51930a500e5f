"""Tables of goals, of when they were reached, and of clicks that carried a click id."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    false,
    select,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment
from linktrack.ids import LinkId, SegmentId
from linktrack.links.models import Link
from linktrack.owners.visibility import limit


class Goal(Base):
    """What a click can become: a sign-up, an order.

    It counts if it is reached within `days` after the click. `value` is what one is worth, in the
    smallest unit of `currency`, unless who tells of it says otherwise; without a currency it has
    no value. With `by_script` a visitor's browser may tell of it, else only a program with a token.
    """

    __tablename__ = "goals"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(40), unique=True)
    days: Mapped[int]
    currency: Mapped[str | None] = mapped_column(String(3))
    value: Mapped[int | None] = mapped_column(BigInteger)
    by_script: Mapped[bool] = mapped_column(server_default=true(), default=True)
    created_at: Mapped[Moment]
    simulated: Mapped[bool] = mapped_column(server_default=false(), default=False)


class GoalReached(Base):
    """A click that reached a goal, once; `click` is the number of its click id.

    Only days are kept (ordinals, in the owner's zone), so that few can be told to be of one click
    among the stored ones.
    """

    __tablename__ = "goals_reached"
    __table_args__ = (Index(None, "link_id", "clicked_day"), {"sqlite_with_rowid": False})

    goal_id: Mapped[int] = mapped_column(ForeignKey("goals.id"), primary_key=True)
    click: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"))
    segment_id: Mapped[SegmentId]
    attribution: Mapped[int] = mapped_column(SmallInteger)
    clicked_day: Mapped[int]
    reached_day: Mapped[int]
    value: Mapped[int | None] = mapped_column(BigInteger)
    option_id: Mapped[int | None]


link_click_ids = Table(
    "link_click_ids",
    Base.metadata,
    Column("link_id", Integer, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("segment_id", Integer, primary_key=True),
    Column("clicks", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""Human clicks that carried a click id, by link, day and segment; a count as those of models.py.

What a personal link tells of the segment is left out, as it is in the id.
"""

_links = Link.__table__.c
limit(
    GoalReached,
    lambda shown: GoalReached.link_id.in_(select(_links.id).where(_links.account_id.in_(shown))),
)

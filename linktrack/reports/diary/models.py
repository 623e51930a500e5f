"""Tables of experiments, and of notes for days."""

from datetime import date

from sqlalchemy import ForeignKey, String, Text, or_
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment
from linktrack.ids import AccountId
from linktrack.owners.visibility import limit


class Experiment(Base):
    """A question put to an account's posts, with what the owner expects.

    Without `other_id` the posts of `days` days before `at` are compared with those of as many days
    after it; with it, those of two accounts in the `days` days from `at` on.
    """

    __tablename__ = "experiments"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    hypothesis: Mapped[str] = mapped_column(Text)
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"))
    other_id: Mapped[AccountId | None] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[Moment]
    days: Mapped[int]
    window: Mapped[str] = mapped_column(String(4))
    created_at: Mapped[Moment]


class DayNote(Base):
    """What the owner wrote of a day (a date's proleptic ordinal); no account: of all of them."""

    __tablename__ = "day_notes"

    id: Mapped[Id]
    day: Mapped[int] = mapped_column(index=True)
    account_id: Mapped[AccountId | None] = mapped_column(ForeignKey("accounts.id"))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Moment]

    @property
    def date(self) -> date:
        """The calendar day."""
        return date.fromordinal(self.day)


# A note for all accounts is everybody's.
limit(DayNote, lambda shown: or_(DayNote.account_id.is_(None), DayNote.account_id.in_(shown)))
limit(
    Experiment,
    lambda shown: (
        Experiment.account_id.in_(shown)
        & or_(Experiment.other_id.is_(None), Experiment.other_id.in_(shown))
    ),
)

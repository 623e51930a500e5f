"""What a story is asked for: whose, since when, by whom; and who belongs to the same person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from linktrack.audience.accounts import ROLES
from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.errors import Invalid
from linktrack.reports.counting import Counting
from linktrack.settings import VisitorPeriod

MOST_TOLD: Final = 5
"""Accounts in one story."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose story, and since when: the day `first`, or None to begin with what is known.

    `told` are its accounts, the one it was asked of first; `seen` are all that whoever asks may
    see, by number.
    """

    told: Sequence[Account]
    seen: Mapping[int, Account]
    first: date | None
    period: VisitorPeriod
    timezone: ZoneInfo
    now: datetime

    def __post_init__(self) -> None:
        """Raise `Invalid` for a day that is not over, or too many accounts."""
        if self.first is not None and self.first >= self.today:
            raise Invalid("The story begins with a day that is over: choose an earlier one.")
        if len(self.told) > MOST_TOLD:
            raise Invalid(f"A story is about at most {MOST_TOLD} accounts.")

    @property
    def today(self) -> date:
        """The day it is."""
        return self.now.astimezone(self.timezone).date()

    @property
    def counting(self) -> Counting:
        """How long each post is counted."""
        return Counting(DEFAULT_WINDOW, self.now)

    def days(self, first: date) -> DayRange:
        """Return the days of the story, until today."""
        return DayRange(first, self.today, self.timezone)

    def posting_days(self, first: date) -> DayRange | None:
        """Return the days whose posts are complete by now, so that no figure changes later."""
        length = self.counting.length or timedelta()
        last = (self.now - length).astimezone(self.timezone).date() - timedelta(days=1)
        return DayRange(first, last, self.timezone) if first <= last else None

    def midnight(self, day: date) -> datetime:
        """Return the moment a day begins."""
        return datetime.combine(day, time.min, self.timezone)


def whose(named: Sequence[Account], seen: Sequence[Account]) -> list[Account]:
    """Return the accounts of a story: the named ones, or one and those of the same person.

    Of one account that has a role (me, you, we) each other role's account is the same person's
    where it is the only one with that role.
    """
    told = list({account.id: account for account in named}.values())
    if len(told) != 1 or told[0].role is None:
        return told
    (account,) = told
    for role in ROLES:
        alike = [each for each in seen if each.role == role and each.simulated == account.simulated]
        if role != account.role and len(alike) == 1:
            told += alike
    return told

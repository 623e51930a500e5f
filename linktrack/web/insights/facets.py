"""What the pages of places and of devices have in common: whose clicks, and tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypedDict

from flask import render_template, request
from markupsafe import Markup

from linktrack.audience.accounts import get_account
from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.charts import share_bar
from linktrack.context import db_session
from linktrack.links.models import Link
from linktrack.reports.sources.facets import FacetLine
from linktrack.web.fields import chosen_range, named_link, text
from linktrack.web.subject import accounts_and_chosen

MOST_ROWS: Final = 50
NO_PICTURE: Final = Markup("")


class Chosen(TypedDict):
    """Whose clicks the reports take."""

    since: date | None
    until: date | None
    link: Link | None


@dataclass(frozen=True, slots=True)
class Subject:
    """The account or the link that the page is about, and its days: of a link it is all."""

    accounts: Sequence[Account]
    account: Account
    link: Link | None
    days: DayRange

    @property
    def chosen(self) -> Chosen:
        """Return what the reports take."""
        if self.link is not None:
            return {"since": None, "until": None, "link": self.link}
        return {"since": self.days.first, "until": self.days.last + timedelta(days=1), "link": None}


@dataclass(frozen=True, slots=True)
class Part:
    """One table with its bars: the first lines, and how many follow in the file.

    `says` is what to know of it, `table` its name where it has a file of its own.
    """

    title: str
    first: str
    lines: Sequence[FacetLine]
    picture: Markup = NO_PICTURE
    says: str = ""
    table: str = ""

    @property
    def rows(self) -> Sequence[FacetLine]:
        """The lines that the page shows."""
        return self.lines[:MOST_ROWS]

    @property
    def more(self) -> int:
        """How many it doesn't."""
        return max(0, len(self.lines) - MOST_ROWS)

    @property
    def clicks(self) -> int:
        """All of them."""
        return sum(line.clicks for line in self.lines)

    def bar(self, line: FacetLine) -> Markup:
        """Draw a line's share of the longest."""
        return share_bar(line.clicks / max(1, *(one.clicks for one in self.rows)))


def subject_asked() -> Subject:
    """Return the account or the link in the address."""
    accounts, account = accounts_and_chosen()
    code = text(request.args, "link", "The link")
    link = named_link(code) if code else None
    if link is not None:
        account = get_account(db_session(), link.account_id)
    return Subject(accounts, account, link, chosen_range(request.args))


def page(name: str, subject: Subject, sentence: str, parts: Sequence[Part]) -> str:
    """Show tables of a subject by the template of this name."""
    return render_template(
        f"facets/{name}.html", subject=subject, sentence=sentence, shown=parts, days=subject.days
    )

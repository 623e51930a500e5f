"""What the pages of places and of devices have in common: whose clicks, and tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypedDict

from flask import render_template, request, url_for
from markupsafe import Markup

from linktrack.audience.accounts import get_account
from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.charts import share_bar
from linktrack.context import db_session
from linktrack.links.models import Link, Post
from linktrack.links.posts import get_post
from linktrack.reports.narrowing.wanted import UNWRITTEN
from linktrack.reports.sources.facets import FacetLine
from linktrack.web.context import here
from linktrack.web.fields import chosen_range, named_link, row_id, text
from linktrack.web.filters.seeing import Seen
from linktrack.web.subject import accounts_and_chosen

MOST_ROWS: Final = 50
NO_PICTURE: Final = Markup("")


class Chosen(TypedDict):
    """Whose clicks the reports take."""

    since: date | None
    until: date | None
    link: Link | None
    post: Post | None


@dataclass(frozen=True, slots=True)
class Subject:
    """The account, the link or the post that the page is about, and its days, of an account."""

    accounts: Sequence[Account]
    account: Account
    link: Link | None
    post: Post | None
    days: DayRange

    @property
    def chosen(self) -> Chosen:
        """Return what the reports take."""
        since, until = self.days.first, self.days.last + timedelta(days=1)
        if self.link is not None or self.post is not None:
            return {"since": None, "until": None, "link": self.link, "post": self.post}
        return {"since": since, "until": until, "link": None, "post": None}


@dataclass(frozen=True, slots=True)
class Part:
    """One table with its bars: the first lines, and how many follow in the file.

    `says` is what to know of it, `table` its name where it has a file of its own,
    `facet` what its rows narrow by, on the page `leads` or this one.
    """

    title: str
    first: str
    lines: Sequence[FacetLine]
    picture: Markup = NO_PICTURE
    says: str = ""
    table: str = ""
    facet: str = ""
    leads: str = ""

    def href(self, line: FacetLine) -> str:
        """Return the address of these clicks alone: the filters that there are, and this line."""
        value = line.key or UNWRITTEN
        if not self.leads:
            return here({self.facet: value, "format": None, "table": None})
        kept = {name: said for name, said in request.args.items() if said and name != "shade"}
        return url_for(self.leads, **(kept | {self.facet: value}))  # type: ignore[arg-type]

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
    """Return the account, the link or the post in the address."""
    accounts, account = accounts_and_chosen()
    code = text(request.args, "link", "The link")
    link = named_link(code) if code else None
    number = None if link is not None else row_id(request.args, "post", "Post")
    post = None if number is None else get_post(db_session(), number)
    for one in (link, post):
        if one is not None:
            account = get_account(db_session(), one.account_id)
    return Subject(accounts, account, link, post, chosen_range(request.args))


def page(name: str, subject: Subject, seen: Seen, sentence: str, parts: Sequence[Part]) -> str:
    """Show tables of a subject by the template of this name."""
    return render_template(
        f"facets/{name}.html",
        subject=subject,
        seen=seen,
        sentence=sentence,
        shown=parts,
        days=subject.days,
    )

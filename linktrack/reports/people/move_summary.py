"""Of those who left, how many had ever been there: liked, replied or clicked in a year."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypedDict

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    distinct,
    exists,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session, aliased

from linktrack.audience.models import Account, Consent, FollowPeriod, Roster
from linktrack.calendar.times import utc
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Which
from linktrack.clicks.vocabulary import HUMAN
from linktrack.engagement.models import Engagement
from linktrack.reports.figures.words import counted
from linktrack.reports.people.deeds import names_known_since
from linktrack.reports.people.move_queries import Wanted, within

YEAR: Final = timedelta(days=365) // timedelta(milliseconds=1)
"""How long before they left people are looked at, in milliseconds."""

MOST_LOOKED_AT: Final = 10_000
"""People who are looked at one by one for a page."""


@dataclass(frozen=True, slots=True)
class Leavers:
    """Those who left, each once, and what they had done in the year before they left.

    So many of the `people` `engaged` (liked, reposted, replied or quoted; None where the network
    names nobody), or `clicked`, or either (`active`). `agreed` is how many of them had agreed to
    personal links: of others no click is known.
    """

    people: int
    engaged: int | None
    clicked: int
    active: int
    agreed: int


@dataclass(frozen=True, slots=True)
class MoveSummary:
    """How many came for the first time, came back and left, and what those who left had done.

    Where too many came to look at each, `returned` is None and they are in `came`; where too many
    left, `leavers` is None. `known_since` is the first post whose people are known.
    """

    came: int
    returned: int | None
    left: int
    leavers: Leavers | None
    known_since: datetime | None

    @property
    def sentence(self) -> str:
        """As in "Of 5,941 people who left, 212 had liked, … or clicked anything in the year …"."""
        found = self.leavers
        if found is None:
            return (
                f"{self.left:,} left: too many to look at each of them. Choose fewer days to see "
                "how many had ever liked or clicked anything."
            )
        if not found.people:
            return ""
        who = "Of the one person" if found.people == 1 else f"Of {found.people:,} people"
        if found.engaged is None and not found.agreed:
            return (
                f"{who} who left, we can't tell who had ever done anything: this network hasn't "
                "told yet who likes, and none of them had agreed to personal links."
            )
        said = []
        if found.engaged is None:
            told = f"{who} who left, {found.clicked:,} had clicked a personal link"
            said.append("Who likes or replies isn't known.")
        else:
            told = (
                f"{who} who left, {found.active:,} had liked, reposted, replied, quoted or clicked "
                "anything"
            )
            if self.known_since is not None:
                since = f"{self.known_since.day} {self.known_since:%B %Y}"
                said.append(f"Who likes is known of posts since {since}.")
        if found.agreed:
            people = counted(found.agreed, "person", "people")
            said.append(f"Clicks are known of {people} who agreed to personal links.")
        else:
            said.append("None of them had agreed to personal links, so clicks aren't known.")
        return " ".join([f"{told} in the year before.", *said])


def move_summary(session: Session, account: Account, wanted: Wanted) -> MoveSummary:
    """Return the sums over all moves of the days, or of the list, that are wanted.

    Whoever is looked at one by one, at most `MOST_LOOKED_AT`, is; beyond that they are counted.
    """
    period, earlier = FollowPeriod, aliased(FollowPeriod)
    first_list = select(func.min(Roster.taken_at)).where(Roster.account_id == account.id)
    who_came = and_(
        *within(period.began_by, wanted),
        period.account_id == account.id,
        period.began_by > first_list.scalar_subquery(),
    )
    who_left = and_(
        *within(period.ended_by, wanted),
        period.account_id == account.id,
        period.ended_by.is_not(None),
    )
    came = session.scalar(select(func.count()).select_from(period).where(who_came)) or 0
    returned = None
    if came <= MOST_LOOKED_AT:
        had_followed = exists().where(
            earlier.follower_id == period.follower_id, earlier.began_by < period.began_by
        )
        query = select(func.count()).select_from(period).where(who_came, had_followed)
        returned = session.scalar(query) or 0
    left = session.scalar(select(func.count()).select_from(period).where(who_left)) or 0
    leavers = _leavers(session, who_left) if left <= MOST_LOOKED_AT else None
    known_since = names_known_since(session, account)
    if leavers is not None and known_since is None:
        leavers = replace(leavers, engaged=None)
    return MoveSummary(came - (returned or 0), returned, left, leavers, known_since)


def _leavers(session: Session, who_left: ColumnElement[bool]) -> Leavers:
    """Look at each who left: both indexes have the person first."""
    period = FollowPeriod
    left_at = type_coerce(period.ended_by, BigInteger)
    done_at = type_coerce(Engagement.first_seen_at, BigInteger)
    engaged = exists().where(
        Engagement.follower_id == period.follower_id, done_at < left_at, done_at >= left_at - YEAR
    )
    theirs = Which(followers=select(period.follower_id).where(who_left), reasons=(HUMAN,))
    click = clicks_of(session).table(theirs).c
    clicked = exists().where(
        click.follower_id == period.follower_id,
        click.clicked_at < left_at,
        click.clicked_at >= left_at - YEAR,
    )
    people = distinct(period.follower_id)
    row = session.execute(
        select(
            func.count(people),
            func.count(people).filter(engaged),
            func.count(people).filter(clicked),
            func.count(people).filter(or_(engaged, clicked)),
            func.count(distinct(Consent.follower_id)),
        )
        .select_from(period)
        .outerjoin(Consent, Consent.follower_id == period.follower_id)
        .where(who_left)
    ).one()
    return Leavers(*row)


class SummaryJson(TypedDict):
    """How many came, came back and left, and how many of those who left had done anything.

    In the year before they left, as far as names are known. `returned` is null, and in `came`,
    where more than 10,000 came; what is of people who left is null where more than 10,000 did.
    """

    came: int
    returned: int | None
    left: int
    people_who_left: int | None
    engaged: int | None
    clicked: int | None
    active: int | None
    agreed: int | None
    names_known_since: str | None
    sentence: str


def summary_json(summary: MoveSummary) -> SummaryJson:
    """Return the sums as every door gives them."""
    found = summary.leavers
    return {
        "came": summary.came,
        "returned": summary.returned,
        "left": summary.left,
        "people_who_left": None if found is None else found.people,
        "engaged": None if found is None else found.engaged,
        "clicked": None if found is None else found.clicked,
        "active": None if found is None else found.active,
        "agreed": None if found is None else found.agreed,
        "names_known_since": utc(summary.known_since),
        "sentence": summary.sentence,
    }

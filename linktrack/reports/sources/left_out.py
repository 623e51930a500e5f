"""What was left out of the figures, from the single clicks: by reason, by agent, and when."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    desc,
    exists,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.calendar.times import utc
from linktrack.clicks.facts import DELETED_BEFORE
from linktrack.clicks.loading.burst import BURST, MINUTE
from linktrack.clicks.models import agents, click_facts, clicks, referrers
from linktrack.clicks.vocabulary import (
    FORWARDED,
    HUMAN,
    LEFT_OUT,
    NO_LANGUAGES,
    REASON_NUMBER,
    REASONS,
)
from linktrack.db import from_ms, to_ms
from linktrack.errors import Invalid
from linktrack.links.models import Link
from linktrack.reports.days import DayCounts

MOST_AGENTS: Final = 50
MOST_CLICKS: Final = 50
MOST_BURSTS: Final = 20
NEWEST: Final = 1_000
"""Clicks that are looked at to see whether a proxy is not trusted."""

NINE_IN_TEN: Final = 0.9

_AGENTS: Final = 2**32
"""More than the numbers of agents go up to."""

Clicks = ColumnElement[bool]

_NOT_HUMAN: Final = clicks.c.reason != literal_column(str(HUMAN))
"""With the number in the statement: only so does SQLite see that the index has all of these."""


@dataclass(frozen=True, slots=True)
class AgentLine:
    """How often one user agent was left out; `rule` names the rule that decided, if one did."""

    id: int
    user_agent: str
    reason: str
    rule: str | None
    clicks: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class BurstLine:
    """One minute of a link that was a burst, with what shows it."""

    code: str
    at: datetime
    clicks: int
    visitors: int
    agents: int
    without_languages: int


@dataclass(frozen=True, slots=True)
class ClickLine:
    """One click that was left out."""

    clicked_at: datetime
    code: str
    reason: str
    user_agent: str
    host: str | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """All of it; `clicks` is how many there were with people's, `deleted_before` may be None."""

    clicks: int
    reasons: dict[str, int]
    agents: list[AgentLine]
    bursts: list[BurstLine]
    newest: list[ClickLine]
    deleted_before: datetime | None

    @property
    def total(self) -> int:
        """How many clicks were left out."""
        return sum(self.reasons.values())


def of_accounts(session: Session, account_ids: Sequence[int], days: DayRange) -> Clicks:
    """Return the condition for the clicks of accounts within days.

    Each click's link is looked up, unless these are all accounts there are: for `IN`, SQLite would
    look up the clicks of every link.
    """
    # The table itself is asked: a session that is limited to some accounts hides the others from
    # every query for `Account`, and would take its own for all there are.
    accounts = Account.__table__.c
    if session.scalar(select(accounts.id).where(accounts.id.not_in(account_ids)).limit(1)) is None:
        return _within(days)
    owned = exists().where(Link.id == clicks.c.link_id, Link.account_id.in_(account_ids))
    return and_(_within(days), owned)


def of_links(
    links: ColumnElement[bool], days: DayRange | None = None, until: datetime | None = None
) -> Clicks:
    """Return the condition for the clicks of some links: within days, before a moment, or all."""
    chosen: Clicks = clicks.c.link_id.in_(select(Link.id).where(links))
    if days is not None:
        chosen = and_(chosen, _within(days))
    return chosen if until is None else and_(chosen, clicks.c.clicked_at < to_ms(until))


def _within(days: DayRange) -> Clicks:
    return and_(clicks.c.clicked_at >= to_ms(days.since), clicks.c.clicked_at < to_ms(days.end))


def links_of(*, post_id: int | None = None, link_id: int | None = None) -> ColumnElement[bool]:
    """Return the condition for the links of one post, or for one link."""
    return Link.id == link_id if link_id is not None else Link.post_id == post_id


def people_of(session: Session, series: Iterable[Sequence[DayCounts]], timezone: ZoneInfo) -> int:
    """Return how many clicks of people are stored, by their sums: of days that are not deleted."""
    deleted = deleted_before(session)
    first = date.min if deleted is None else deleted.astimezone(timezone).date()
    return sum(day.clicks for counts in series for day in counts if day.day >= first)


def left_out(
    session: Session,
    chosen: Clicks,
    people: int,
    reason: str | None = None,
    agent_id: int | None = None,
) -> LeftOut:
    """Return what was left out of the chosen clicks, beside those of so many `people`'s clicks.

    The newest are narrowed to a reason or an agent. Raises `Invalid` for a reason there is not.
    """
    if reason is not None and reason not in LEFT_OUT:
        raise Invalid(f"{reason[:40]!r} isn't a reason: choose one of {', '.join(LEFT_OUT)}.")
    reasons: defaultdict[str, int] = defaultdict(int)
    counted = func.count().label("clicks")
    lines: list[tuple[int, int, int, int]] = []
    # Both in one number, by which SQLite sorts in two thirds of the time.
    both = (clicks.c.reason * literal(_AGENTS, BigInteger) + clicks.c.agent_id).label(
        "reason_and_agent"
    )
    for key, count, last in session.execute(
        select(both, counted, func.max(clicks.c.clicked_at))
        .where(chosen, _NOT_HUMAN)
        .group_by("reason_and_agent")
    ):
        number, agent = divmod(key, _AGENTS)
        reasons[REASONS[number]] += count
        lines.append((count, number, agent, last))
    lines = [line for line in lines if reason is None or REASONS[line[1]] == reason]
    shown = {REASONS[number] for _, number, _, _ in lines}
    named = _agents(session, sorted(lines, reverse=True)[:MOST_AGENTS])
    return LeftOut(
        clicks=people + sum(reasons.values()),
        reasons=dict(sorted(reasons.items(), key=lambda item: -item[1])),
        agents=named,
        bursts=_bursts(session, chosen) if "burst" in shown else [],
        newest=_newest(session, chosen, reason, agent_id),
        deleted_before=deleted_before(session),
    )


def _agents(session: Session, lines: Sequence[tuple[int, int, int, int]]) -> list[AgentLine]:
    query = select(agents.c.id, agents.c.user_agent, agents.c.rule)
    found = {
        row.id: row
        for row in session.execute(query.where(agents.c.id.in_({line[2] for line in lines})))
    }
    return [
        AgentLine(
            id=agent,
            user_agent=found[agent].user_agent,
            reason=REASONS[number],
            rule=found[agent].rule,
            clicks=count,
            last_at=from_ms(last),
        )
        for count, number, agent, last in lines
    ]


class AgentJson(TypedDict):
    """How often one user agent was left out, named as the export of clicks names it."""

    user_agent: str
    reason: str
    rule: str | None
    clicks: int
    last_at: str


def agent_json(line: AgentLine) -> AgentJson:
    """Return how often a user agent was left out."""
    return {
        "user_agent": line.user_agent,
        "reason": line.reason,
        "rule": line.rule,
        "clicks": line.clicks,
        "last_at": utc(line.last_at),
    }


def _bursts(session: Session, chosen: Clicks) -> list[BurstLine]:
    minute = clicks.c.clicked_at - clicks.c.clicked_at % MINUTE
    found = (
        select(
            clicks.c.link_id,
            minute.label("minute"),
            func.count(),
            func.count(clicks.c.visitor.distinct()),
            func.count(clicks.c.agent_id.distinct()),
            func.count().filter(clicks.c.flags.bitwise_and(NO_LANGUAGES) > 0),
        )
        .where(chosen, _NOT_HUMAN, clicks.c.reason == BURST)
        .group_by(clicks.c.link_id, "minute")
        .order_by(desc("minute"), clicks.c.link_id)
        .limit(MOST_BURSTS)
        .subquery()
    )
    query = (
        select(Link, found)
        .join(Link, Link.id == found.c.link_id)
        .order_by(found.c.minute.desc(), found.c.link_id)
    )
    return [
        BurstLine(link.name, from_ms(at), *counts)
        for link, _, at, *counts in session.execute(query)
    ]


def _newest(
    session: Session, chosen: Clicks, reason: str | None, agent_id: int | None
) -> list[ClickLine]:
    newest = (
        select(clicks)
        .where(chosen, _NOT_HUMAN)
        .order_by(clicks.c.clicked_at.desc(), clicks.c.seq.desc())
        .limit(MOST_CLICKS)
    )
    if reason is not None:
        newest = newest.where(clicks.c.reason == REASON_NUMBER[reason])
    if agent_id is not None:
        newest = newest.where(clicks.c.agent_id == agent_id)
    found = newest.subquery()  # before the joins, by which SQLite would begin
    query = (
        select(found.c.clicked_at, Link, found.c.reason, agents.c.user_agent, referrers.c.host)
        .join(Link, found.c.link_id == Link.id)
        .join(agents, found.c.agent_id == agents.c.id)
        .join(referrers, found.c.referrer_id == referrers.c.id)
        .order_by(found.c.clicked_at.desc(), found.c.seq.desc())
    )
    return [
        ClickLine(from_ms(at), link.name, REASONS[number], user_agent, host)
        for at, link, number, user_agent, host in session.execute(query)
    ]


def deleted_before(session: Session) -> datetime | None:
    """Return before when single clicks are deleted, or None where none are."""
    query = select(click_facts.c.value).where(click_facts.c.name == DELETED_BEFORE)
    at = session.scalar(query)
    return None if at is None else from_ms(at)


def proxy_is_not_trusted(session: Session) -> bool:
    """Whether nine of ten of the newest clicks came through a proxy that is not trusted.

    Then they all seem to come from one address, the proxy's, and visitors run together.
    """
    flags = session.scalars(
        select(clicks.c.flags).order_by(clicks.c.seq.desc()).limit(NEWEST)
    ).all()
    through = sum(flag & FORWARDED > 0 for flag in flags)
    return len(flags) >= 10 and through >= NINE_IN_TEN * len(flags)

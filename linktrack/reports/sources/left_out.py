"""What was left out of the figures: by reason, by agent, and when."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.calendar.times import utc
from linktrack.clicks.facts import DELETED_BEFORE
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import EVERY, Every, Which
from linktrack.clicks.models import agents, click_facts, referrers
from linktrack.clicks.vocabulary import BURST, FORWARDED, LEFT_OUT, MINUTE, REASON_NUMBER, REASONS
from linktrack.db import from_ms, to_ms
from linktrack.errors import Invalid, Unavailable
from linktrack.links.models import Link
from linktrack.reports.days import DayCounts
from linktrack.reports.sources.left_out_agents import (
    Agent,
    Months,
    Told,
    agents_left_out,
    last_left_out,
)

MOST_AGENTS: Final = 50
MOST_CLICKS: Final = 50
MOST_BURSTS: Final = 20
NEWEST: Final = 1_000
"""Clicks that are looked at to see whether a proxy is not trusted."""

NINE_IN_TEN: Final = 0.9


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


def of_accounts(session: Session, account_ids: Sequence[int], days: DayRange) -> Which:
    """Return which clicks are those of accounts within days.

    Each click's link is looked up, unless these are all accounts there are: for `IN`, SQLite would
    look up the clicks of every link.
    """
    # The table itself is asked: a session that is limited to some accounts hides the others from
    # every query for `Account`, and would take its own for all there are.
    accounts = Account.__table__.c
    others = select(accounts.id).where(accounts.id.not_in(account_ids)).limit(1)
    are_all = session.scalar(others) is None
    return Which(
        accounts=None if are_all else account_ids, since=to_ms(days.since), until=to_ms(days.end)
    )


def of_links(
    links: ColumnElement[bool], days: DayRange | None = None, until: datetime | None = None
) -> Which:
    """Return which clicks are those of some links: within days, or before a moment, or all."""
    chosen = Which(links=select(Link.id).where(links))
    if days is not None:
        return replace(chosen, since=to_ms(days.since), until=to_ms(days.end))
    return chosen if until is None else replace(chosen, until=to_ms(until))


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
    which: Which,
    people: int,
    reason: str | None = None,
    agent_id: int | None = None,
    *,
    months: Months | None = None,
) -> LeftOut:
    """Return what was left out of some clicks, beside those of so many `people`'s clicks.

    The newest are narrowed to a reason or an agent. `months` are those of which the clicks are
    counted. Raises `Invalid` for a reason there is not.
    """
    if reason is not None and reason not in LEFT_OUT:
        raise Invalid(f"{reason[:40]!r} isn't a reason: choose one of {', '.join(LEFT_OUT)}.")
    reasons: defaultdict[str, int] = defaultdict(int)
    chosen = replace(which, left_out=True)
    counted = agents_left_out(session, chosen, months)
    for (number, _), agent in sorted(counted.items()):
        reasons[REASONS[number]] += agent.clicks
    lines = [
        (agent.clicks, told)
        for told, agent in counted.items()
        if reason is None or REASONS[told[0]] == reason
    ]
    shown = {REASONS[number] for _, (number, _) in lines}
    most = {told: counted[told] for _, told in sorted(lines, reverse=True)[:MOST_AGENTS]}
    named = _agents(session, most, last_left_out(session, chosen, months, most))
    return LeftOut(
        clicks=people + sum(reasons.values()),
        reasons=dict(sorted(reasons.items(), key=lambda item: -item[1])),
        agents=named,
        bursts=_bursts(session, chosen) if "burst" in shown else [],
        newest=_newest(session, chosen, reason, agent_id),
        deleted_before=deleted_before(session),
    )


def _agents(
    session: Session, most: Mapping[Told, Agent], last: Mapping[Told, int]
) -> list[AgentLine]:
    query = select(agents.c.id, agents.c.user_agent, agents.c.rule)
    found = {
        row.id: row
        for row in session.execute(query.where(agents.c.id.in_({number for _, number in most})))
    }
    return [
        AgentLine(
            id=number,
            user_agent=found[number].user_agent,
            reason=REASONS[reason],
            rule=found[number].rule,
            clicks=agent.clicks,
            last_at=from_ms(last[reason, number]),
        )
        for (reason, number), agent in most.items()
        if (reason, number) in last
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


def _bursts(session: Session, chosen: Which) -> list[BurstLine]:
    found = clicks_of(session).count(
        replace(chosen, reasons=(BURST,)),
        (Every(MINUTE), "link_id"),
        ("clicks", "visitors", "agents", "without_languages"),
        latest=MOST_BURSTS,
    )
    query = select(Link).where(Link.id.in_({link_id for _, link_id, *_ in found}))
    links = {link.id: link for link in session.scalars(query)}
    return [
        BurstLine(links[link_id].name, from_ms(minute * MINUTE), *counts)
        for minute, link_id, *counts in sorted(found, key=lambda row: (-row[0], row[1]))
        if link_id in links
    ]


def _newest(
    session: Session, chosen: Which, reason: str | None, agent_id: int | None
) -> list[ClickLine]:
    newest = replace(
        chosen,
        reasons=None if reason is None else (REASON_NUMBER[reason],),
        agents=None if agent_id is None else (agent_id,),
    )
    click = clicks_of(session).table(newest, limit=MOST_CLICKS, newest_first=True).c
    query = (
        select(click.clicked_at, Link, click.reason, agents.c.user_agent, referrers.c.host)
        .join(Link, click.link_id == Link.id)
        .join(agents, click.agent_id == agents.c.id)
        .join(referrers, click.referrer_id == referrers.c.id)
        .order_by(click.clicked_at.desc(), click.seq.desc())
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
    try:
        flags = clicks_of(session).rows(EVERY, ("flags",), last=NEWEST)
    except Unavailable:  # which health says by itself
        return False
    through = sum(flag & FORWARDED > 0 for (flag,) in flags)
    return len(flags) >= 10 and through >= NINE_IN_TEN * len(flags)

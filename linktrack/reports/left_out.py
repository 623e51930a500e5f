"""What was left out of the figures, from the single clicks: by reason, by agent, and when."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from linktrack.clicks.burst import BURST, MINUTE
from linktrack.clicks.facts import DELETED_BEFORE
from linktrack.clicks.models import agents, click_facts, clicks, referrers
from linktrack.clicks.vocabulary import (
    FORWARDED,
    HUMAN,
    NO_LANGUAGES,
    REASON_NUMBER,
    REASONS,
)
from linktrack.db import from_ms, to_ms
from linktrack.errors import Invalid
from linktrack.links.models import Link
from linktrack.reports.ranges import DayRange

MOST_AGENTS: Final = 50
MOST_CLICKS: Final = 50
MOST_BURSTS: Final = 20
NEWEST: Final = 1_000
"""Clicks that are looked at to see whether a proxy is not trusted."""

NINE_IN_TEN: Final = 0.9

Clicks = ColumnElement[bool]


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


def of_links(
    links: ColumnElement[bool], days: DayRange | None = None, until: datetime | None = None
) -> Clicks:
    """Return the condition for the clicks of links: within days, before a moment, or all."""
    chosen: Clicks = clicks.c.link_id.in_(select(Link.id).where(links))
    if days is not None:
        chosen = and_(
            chosen,
            clicks.c.clicked_at >= to_ms(days.since),
            clicks.c.clicked_at < to_ms(days.end),
        )
    return chosen if until is None else and_(chosen, clicks.c.clicked_at < to_ms(until))


def links_of(
    *,
    account_ids: Sequence[int] = (),
    post_id: int | None = None,
    link_id: int | None = None,
) -> ColumnElement[bool]:
    """Return the condition for the links of accounts, of one post, or for one link."""
    if link_id is not None:
        return Link.id == link_id
    return Link.post_id == post_id if post_id is not None else Link.account_id.in_(account_ids)


def left_out(
    session: Session, chosen: Clicks, reason: str | None = None, agent_id: int | None = None
) -> LeftOut:
    """Return what was left out of the chosen clicks; the newest narrowed to a reason or an agent.

    Raises `Invalid` for a reason there is not.
    """
    if reason is not None and reason not in REASONS[1:]:
        raise Invalid(f"{reason[:40]!r} is no reason: choose one of {', '.join(REASONS[1:])}.")
    reasons: defaultdict[str, int] = defaultdict(int)
    total = 0
    counted = func.count().label("clicks")
    lines: list[tuple[int, int, int, int]] = []
    for number, agent, count, last in session.execute(
        select(clicks.c.reason, clicks.c.agent_id, counted, func.max(clicks.c.clicked_at))
        .where(chosen)
        .group_by(clicks.c.reason, clicks.c.agent_id)
    ):
        total += count
        if number != HUMAN:
            reasons[REASONS[number]] += count
            lines.append((count, number, agent, last))
    lines = [line for line in lines if reason is None or REASONS[line[1]] == reason]
    named = _agents(session, sorted(lines, reverse=True)[:MOST_AGENTS])
    return LeftOut(
        clicks=total,
        reasons=dict(sorted(reasons.items(), key=lambda item: -item[1])),
        agents=named,
        bursts=_bursts(session, chosen) if reason in (None, "burst") else [],
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
            agent,
            found[agent].user_agent,
            REASONS[number],
            found[agent].rule,
            count,
            from_ms(last),
        )
        for count, number, agent, last in lines
    ]


def _bursts(session: Session, chosen: Clicks) -> list[BurstLine]:
    minute = clicks.c.clicked_at - clicks.c.clicked_at % MINUTE
    query = (
        select(
            Link.code,
            minute,
            func.count(),
            func.count(clicks.c.visitor.distinct()),
            func.count(clicks.c.agent_id.distinct()),
            func.count().filter(clicks.c.flags.bitwise_and(NO_LANGUAGES) > 0),
        )
        .join_from(clicks, Link, clicks.c.link_id == Link.id)
        .where(chosen, clicks.c.reason == BURST)
        .group_by(Link.id, Link.code, minute)
        .order_by(minute.desc(), Link.id)
        .limit(MOST_BURSTS)
    )
    return [
        BurstLine(code or "", from_ms(at), *counts) for code, at, *counts in session.execute(query)
    ]


def _newest(
    session: Session, chosen: Clicks, reason: str | None, agent_id: int | None
) -> list[ClickLine]:
    query = (
        select(
            clicks.c.clicked_at,
            Link.code,
            clicks.c.reason,
            agents.c.user_agent,
            referrers.c.host,
        )
        .join_from(clicks, Link, clicks.c.link_id == Link.id)
        .join(agents, clicks.c.agent_id == agents.c.id)
        .join(referrers, clicks.c.referrer_id == referrers.c.id)
        .where(chosen, clicks.c.reason != HUMAN)
        .order_by(clicks.c.clicked_at.desc(), clicks.c.seq.desc())
        .limit(MOST_CLICKS)
    )
    if reason is not None:
        query = query.where(clicks.c.reason == REASON_NUMBER[reason])
    if agent_id is not None:
        query = query.where(clicks.c.agent_id == agent_id)
    return [
        ClickLine(from_ms(at), code or "", REASONS[number], user_agent, host)
        for at, code, number, user_agent, host in session.execute(query)
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

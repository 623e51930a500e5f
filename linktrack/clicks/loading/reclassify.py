"""Apply the current rules to stored agents and referrers, and to their clicks."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from linktrack.calendar.days import Days
from linktrack.clicks.classify.agents import RULES_VERSION as AGENT_RULES
from linktrack.clicks.classify.agents import TOLD, classify_agent
from linktrack.clicks.classify.referrers import RULES_VERSION as REFERRER_RULES
from linktrack.clicks.classify.referrers import classify_referrer
from linktrack.clicks.counts.changes import change_reasons, recount_told_otherwise
from linktrack.clicks.facts import RECLASSIFIED, read_fact, write_fact
from linktrack.clicks.keeping.interface import Walk
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Which
from linktrack.clicks.loading.burst import judge_minutes
from linktrack.clicks.loading.devices import recount_devices
from linktrack.clicks.loading.store import ClickStore, judge
from linktrack.clicks.models import agents, referrers, sources
from linktrack.clicks.vocabulary import BURST, HUMAN, MINUTE, REASON_NUMBER, REASONS

STEP: Final = 5_000  # clicks looked at in one transaction
AGENTS: Final = 500
MOVING: Final = 0
"""The rules' version of an agent whose clicks are not all changed yet: a killed run is resumed."""


@dataclass(slots=True)
class Reclassified:
    """What a run did. `reasons` has clicks by (before, after), "human" being a person."""

    agents: int = 0
    agents_changed: int = 0
    referrers: int = 0
    referrers_changed: int = 0
    clicks_of_other_sources: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)


def reclassify(store: ClickStore, days: Days) -> Reclassified:
    """Apply the rules as they are now; running it again changes nothing.

    Agents' clicks change in steps, each a transaction; referrers' all in one.
    """
    done = Reclassified()
    while _classify_agents(store, done):
        pass
    with store.engine.connect() as connection:
        query = select(agents.c.id, agents.c.reason).where(agents.c.rules_version == MOVING)
        moving: dict[int, int] = {row.id: row.reason for row in connection.execute(query)}
    if moving:
        _change_clicks(store, moving, days, done)
        with store.transaction() as connection:
            connection.execute(
                update(agents)
                .where(agents.c.rules_version == MOVING)
                .values(rules_version=AGENT_RULES)
            )
    with store.transaction() as connection:
        if recount_devices(connection, days):
            _tell_loaders(connection)
    with store.transaction() as connection:
        _classify_referrers(connection, days, done)
    return done


def _classify_agents(store: ClickStore, done: Reclassified) -> bool:
    """Classify some agents anew; return whether there were any."""
    query = (
        select(agents.c.id, agents.c.user_agent, agents.c.reason)
        .where(agents.c.rules_version.not_in((AGENT_RULES, MOVING, TOLD)))
        .order_by(agents.c.id)
        .limit(AGENTS)
    )
    with store.engine.connect() as connection:
        rows = connection.execute(query).all()
    if not rows:
        return False
    values = []
    for row in rows:
        found = classify_agent(row.user_agent)
        reason = REASON_NUMBER[found.reason or "human"]
        done.agents_changed += reason != row.reason
        values.append(
            {
                "of": row.id,
                "reason_now": reason,
                "rule_now": found.rule and found.rule[:60],
                "device_now": found.device,
                "browser_now": found.browser and found.browser[:60],
                "os_now": found.os and found.os[:60],
                "version": AGENT_RULES if reason == row.reason else MOVING,
            }
        )
    done.agents += len(rows)
    with store.transaction() as connection:
        connection.execute(
            update(agents)
            .where(agents.c.id == bindparam("of"))
            .values(
                reason=bindparam("reason_now"),
                rule=bindparam("rule_now"),
                device=bindparam("device_now"),
                browser=bindparam("browser_now"),
                os=bindparam("os_now"),
                rules_version=bindparam("version"),
            ),
            values,
        )
        _tell_loaders(connection)
    return True


def _change_clicks(
    store: ClickStore, moving: dict[int, int], days: Days, done: Reclassified
) -> None:
    after, walk = 0, Walk()
    while True:
        with store.transaction() as connection:
            table = clicks_of(connection).table(Which(after=after), limit=STEP, walk=walk)
            rows = connection.execute(select(table).order_by(table.c.seq)).all()
            if not rows:
                return
            after = rows[-1].seq
            wanted: dict[int, int] = {}
            minutes = set()
            for row in rows:
                if row.agent_id not in moving:
                    continue
                reason = judge(row.flags, moving[row.agent_id])
                if reason == row.reason or (reason == HUMAN and row.reason == BURST):
                    continue
                wanted[row.seq] = reason
                minutes.add((row.link_id, row.clicked_at // MINUTE))
                done.reasons[REASONS[row.reason], REASONS[reason]] += 1
            if wanted:
                change_reasons(connection, wanted, days)
                judge_minutes(connection, minutes, days)


def _classify_referrers(connection: Connection, days: Days, done: Reclassified) -> None:
    query = select(referrers.c.id, referrers.c.referrer, referrers.c.source_id)
    rows = connection.execute(query.where(referrers.c.rules_version != REFERRER_RULES)).all()
    known = {(row.name, row.medium): row.id for row in connection.execute(select(sources)).all()}
    before: dict[int, int] = {}
    values = []
    for row in rows:
        found = classify_referrer(row.referrer)
        name = (found.source or "", found.medium)
        if name not in known:
            made = insert(sources).values(name=name[0], medium=name[1]).returning(sources.c.id)
            known[name] = connection.execute(made).scalar_one()
        if known[name] != row.source_id:
            before[row.id] = row.source_id
        values.append({"of": row.id, "source": known[name], "rule_now": found.rule[:60]})
    if values:
        connection.execute(
            update(referrers)
            .where(referrers.c.id == bindparam("of"))
            .values(
                source_id=bindparam("source"),
                rule=bindparam("rule_now"),
                rules_version=REFERRER_RULES,
            ),
            values,
        )
        _tell_loaders(connection)
    done.referrers, done.referrers_changed = len(rows), len(before)
    done.clicks_of_other_sources = recount_told_otherwise(
        connection, "referrer_id", "source_id", before, days
    )


def _tell_loaders(connection: Connection) -> None:
    write_fact(connection, RECLASSIFIED, (read_fact(connection, RECLASSIFIED) or 0) + 1)

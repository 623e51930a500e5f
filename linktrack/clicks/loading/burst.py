"""Detect bursts: many visitors within one minute who are really one program.

A post in the fediverse is fetched by hundreds of servers at once, and a mail by its scanners;
some send a browser's name. A real peak is as sudden. Three things tell them apart, and a real
peak lacks them: such visitors come from nowhere (no referrer), and either name no language, which
every browser does, or are all but identical: one to three user agents, twenty visitors to each.

What a minute's clicks are depends on all of them, so it is judged again whenever it gains one,
from the stored clicks: the order of loading does not matter.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, Connection, and_, func, select, text

from linktrack.calendar.days import Days
from linktrack.chunks import chunked
from linktrack.clicks.counts.changes import change_reasons
from linktrack.clicks.models import clicks, referrers
from linktrack.clicks.vocabulary import HUMAN, NO_LANGUAGES, REASON_NUMBER
from linktrack.db import is_sqlite
from linktrack.ids import LinkId

MINUTE: Final = 60_000
LEAST: Final = 10
"""Visitors in a minute of a link below which nothing is a burst."""

LEAST_ALIKE: Final = 20
"""Visitors to each agent, of those who name a language and are a burst for being alike."""

SHARE: Final = 95
"""Per cent of the minute's visitors without a referrer whom the commonest agents must have."""

MOST_AGENTS: Final = 3
BURST: Final = REASON_NUMBER["burst"]
STEP: Final = 2_000  # minutes asked for at once

Group: TypeAlias = tuple[int, bool]  # agent, and whether it names no language
Minute: TypeAlias = tuple[LinkId, int]  # link, and minutes since 1970 UTC


def storm(visitors: Mapping[Group, int]) -> set[Group]:
    """Return which of a minute's groups are a burst. Pure.

    `visitors` has those of one link and minute who sent no referrer and are otherwise people.
    """
    silent = {group: count for group, count in visitors.items() if group[1]}
    found = set(silent) if sum(silent.values()) >= LEAST else set()
    named = {group: count for group, count in visitors.items() if not group[1]}
    total = sum(named.values())
    counts = sorted(named.values(), reverse=True)
    for agents in range(1, min(MOST_AGENTS, len(counts)) + 1):
        if total >= LEAST_ALIKE * agents and 100 * sum(counts[:agents]) >= SHARE * total:
            # By their size, so that of two as common neither is chosen by its number.
            found |= {group for group, count in named.items() if count >= counts[agents - 1]}
            break
    return found


def judge_minutes(connection: Connection, minutes: Iterable[Minute], days: Days) -> int:
    """Judge these minutes by the clicks that are stored; return how many clicks changed.

    A click that no longer belongs to a burst becomes a person's again. The caller holds the
    write lock.
    """
    wanted: dict[int, int] = {}
    for minute, groups in _groups(connection, _busy(connection, minutes)).items():
        chosen = storm({group: visitors for group, (visitors, _, _) in groups.items()})
        for group, (_, human, burst) in groups.items():
            is_burst = group in chosen
            if human if is_burst else burst:
                seqs = _clicks_of(connection, minute, group, HUMAN if is_burst else BURST)
                wanted |= dict.fromkeys(seqs, BURST if is_burst else HUMAN)
    return change_reasons(connection, wanted, days) if wanted else 0


def _busy(connection: Connection, minutes: Iterable[Minute]) -> list[Minute]:
    """Return those minutes that have enough visitors, or clicks of a burst, among their clicks.

    First by the number of their clicks, which the index tells alone: hardly any minute has ten.
    """
    asked = sorted(set(minutes))
    many = _having(connection, asked, f"count(*) >= {LEAST}")
    return _having(
        connection,
        many,
        f"count(DISTINCT CASE WHEN c.reason IN ({HUMAN}, {BURST}) THEN c.visitor END) >= {LEAST}"
        f" OR max(CASE WHEN c.reason = {BURST} THEN 1 ELSE 0 END) = 1",
    )


def _having(connection: Connection, asked: Sequence[Minute], condition: str) -> list[Minute]:
    """Return those minutes whose clicks meet a condition.

    Minutes are handed over as one JSON value: thousands of them cost the database an index
    look-up each, and no statement of another length.
    """
    if is_sqlite(connection):
        given = "json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:minutes)"
    else:
        given = (
            "CAST(value->>0 AS integer), CAST(value->>1 AS bigint)"
            " FROM jsonb_array_elements(CAST(:minutes AS jsonb))"
        )
    query = text(
        f"WITH m(link_id, minute) AS MATERIALIZED (SELECT {given})"  # noqa: S608 - parts from here
        " SELECT m.link_id, m.minute FROM m JOIN clicks AS c ON c.link_id = m.link_id"
        f" AND c.clicked_at >= m.minute * {MINUTE} AND c.clicked_at < (m.minute + 1) * {MINUTE}"
        f" GROUP BY m.link_id, m.minute HAVING {condition}"
    )
    found: list[Minute] = []
    for part in chunked(asked, STEP):
        rows = connection.execute(query, {"minutes": json.dumps(part)})
        found += [(link_id, minute) for link_id, minute in rows]
    return found


def _groups(
    connection: Connection, minutes: Iterable[Minute]
) -> dict[Minute, dict[Group, tuple[int, int, int]]]:
    """Return (visitors, clicks of people, clicks of a burst) of each group of each minute."""
    found: defaultdict[Minute, dict[Group, tuple[int, int, int]]] = defaultdict(dict)
    silent = clicks.c.flags.bitwise_and(NO_LANGUAGES)
    query = (
        select(
            clicks.c.agent_id,
            silent,
            func.count(clicks.c.visitor.distinct()),
            func.count().filter(clicks.c.reason == HUMAN),
            func.count().filter(clicks.c.reason == BURST),
        )
        .where(_candidates())
        .group_by(clicks.c.agent_id, silent)
    )
    for link_id, minute in minutes:  # rare, and each is a range of the index of its own
        for agent_id, flag, *sums in connection.execute(query.where(_within(link_id, minute))):
            visitors, human, burst = sums
            found[link_id, minute][agent_id, bool(flag)] = (visitors, human, burst)
    return found


def _clicks_of(connection: Connection, minute: Minute, group: Group, reason: int) -> list[int]:
    agent_id, is_silent = group
    query = select(clicks.c.seq).where(
        _candidates(),
        _within(*minute),
        clicks.c.agent_id == agent_id,
        clicks.c.flags.bitwise_and(NO_LANGUAGES) == (NO_LANGUAGES if is_silent else 0),
        clicks.c.reason == reason,
    )
    return list(connection.scalars(query))


def _candidates() -> ColumnElement[bool]:
    none = select(referrers.c.id).where(referrers.c.referrer == "").scalar_subquery()
    return and_(
        clicks.c.reason.in_((HUMAN, BURST)),
        clicks.c.visitor.is_not(None),
        clicks.c.referrer_id == none,
    )


def _within(link_id: LinkId, minute: int) -> ColumnElement[bool]:
    return and_(
        clicks.c.link_id == link_id,
        clicks.c.clicked_at >= minute * MINUTE,
        clicks.c.clicked_at < (minute + 1) * MINUTE,
    )

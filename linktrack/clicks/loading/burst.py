"""Detect bursts: many visitors within one minute who are really one program.

A post in the fediverse is fetched by hundreds of servers at once, and a mail by its scanners;
some send a browser's name. A real peak is as sudden. Three things tell them apart, and a real
peak lacks them: such visitors come from nowhere (no referrer), and either name no language, which
every browser does, or are all but identical: one to three user agents, twenty visitors to each.

What a minute's clicks are depends on all of them, so it is judged again whenever it gains one,
from the stored clicks: the order of loading does not matter.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from sqlalchemy import Connection, select

from linktrack.calendar.days import Days
from linktrack.clicks.counts.changes import change_reasons
from linktrack.clicks.keeping.interface import Clicks, Minute
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import By, Column, Which
from linktrack.clicks.models import referrers
from linktrack.clicks.vocabulary import BURST, HUMAN, MINUTE, NO_LANGUAGES

LEAST: Final = 10
"""Visitors in a minute of a link below which nothing is a burst."""

LEAST_ALIKE: Final = 20
"""Visitors to each agent, of those who name a language and are a burst for being alike."""

SHARE: Final = 95
"""Per cent of the minute's visitors without a referrer whom the commonest agents must have."""

MOST_AGENTS: Final = 3

Group: TypeAlias = tuple[int, bool]  # agent, and whether it names no language


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
    clicks = clicks_of(connection)
    busy = clicks.busy_minutes(sorted(set(minutes)), LEAST)
    if not busy:
        return 0
    none = connection.scalars(select(referrers.c.id).where(referrers.c.referrer == "")).all()
    wanted: dict[int, int] = {}
    for minute in busy:  # rare, and each is a range of the index of its own
        groups = _groups(clicks, minute, none)
        chosen = storm({group: visitors for group, (visitors, _, _) in groups.items()})
        moving = {
            group: BURST if group in chosen else HUMAN
            for group, (_, people, of_burst) in groups.items()
            if (people if group in chosen else of_burst)
        }
        if moving:
            wanted |= _reasons(clicks, minute, none, moving)
    return change_reasons(connection, wanted, days) if wanted else 0


def _groups(
    clicks: Clicks, minute: Minute, none: Sequence[int]
) -> dict[Group, tuple[int, int, int]]:
    """Return (visitors, clicks of people, clicks of a burst) of each group of a minute."""
    found: dict[Group, tuple[int, int, int]] = {}
    by: tuple[By, ...] = ("agent_id", "without_languages")
    figures = clicks.count(_candidates(minute, none), by, ("visitors", "people", "bursts"))
    for agent_id, is_silent, visitors, people, bursts in figures:
        found[agent_id, bool(is_silent)] = (visitors, people, bursts)
    return found


def _reasons(
    clicks: Clicks, minute: Minute, none: Sequence[int], moving: Mapping[Group, int]
) -> dict[int, int]:
    """Return the reasons of a minute's clicks (by `seq`) that get another one with their group."""
    columns: tuple[Column, ...] = ("seq", "agent_id", "flags", "reason")
    reasons = {}
    for seq, agent_id, flags, reason in clicks.rows(_candidates(minute, none), columns):
        wanted = moving.get((agent_id, flags & NO_LANGUAGES > 0), reason)
        if wanted != reason:
            reasons[seq] = wanted
    return reasons


def _candidates(minute: Minute, none: Sequence[int]) -> Which:
    link_id, number = minute
    return Which(
        links=(link_id,),
        since=number * MINUTE,
        until=(number + 1) * MINUTE,
        reasons=(HUMAN, BURST),
        with_visitor=True,
        referrers=none,
    )

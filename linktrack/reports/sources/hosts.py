"""Where people's clicks came from, from the single clicks: source → host."""

from collections import defaultdict
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.clicks.bulk import among
from linktrack.clicks.columns import read_columns
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Which
from linktrack.clicks.models import referrers, sources
from linktrack.clicks.vocabulary import HUMAN

MOST: Final = 20
"""Hosts of a source that are named: X alone has a code for each post."""


class HostLine(NamedTuple):
    """People's clicks from one referrer: its host, of X with the code that tells the post."""

    referrer: str
    clicks: int


@dataclass(frozen=True, slots=True)
class SourceLine:
    """People's clicks from one source; no name means that no referrer was sent.

    `hosts` are the `MOST` that most clicks came from, of as many as `host_count`.
    """

    source: str | None
    medium: str
    clicks: int
    hosts: list[HostLine]
    host_count: int


def clicks_by_host(session: Session, which: Which) -> list[SourceLine]:
    """Return people's clicks among these by source, each with its hosts, most first."""
    # Counted by the index alone, and only then named.
    rows = clicks_of(session).count(replace(which, reasons=(HUMAN,)), ("referrer_id",))
    counted: dict[int, int] = dict(rows)
    if not counted:
        return []
    query = select(referrers.c.id, referrers.c.referrer, referrers.c.source_id).where(
        among(session.connection(), referrers.c.id, sorted(counted))
    )
    found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for number, referrer, source_id in zip(*read_columns(session, query), strict=True):
        found[source_id].append((-counted[number], referrer.removeprefix("//")))
    named = select(sources).where(among(session.connection(), sources.c.id, sorted(found)))
    lines = [
        _source_line(name or None, medium, found[source_id])
        for source_id, name, medium in session.execute(named)
    ]
    return sorted(lines, key=lambda line: (-line.clicks, line.source or ""))


def _source_line(name: str | None, medium: str, found: list[tuple[int, str]]) -> SourceLine:
    """Return a source's line; `found` are its hosts, each after its clicks with a minus."""
    clicks = -sum(less for less, _ in found)
    if name is None:
        return SourceLine(None, medium, clicks, [], 0)
    hosts = [HostLine(host, -less) for less, host in nsmallest(MOST, found)]
    return SourceLine(name, medium, clicks, hosts, len(found))

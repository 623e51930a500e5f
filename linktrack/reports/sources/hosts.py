"""Where people's clicks came from, from the single clicks: source → host."""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.clicks.bulk import given
from linktrack.clicks.columns import read_columns
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Which
from linktrack.clicks.models import referrers, sources
from linktrack.clicks.vocabulary import HUMAN


class HostLine(NamedTuple):
    """People's clicks from one referrer: its host, of X with the code that tells the post."""

    referrer: str
    clicks: int


@dataclass(frozen=True, slots=True)
class SourceLine:
    """People's clicks from one source, with its hosts; no name means that no referrer was sent."""

    source: str | None
    medium: str
    clicks: int
    hosts: list[HostLine]


def clicks_by_host(session: Session, which: Which) -> list[SourceLine]:
    """Return people's clicks among these by source, each with its hosts, most first."""
    # Counted by the index alone, and only then named.
    rows = clicks_of(session).count(replace(which, reasons=(HUMAN,)), ("referrer_id",))
    if not rows:
        return []
    counted = given(session.connection(), rows, ("referrer_id", "clicks"))
    query = (
        select(sources.c.name, sources.c.medium, referrers.c.referrer, counted.c.clicks)
        .join_from(counted, referrers, counted.c.referrer_id == referrers.c.id)
        .join(sources, referrers.c.source_id == sources.c.id)
    )
    found: defaultdict[tuple[str, str], list[HostLine]] = defaultdict(list)
    for name, medium, referrer, count in zip(*read_columns(session, query), strict=True):
        found[name, medium].append(HostLine(referrer.removeprefix("//"), int(count)))
    for hosts in found.values():
        hosts.sort(key=lambda host: (-host.clicks, host.referrer))
    lines = [
        SourceLine(name or None, medium, sum(host.clicks for host in hosts), hosts if name else [])
        for (name, medium), hosts in found.items()
    ]
    return sorted(lines, key=lambda line: (-line.clicks, line.source or ""))

"""Where people's clicks came from, from the single clicks: source → host."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from linktrack.clicks.models import clicks, referrers, sources
from linktrack.clicks.vocabulary import HUMAN


@dataclass(frozen=True, slots=True)
class HostLine:
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


def clicks_by_host(session: Session, chosen: ColumnElement[bool]) -> list[SourceLine]:
    """Return people's clicks of the chosen ones by source, each with its hosts, most first."""
    # Counted by the index alone, and only then named.
    counted = (
        select(clicks.c.referrer_id, func.count().label("clicks"))
        .where(chosen, clicks.c.reason == HUMAN)
        .group_by(clicks.c.referrer_id)
        .subquery()
    )
    query = (
        select(sources.c.name, sources.c.medium, referrers.c.referrer, counted.c.clicks)
        .join_from(counted, referrers, counted.c.referrer_id == referrers.c.id)
        .join(sources, referrers.c.source_id == sources.c.id)
        .order_by(counted.c.clicks.desc(), referrers.c.referrer)
    )
    found: dict[tuple[str, str], list[HostLine]] = {}
    for name, medium, referrer, count in session.execute(query):
        found.setdefault((name, medium), []).append(HostLine(referrer.removeprefix("//"), count))
    lines = [
        SourceLine(name or None, medium, sum(host.clicks for host in hosts), hosts if name else [])
        for (name, medium), hosts in found.items()
    ]
    return sorted(lines, key=lambda line: (-line.clicks, line.source or ""))

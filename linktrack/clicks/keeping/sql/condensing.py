"""Condense people's clicks in the SQL database, so that reports can be made of some of them."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Label,
    Select,
    case,
    exists,
    func,
    literal,
    select,
    tuple_,
    type_coerce,
)

from linktrack.calendar.days import QUARTER
from linktrack.clicks.keeping.dressing import COUNTED_AS, known
from linktrack.clicks.keeping.sql.conditions import conditions
from linktrack.clicks.keeping.sql.reading import span_of
from linktrack.clicks.keeping.which import Every, Facet, Which
from linktrack.clicks.models import agents, clicks, first_clicks, referrers
from linktrack.clicks.vocabulary import HOUR, HUMAN, MOST_HOURS, WINDOW_LENGTHS
from linktrack.links.models import Link, Post

PART: Final = 5_000

_POSTED: Final = type_coerce(Post.posted_at, BigInteger)


def condense(
    connection: Connection, which: Which, by: Sequence[Facet]
) -> Iterator[Sequence[tuple[int, ...]]]:
    """Yield people's clicks by group, then visitors' first clicks by group."""
    for query in (_clicks(connection, which, by), _firsts(which, by)):
        found = connection.execute(query, execution_options={"yield_per": PART})
        for part in found.partitions():
            yield [tuple(map(int, row)) for row in part]


def _clicks(connection: Connection, which: Which, by: Sequence[Facet]) -> Select[*tuple[Any, ...]]:
    column = clicks.c
    groups: dict[Facet, ColumnElement[int]] = {
        "link_id": column.link_id,
        "quarter": span_of(column.clicked_at, Every(QUARTER)),
        "age": _age(column.clicked_at),
        "segment_id": column.segment_id,
        "referrer": COUNTED_AS,
        "country": known(column.country),
        "device": agents.c.device_id,
        "language": column.language,
    }
    anonymous = func.sum(case((column.visitor.is_(None), 1), else_=0))
    chosen = _named(groups, by)
    return (
        select(*chosen, func.count(), anonymous, anonymous, anonymous)
        .join_from(clicks, Link, column.link_id == Link.id)
        .outerjoin(Post, Link.post_id == Post.id)
        .join(referrers, column.referrer_id == referrers.c.id)
        .join(agents, column.agent_id == agents.c.id)
        .where(column.reason == HUMAN, *conditions(connection, which))
        .group_by(*(group.name for group in chosen))
    )


def _firsts(which: Which, by: Sequence[Facet]) -> Select[*tuple[Any, ...]]:
    first, other = first_clicks.c, first_clicks.alias("earlier").c
    # Looked up for the wanted ones alone: to rank them all takes as long as there are any.
    on_another_link = exists().where(
        other.post_or_link == first.post_or_link,
        other.visitor == first.visitor,
        other.link_id != first.link_id,
        tuple_(other.first_at, other.segment_id, other.referrer_id, other.link_id)
        < tuple_(first.first_at, first.segment_id, first.referrer_id, first.link_id),
    )
    groups: dict[Facet, ColumnElement[int]] = {
        "link_id": first.link_id,
        "quarter": span_of(first.first_at, Every(QUARTER)),
        "age": _age(first.first_at),
        "segment_id": first.segment_id,
        "referrer": first.referrer_id,
        "country": first.country,
        "device": first.device_id,
        "language": first.language,
    }
    wanted = (
        (first.country, which.countries),
        (first.language, which.languages),
        (first.device_id, which.devices),
        (first.source_id, which.sources),
        (first.segment_id, which.segments),
        (Link.account_id, which.accounts),
    )
    chosen = _named(groups, by)
    on_post = func.sum(case((on_another_link, 0), else_=1))
    query = (
        select(*chosen, literal(0), literal(0), func.count(), on_post)
        .join_from(first_clicks, Link, first.link_id == Link.id)
        .outerjoin(Post, Link.post_id == Post.id)
        .where(*(column.in_(values) for column, values in wanted if values is not None))
        .group_by(*(group.name for group in chosen))
    )
    if which.since is not None:
        query = query.where(first.first_at >= which.since)
    if which.until is not None:
        query = query.where(first.first_at < which.until)
    return query


def _named(groups: dict[Facet, ColumnElement[int]], by: Sequence[Facet]) -> list[Label[int]]:
    return [groups[name].label(f"by_{name}") for name in by]


def _age(moment: ColumnElement[int]) -> ColumnElement[int]:
    """Return the whole hours since the post."""
    age = moment - _POSTED
    return case(
        (_POSTED.is_(None), -1),
        (age < 0, 0),
        (age >= WINDOW_LENGTHS[-1], MOST_HOURS),
        else_=age // HOUR,
    )

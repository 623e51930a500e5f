"""Read single clicks from the SQL database."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, cast

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Text,
    case,
    desc,
    func,
    literal,
    select,
    text,
)

from linktrack.chunks import chunked
from linktrack.clicks.bulk import given
from linktrack.clicks.keeping.dressing import COUNTED_AS
from linktrack.clicks.keeping.interface import Minute
from linktrack.clicks.keeping.sql.conditions import conditions
from linktrack.clicks.keeping.which import By, Column, Every, Figure, Which
from linktrack.clicks.models import clicks, referrers
from linktrack.clicks.vocabulary import BURST, HUMAN, MINUTE, NO_LANGUAGES
from linktrack.db import is_sqlite

MINUTES: Final = 2_000  # asked for at once

_AGENTS: Final = 2**32
"""More than the numbers of agents go up to."""

_FIGURES: Final[dict[Figure, ColumnElement[int]]] = {
    "clicks": func.count(),
    "people": func.count().filter(clicks.c.reason == HUMAN),
    "bursts": func.count().filter(clicks.c.reason == BURST),
    "without_languages": func.count().filter(clicks.c.flags.bitwise_and(NO_LANGUAGES) > 0),
    "first_at": func.coalesce(func.min(clicks.c.clicked_at), 0),
    "last_at": func.coalesce(func.max(clicks.c.clicked_at), 0),
    "visitors": func.count(clicks.c.visitor.distinct()),
    "agents": func.count(clicks.c.agent_id.distinct()),
    "links": func.count(clicks.c.link_id.distinct()),
}


def chosen(connection: Connection, which: Which, *columns: ColumnElement[Any]) -> Select[Any]:
    """Return a query for columns of some clicks."""
    query = cast("Select[Any]", select(*columns)).where(*conditions(connection, which))
    if which.spans is None:
        return query.select_from(clicks)
    spans = given(connection, sorted(set(which.spans)), ("link_id", "since", "until"))
    return query.select_from(spans).join(
        clicks,
        (clicks.c.link_id == spans.c.link_id)
        & (clicks.c.clicked_at >= spans.c.since)
        & (clicks.c.clicked_at < spans.c.until),
    )


def rows(
    connection: Connection, which: Which, columns: Sequence[Column], last: int | None
) -> Sequence[tuple[Any, ...]]:
    """Return columns of some clicks."""
    query = chosen(connection, which, *(clicks.c[name] for name in columns))
    if last is not None:
        query = query.order_by(clicks.c.seq.desc()).limit(last)
    return [tuple(row) for row in connection.execute(query)]


def count(
    connection: Connection,
    which: Which,
    by: Sequence[By],
    figures: Sequence[Figure],
    latest: int | None,
) -> Sequence[tuple[Any, ...]]:
    """Return figures of clicks by group."""
    if tuple(by) == ("reason", "agent_id"):
        return _by_reason_and_agent(connection, which, figures)
    links = which.links
    if latest is None and tuple(figures) == ("clicks",) and is_sqlite(connection):
        match (tuple(by), links):
            case ((Every() as spans,), [_]):
                return _by_span_of_a_link(connection, which, spans)
    is_first_of_each = tuple(by) == ("link_id",) and tuple(figures) == ("first_at",)
    if is_first_of_each and links and not isinstance(links, Select):
        return _first_of_each_link(connection, which, links)
    groups = [_group(one).label(f"by_{place}") for place, one in enumerate(by)]
    query = chosen(connection, which, *groups, *(_FIGURES[figure] for figure in figures))
    query = query.group_by(*(group.name for group in groups))
    if latest is not None:
        query = query.order_by(desc(groups[0].name), *(group.name for group in groups[1:]))
        query = query.limit(latest)
    return [tuple(row) for row in connection.execute(query)]


def _by_reason_and_agent(
    connection: Connection, which: Which, figures: Sequence[Figure]
) -> Sequence[tuple[Any, ...]]:
    """Both in one number, by which SQLite sorts in two thirds of the time."""
    both = (clicks.c.reason * literal(_AGENTS, BigInteger) + clicks.c.agent_id).label("by_both")
    query = chosen(connection, which, both, *(_FIGURES[figure] for figure in figures))
    found = connection.execute(query.group_by("by_both"))
    return [(*divmod(row[0], _AGENTS), *row[1:]) for row in found]


def _by_span_of_a_link(
    connection: Connection, which: Which, by: Every
) -> Sequence[tuple[int, int]]:
    """Counted here: there are nearly as many spans as clicks, and SQLite sorts to group them."""
    spans = func.json_group_array(span_of(clicks.c.clicked_at, by), type_=Text())
    listed = connection.scalar(chosen(connection, which, spans)) or "[]"
    return list(Counter(msgspec.json.decode(listed, type=list[int])).items())


def _first_of_each_link(
    connection: Connection, which: Which, numbers: Collection[int]
) -> Sequence[tuple[Any, ...]]:
    """Along each link's own index, up to the first click that fits: there may be many more."""
    links = given(connection, [(link_id,) for link_id in sorted(numbers)], ("link_id",))
    first = (
        chosen(connection, replace(which, links=None), clicks.c.clicked_at)
        .where(clicks.c.link_id == links.c.link_id)
        .order_by(clicks.c.clicked_at)
        .limit(1)
        .correlate(links)
        .scalar_subquery()
    )
    found = connection.execute(select(links.c.link_id, first))
    return [(link_id, at) for link_id, at in found if at is not None]


def _group(by: By) -> ColumnElement[int]:
    column = clicks.c
    if isinstance(by, Every):
        return span_of(column.clicked_at, by)
    if by == "has_visitor":
        return case((column.visitor.is_(None), 0), else_=1)
    if by == "without_languages":
        return case((column.flags.bitwise_and(NO_LANGUAGES) > 0, 1), else_=0)
    group: ColumnElement[int] = column[by]
    return group


def span_of(moment: ColumnElement[int], by: Every) -> ColumnElement[int]:
    """Return the number of the span that a moment is in."""
    age = moment - by.after if by.after else moment
    if by.most is None:
        return age // by.milliseconds
    end = by.milliseconds * by.most
    return case((age < 0, 0), (age >= end, by.most), else_=age // by.milliseconds)


def table(
    connection: Connection, which: Which, limit: int | None, newest_first: bool, offset: int
) -> FromClause:
    """Return clicks as a table."""
    if which == Which() and limit is None:
        return clicks
    query = chosen(connection, which, *clicks.c)
    if limit is not None:
        order = (
            (clicks.c.clicked_at.desc(), clicks.c.seq.desc()) if newest_first else (clicks.c.seq,)
        )
        query = query.order_by(*order).limit(limit).offset(offset)
    return query.subquery("click")


def busy_minutes(connection: Connection, minutes: Sequence[Minute], least: int) -> Sequence[Minute]:
    """Return which minutes have so many visitors, or clicks of a burst, among their clicks.

    First by the number of their clicks, which the index tells alone: hardly any minute has ten.
    """
    many = list(_having(connection, minutes, f"count(*) >= {least:d}"))
    return list(
        _having(
            connection,
            many,
            f"count(DISTINCT CASE WHEN c.reason IN ({HUMAN}, {BURST}) THEN c.visitor END)"
            f" >= {least:d} OR max(CASE WHEN c.reason = {BURST} THEN 1 ELSE 0 END) = 1",
        )
    )


def _having(connection: Connection, asked: Sequence[Minute], condition: str) -> Iterator[Minute]:
    """Yield those minutes whose clicks meet a condition.

    Minutes are handed over as one JSON value: thousands of them cost the database an index
    look-up each, and no statement of another length.
    """
    if is_sqlite(connection):
        minutes = (
            "json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:minutes)"
        )
    else:
        minutes = (
            "CAST(value->>0 AS integer), CAST(value->>1 AS bigint)"
            " FROM jsonb_array_elements(CAST(:minutes AS jsonb))"
        )
    query = text(
        f"WITH m(link_id, minute) AS MATERIALIZED (SELECT {minutes})"  # noqa: S608 - parts from here
        " SELECT m.link_id, m.minute FROM m JOIN clicks AS c ON c.link_id = m.link_id"
        f" AND c.clicked_at >= m.minute * {MINUTE} AND c.clicked_at < (m.minute + 1) * {MINUTE}"
        f" GROUP BY m.link_id, m.minute HAVING {condition}"
    )
    for part in chunked(asked, MINUTES):
        found = connection.execute(query, {"minutes": json.dumps(part)})
        yield from ((row[0], row[1]) for row in found)


def origins(
    connection: Connection, links: Sequence[int], since: int | None, until: int | None
) -> Sequence[tuple[int, int, int, int]]:
    """Return (segment, referrer, people's clicks, unique clicks) of links in [since, until).

    Along their index on link and time.
    """
    order = (clicks.c.clicked_at, clicks.c.segment_id, COUNTED_AS)
    rank = func.row_number().over(partition_by=clicks.c.visitor, order_by=order)
    placed = (
        select(
            clicks.c.clicked_at,
            clicks.c.segment_id,
            COUNTED_AS.label("referrer_id"),
            case((clicks.c.visitor.is_(None), 1), else_=rank).label("rank"),
        )
        .join(referrers, clicks.c.referrer_id == referrers.c.id)
        .where(clicks.c.link_id.in_(links), clicks.c.reason == HUMAN)
        .subquery()
    )
    first = case((placed.c.rank == 1, 1), else_=literal(0))
    query = select(
        placed.c.segment_id, placed.c.referrer_id, func.count(), func.sum(first)
    ).group_by(placed.c.segment_id, placed.c.referrer_id)
    if since is not None:
        query = query.where(placed.c.clicked_at >= since)
    if until is not None:
        query = query.where(placed.c.clicked_at < until)
    return [(row[0], row[1], row[2], int(row[3])) for row in connection.execute(query)]

"""What `Which` and figures say of rows that are at hand. Pure.

Of the few rows that a transaction has changed and ClickHouse doesn't have yet.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple

from linktrack.clicks.keeping.which import By, Column, Every, Figure, Which
from linktrack.clicks.vocabulary import BURST, HUMAN, NO_LANGUAGES, RECOGNISED_BY


class Kept(NamedTuple):
    """A row as it is on ClickHouse: `table.COLUMNS`; what isn't known is 0."""

    period: int
    link_id: int
    account_id: int
    visitor: int
    clicked_at: int
    source: int
    place: int
    batch: int
    seq: int
    version: int
    segment_id: int
    follower_id: int
    attribution: int
    agent_id: int
    referrer_id: int
    counted_as: int
    country: int
    language: int
    city_id: int
    option: int
    reason: int
    flags: int


READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "follower_id": lambda value: value or None,
    "visitor": lambda value: value or None,
    "city_id": lambda value: value or None,
    "country": lambda value: value - 1 if value else None,
    "option_id": lambda value: value - 1 if value else None,
}
"""How columns that may be unknown are read."""


def taken(row: Kept, columns: Sequence[Column]) -> tuple[Any, ...]:
    """Return these columns of a row, as the interface has them."""
    values = (getattr(row, "option" if name == "option_id" else name) for name in columns)
    return read_as(columns, values)


def read_as(columns: Sequence[object], values: Iterable[int]) -> tuple[Any, ...]:
    """Return stored values as the interface has them."""
    return tuple(
        READ[name](value) if name in READ else value  # type: ignore[index]
        for name, value in zip(columns, values, strict=True)
    )


def matches(which: Which, row: Kept) -> bool:
    """Whether a row is meant; queries of the SQL database are answered in it."""
    wanted: Sequence[tuple[int, Any]] = (
        (row.link_id, which.links),
        (row.account_id, which.accounts),
        (row.reason, which.reasons),
        (row.segment_id, which.segments),
        (row.attribution, which.attributions),
        (row.follower_id, which.followers),
        (row.agent_id, which.agents),
        (row.referrer_id, which.referrers),
        (row.seq, which.seqs),
        (row.country, which.countries),
        (row.language, which.languages),
    )
    return (
        all(numbers is None or value in numbers for value, numbers in wanted)
        and (which.since is None or row.clicked_at >= which.since)
        and (which.until is None or row.clicked_at < which.until)
        and (which.after is None or row.seq > which.after)
        and (which.upto is None or row.seq <= which.upto)
        and not (which.left_out and row.reason == HUMAN)
        and not ((which.named or which.followers is not None) and not row.follower_id)
        and not (which.recognised and row.attribution not in RECOGNISED_BY)
        and not (which.with_visitor and not row.visitor)
        and not row.flags & which.without_flags
        and (which.spans is None or any(_is_in(row, *span) for span in which.spans))
    )


def _is_in(row: Kept, link_id: int, since: int, until: int) -> bool:
    return row.link_id == link_id and since <= row.clicked_at < until


def counted(
    rows: Iterable[Kept], by: Sequence[By], figures: Sequence[Figure]
) -> list[tuple[Any, ...]]:
    """Return figures of rows by group, like `Clicks.count`."""
    groups: defaultdict[tuple[Any, ...], list[Kept]] = defaultdict(list)
    if not by:
        groups[()] = []
    for row in rows:
        groups[tuple([_group(row, one) for one in by])].append(row)
    return [
        (*read_as(by, group), *(FIGURES[figure](found) for figure in figures))
        for group, found in groups.items()
    ]


def _group(row: Kept, by: By) -> int:
    if isinstance(by, Every):
        return span_of(row.clicked_at, by)
    if by == "has_visitor":
        return int(row.visitor != 0)
    if by == "without_languages":
        return int(row.flags & NO_LANGUAGES > 0)
    return int(getattr(row, "option" if by == "option_id" else by))


def span_of(moment: int, by: Every) -> int:
    """Return the number of the span that a moment is in."""
    age = moment - by.after
    if by.most is not None and age < 0:
        return 0
    span = abs(age) // by.milliseconds * (-1 if age < 0 else 1)
    return span if by.most is None else min(by.most, span)


def _distinct(name: str) -> Callable[[Sequence[Kept]], int]:
    read = attrgetter(name)
    return lambda rows: len({value for value in map(read, rows) if value})


FIGURES: Final[Mapping[Figure, Callable[[Sequence[Kept]], int]]] = {
    "clicks": len,
    "people": lambda rows: sum(row.reason == HUMAN for row in rows),
    "bursts": lambda rows: sum(row.reason == BURST for row in rows),
    "without_languages": lambda rows: sum(row.flags & NO_LANGUAGES > 0 for row in rows),
    "first_at": lambda rows: min((row.clicked_at for row in rows), default=0),
    "last_at": lambda rows: max((row.clicked_at for row in rows), default=0),
    "visitors": _distinct("visitor"),
    "agents": _distinct("agent_id"),
    "links": _distinct("link_id"),
}

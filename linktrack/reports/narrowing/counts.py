"""What stored counts are of some clicks only, in SQL over condensed ones. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import BigInteger, Column, MetaData, Table

from linktrack.clicks.facet_models import (
    account_agent_months,
    account_facet_days,
    account_facet_months,
    account_link_months,
    link_facets,
)
from linktrack.clicks.keeping.which import Facet
from linktrack.clicks.models import (
    account_days,
    account_hours,
    account_referrer_days,
    account_referrer_months,
    account_referrer_years,
    link_days,
    link_totals,
    post_hours,
    post_reasons,
    post_segments,
    post_sources,
    post_totals,
)
from linktrack.clicks.vocabulary import (
    FACETS,
    HOUR,
    HOURS_KEPT,
    UNATTRIBUTED,
    WINDOW_LENGTHS,
    WINDOWS,
)

BY: Final[tuple[Facet, ...]] = ("link_id", "quarter", "age", "segment_id", "referrer")
BY_FACETS: Final[tuple[Facet, ...]] = ("link_id", "quarter", "country", "device", "language")
FIGURES: Final = ("clicks", "without_visitor", "unique_on_link", "unique_on_post")


def _temporary(name: str, columns: Sequence[str], key: str = "") -> Table:
    made = [
        Column(column, BigInteger, primary_key=column == key, autoincrement=False)
        for column in columns
    ]
    return Table(name, MetaData(), *made, prefixes=["TEMPORARY"])


_BY: Final = _temporary("narrowed", [*BY, *FIGURES])
_BY_FACETS: Final = _temporary("narrowed_facets", [*BY_FACETS, *FIGURES])
CONDENSED: Final[Mapping[Table, Sequence[Facet]]] = {_BY: BY, _BY_FACETS: BY_FACETS}
"""Tables of condensed clicks, and what each has rows for."""

QUARTERS: Final = _temporary(
    "narrowed_quarters", ["quarter", "day", "hour", "month", "year"], "quarter"
)
"""On which day, at which hour of the clock and so on each quarter of an hour is."""

_UNIQUE: Final = "sum(CASE WHEN l.post_id IS NULL THEN n.unique_on_link ELSE n.unique_on_post END)"
_WINDOW: Final = (
    f"CASE WHEN n.age < 0 THEN {len(WINDOW_LENGTHS)} "
    + " ".join(
        f"WHEN n.age < {length // HOUR} THEN {window}"
        for window, length in enumerate(WINDOW_LENGTHS)
    )
    + f" ELSE {len(WINDOW_LENGTHS)} END"
)
_LINKS: Final = "narrowed n JOIN links l ON l.id = n.link_id"
_CALENDAR: Final = "JOIN narrowed_quarters q ON q.quarter = n.quarter"
_DAYS: Final = f"{_LINKS} {_CALENDAR}"
_POSTS: Final = f"{_LINKS} AND l.post_id IS NOT NULL"


def _sums(by: str, figures: str, source: str, having: str = "") -> str:
    return f"SELECT {by}, {figures} FROM {source} GROUP BY {by} {having}"  # noqa: S608 - our own


def _by_referrer(period: str) -> str:
    by = f"l.account_id, q.{period}, n.segment_id, n.referrer"
    return _sums(by, f"sum(n.clicks), {_UNIQUE}", _DAYS)


def _post_totals() -> str:
    return _by_window(
        "l.post_id",
        "n.clicks",
        "n.unique_on_post",
        "n.without_visitor",
        f"CASE WHEN n.segment_id = {UNATTRIBUTED} THEN n.unique_on_post ELSE 0 END",
    )


def _by_window(by: str, *figures: str) -> str:
    sums = (
        f"sum(CASE WHEN {_WINDOW} = {window} THEN {figure} ELSE 0 END)"
        for window in range(len(WINDOWS))
        for figure in figures
    )
    return _sums(by, ", ".join(sums), _POSTS)


def _by_facet(period: str, number: int) -> str:
    # The facet's number stands among the columns: a plain number in GROUP BY would be a place.
    by = f"l.account_id, n.{FACETS[number]}, q.{period}"
    figures = f"sum(n.clicks) AS clicks, {_UNIQUE} AS unique_clicks"
    summed = _sums(by, figures, f"narrowed_facets n JOIN links l ON l.id = n.link_id {_CALENDAR}")
    return (
        f"SELECT account_id, {number}, {period}, {FACETS[number]}, clicks, unique_clicks"  # noqa: S608
        f" FROM ({summed}) AS summed"
    )


def _of_link(number: int) -> str:
    summed = _sums(
        f"n.link_id, n.{FACETS[number]}",
        "sum(n.clicks) AS clicks, sum(n.unique_on_link) AS unique_clicks",
        f"narrowed_facets n WHERE n.{FACETS[number]} > 0",
    )
    return (
        f"SELECT link_id, {number}, {FACETS[number]}, clicks, unique_clicks"  # noqa: S608
        f" FROM ({summed}) AS summed"
    )


_NARROWED: Final = range(FACETS.index("city"))
"""Not by city: together with others it would tell of single people."""

COUNTS: Final[Mapping[Table, Sequence[str]]] = {
    account_days: [_sums("l.account_id, q.day", f"sum(n.clicks), {_UNIQUE}, 0", _DAYS)],
    account_hours: [
        _sums("l.account_id, q.day, q.hour", "sum(n.clicks)", _DAYS, "HAVING sum(n.clicks) > 0")
    ],
    account_referrer_days: [_by_referrer("day")],
    account_referrer_months: [_by_referrer("month")],
    account_referrer_years: [_by_referrer("year")],
    link_days: [_sums("n.link_id, q.day", "sum(n.clicks), sum(n.unique_on_link), 0", _DAYS)],
    link_totals: [_sums("n.link_id", "sum(n.clicks), sum(n.unique_on_link), 0", _LINKS)],
    post_segments: [_by_window("l.post_id, n.segment_id", "n.clicks", "n.unique_on_post")],
    post_totals: [_post_totals()],
    post_sources: [
        _sums(
            f"l.post_id, r.source_id, {_WINDOW}",
            "sum(n.clicks), sum(n.unique_on_post)",
            f"{_POSTS} JOIN referrers r ON r.id = n.referrer",
        )
    ],
    post_hours: [
        _sums(
            "l.post_id, n.age",
            "sum(n.clicks)",
            f"{_POSTS} AND n.age BETWEEN 0 AND {HOURS_KEPT - 1}",
            "HAVING sum(n.clicks) > 0",
        )
    ],
    post_reasons: [],
    account_agent_months: [],
    account_link_months: [
        _sums("l.account_id, q.month, n.link_id", "sum(n.unique_on_link)", _DAYS)
    ],
    account_facet_days: [_by_facet("day", number) for number in _NARROWED],
    account_facet_months: [_by_facet("month", number) for number in _NARROWED],
    link_facets: [_of_link(number) for number in _NARROWED],
}
"""Tables of stored counts, and what is in them if only some clicks are counted."""


def condensed_for(table: Table) -> Table:
    """Return the condensed clicks that one of these tables is counted from."""
    of_facets = {account_facet_days, account_facet_months, link_facets}
    return _BY_FACETS if table in of_facets else _BY

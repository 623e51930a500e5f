"""Cities in which links were clicked: those of enough unique clicks, and one line for all others.

An account's are counted by month. A month's city with fewer than `LEAST` unique clicks is named on
no door, and a range adds up the months it touches: so that no two ranges differ by somebody.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple, TypedDict

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.orm import Session

from linktrack.calendar.days import first_of_month, month_of
from linktrack.clicks.facet_models import account_facet_months, cities, link_facets
from linktrack.clicks.vocabulary import CITY
from linktrack.ids import AccountId, LinkId
from linktrack.reports.sources.facet_names import NOT_KNOWN, country_named
from linktrack.reports.sources.facet_queries import (
    COUNTRY,
    ByValue,
    Counts,
    account_counts,
    link_counts,
)

LEAST: Final = 10
"""Unique clicks that a city needs to be named: of an account in a month, of each link in all."""


class City(NamedTuple):
    """A city by its country (a value of vocabulary.FACETS), region ("" if unknown) and name.

    Without a name: elsewhere in the country, in smaller places or where no city is known.
    """

    country: int
    region: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Cities:
    """Clicks by city, most first, all others last; the months' days are those in [first, end).

    Of links both are None: their counts are of all days. `by_city` is empty where no city is known
    of any click.
    """

    by_city: Sequence[tuple[City, Counts]]
    first: date | None = None
    end: date | None = None


def account_cities(
    session: Session, account_id: AccountId, since: date | None, until: date | None
) -> Cities:
    """Return where an account's links were clicked in the months of the days in [since, until)."""
    months = account_facet_months.c
    of_account = (months.account_id == account_id, months.facet == CITY)
    # Not by min() and max(): both databases would read every row for them.
    ends = select(months.month).where(*of_account).limit(1)
    first = session.scalar(ends.order_by(months.month))
    last = session.scalar(ends.order_by(months.month.desc()))
    if first is None or last is None:
        return Cities([])
    if since is not None:
        first = max(first, month_of(since))
    if until is not None:
        last = min(last, month_of(until - timedelta(days=1)))
    if first > last:
        return Cities([])
    begin, end = first_of_month(first), first_of_month(last + 1)
    rows = _named(session, account_facet_months, *of_account, months.month.between(first, last))
    of_countries = account_counts(session, account_id, COUNTRY, begin, end)
    return Cities(_with_others(rows, of_countries), begin, end)


def _named(
    session: Session, table: Table, *which: ColumnElement[bool]
) -> list[tuple[City, Counts]]:
    """Return the cities of some rows of counts, without the rows that have too few to be named."""
    counts = table.c
    query = (
        select(
            cities.c.country,
            cities.c.region,
            cities.c.name,
            func.sum(counts.clicks),
            func.sum(counts.unique_clicks),
        )
        .join(cities, cities.c.id == counts.value)
        .where(*which, counts.unique_clicks >= LEAST)
        .group_by(cities.c.id, cities.c.country, cities.c.region, cities.c.name)
    )
    return [(City(*row[:3]), Counts(int(row[3]), int(row[4]))) for row in session.execute(query)]


def link_cities(session: Session, link_ids: Sequence[LinkId]) -> Cities:
    """Return where these links were clicked, on all days; each names its own cities."""
    table = link_facets.c
    of_links = (table.link_id.in_(link_ids), table.facet == CITY)
    if session.execute(select(table.value).where(*of_links).limit(1)).first() is None:
        return Cities([])
    rows = _named(session, link_facets, *of_links)
    return Cities(_with_others(rows, link_counts(session, link_ids, COUNTRY)))


def _with_others(
    rows: Sequence[tuple[City, Counts]], of_countries: ByValue
) -> Sequence[tuple[City, Counts]]:
    """Add what each country has beside these; what isn't known has the country 0."""
    left = defaultdict(lambda: [0, 0], {key: list(counts) for key, counts in of_countries.items()})
    for city, counts in rows:
        left[city.country][0] -= counts.clicks
        left[city.country][1] -= counts.unique_clicks
    others = [(City(country), Counts(*counts)) for country, counts in left.items() if any(counts)]
    return [
        row
        for some in (rows, others)
        for row in sorted(some, key=lambda each: (-each[1].clicks, each[0]))
    ]


def city_name(city: City) -> str:
    """Return a city, or the others of a country, in words."""
    code, country = country_named(city.country)
    if code is None:
        return NOT_KNOWN
    if not city.name:
        return f"{country}, smaller or unknown places"
    return ", ".join(part for part in (city.name, city.region, country) if part)


class CityJson(TypedDict):
    """The clicks of one city; without `city` those of smaller places or unknown ones there.

    Without `country` it isn't known where they came from.
    """

    country: str | None
    region: str | None
    city: str | None
    name: str
    clicks: int
    unique_clicks: int


def city_json(city: City, counts: Counts) -> CityJson:
    """Return a city as every door gives it."""
    return {
        "country": country_named(city.country)[0],
        "region": city.region or None,
        "city": city.name or None,
        "name": city_name(city),
        "clicks": counts.clicks,
        "unique_clicks": counts.unique_clicks,
    }

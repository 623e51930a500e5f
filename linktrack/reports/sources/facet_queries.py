"""Clicks by country, device or language: from the counts of an account, or of some links."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from linktrack.calendar.days import first_of_month, month_of, month_of_day
from linktrack.clicks.facet_models import (
    account_facet_days,
    account_facet_months,
    devices,
    link_facets,
)
from linktrack.clicks.models import account_days, link_totals
from linktrack.clicks.vocabulary import FACETS
from linktrack.ids import AccountId, LinkId


class Counts(NamedTuple):
    """Human clicks and unique clicks."""

    clicks: int
    unique_clicks: int


ByValue: TypeAlias = dict[int, Counts]
"""Counts under the values of a facet (vocabulary.FACETS)."""

COUNTRY: Final = FACETS.index("country")
DEVICE: Final = FACETS.index("device")
LANGUAGE: Final = FACETS.index("language")


def account_counts(
    session: Session, account_id: AccountId, facet: int, since: date | None, until: date | None
) -> ByValue:
    """Return an account's clicks of the days in [since, until); whole months are read as such."""
    days = account_days.c
    first, last = session.execute(
        select(func.min(days.day), func.max(days.day)).where(days.account_id == account_id)
    ).one()
    if first is None:
        return {}
    if since is None or since.toordinal() <= first:
        since = date.fromordinal(first).replace(day=1)
    if until is None or until.toordinal() > last:
        until = first_of_month(month_of_day(last) + 1)
    sums: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for table, begin, end in _spans(since, until):
        if begin >= end:
            continue
        period = table.c.day if "day" in table.c else table.c.month
        query = (
            select(table.c.value, func.sum(table.c.clicks), func.sum(table.c.unique_clicks))
            .where(
                table.c.account_id == account_id,
                table.c.facet == facet,
                period >= begin,
                period < end,
            )
            .group_by(table.c.value)
        )
        for value, clicks, unique_clicks in session.execute(query):
            sums[value][0] += int(clicks)
            sums[value][1] += int(unique_clicks)
    return {value: Counts(*row) for value, row in sums.items() if row[0]}


def link_counts(session: Session, link_ids: Sequence[LinkId], facet: int) -> ByValue:
    """Return the clicks of these links on all days; unique clicks are first ones on each link."""
    table = link_facets.c
    query = (
        select(table.value, func.sum(table.clicks), func.sum(table.unique_clicks))
        .where(table.link_id.in_(link_ids), table.facet == facet)
        .group_by(table.value)
    )
    found = {
        value: Counts(int(clicks), int(unique_clicks))
        for value, clicks, unique_clicks in session.execute(query)
        if clicks
    }
    total = link_totals.c
    of_all = select(
        func.coalesce(func.sum(total.clicks), 0), func.coalesce(func.sum(total.unique_clicks), 0)
    ).where(total.link_id.in_(link_ids))
    clicks, unique_clicks = (int(number) for number in session.execute(of_all).one())
    clicks -= sum(one.clicks for one in found.values())
    unique_clicks -= sum(one.unique_clicks for one in found.values())
    return {**found, 0: Counts(clicks, unique_clicks)} if clicks else found


class Told(NamedTuple):
    """What a user agent tells; None where it isn't known."""

    device: str | None
    browser: str | None
    os: str | None


def told_by(session: Session, counts: ByValue) -> list[tuple[Told, Counts]]:
    """Return the counts by device with what the devices are."""
    names = {
        row.id: Told(row.device or None, row.browser or None, row.os or None)
        for row in session.execute(select(devices))
    }
    nothing = Told(None, None, None)
    return [(names.get(value, nothing), found) for value, found in counts.items()]


def _spans(since: date, until: date) -> Iterator[tuple[Table, int, int]]:
    """Yield which days or months to read for the days in [since, until); some may be empty."""
    first, end = month_of(since) + (since.day > 1), month_of(until)
    if first >= end:  # no whole month in between
        yield account_facet_days, since.toordinal(), until.toordinal()
        return
    yield account_facet_days, since.toordinal(), first_of_month(first).toordinal()
    yield account_facet_months, first, end
    yield account_facet_days, first_of_month(end).toordinal(), until.toordinal()

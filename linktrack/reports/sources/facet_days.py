"""Clicks by day, narrowed to one country, device, browser, system or language.

Clicks are counted by day and each of these, not by two of them: these are read from single clicks
(`reports.narrowing`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypedDict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.models import Account
from linktrack.calendar.ranges import check_range
from linktrack.clicks.facet_models import account_facet_days, devices
from linktrack.clicks.models import account_days
from linktrack.clicks.vocabulary import pack_country, pack_language
from linktrack.errors import Invalid
from linktrack.ids import AccountId
from linktrack.reports.days import DayCounts
from linktrack.reports.sources.facet_names import (
    NOT_KNOWN,
    as_sent,
    country_named,
    device_named,
    language_named,
)
from linktrack.reports.sources.facet_queries import COUNTRY, DEVICE, LANGUAGE

FacetName = Literal["country", "device", "browser", "system", "language"]

FACET_NAMES: Final[tuple[FacetName, ...]] = ("country", "device", "browser", "system", "language")
"""What clicks by day can be narrowed by."""

NOTHING: Final[Mapping[str, str]] = {}

UNKNOWN: Final = "-"
"""As a value: it isn't known."""


@dataclass(frozen=True, slots=True)
class Facet:
    """One value of one facet, such as the country DE; None: where it isn't known."""

    name: FacetName
    key: str | None

    @property
    def words(self) -> str:
        """The value in English words."""
        if self.key is None:
            return NOT_KNOWN
        if self.name == "country":
            return country_named((pack_country(self.key) or 0) + 1)[1]
        if self.name == "language":
            return language_named(pack_language(self.key))[1]
        return (device_named if self.name == "device" else as_sent)(self.key)[1]


def facet_of(written: Mapping[str, str | None]) -> Facet | None:
    """Return the one facet that is written here by its name; "-" is where it isn't known.

    Raises `Invalid` for two of them, and for a value that none can have.
    """
    given = [(name, value) for name in FACET_NAMES if (value := (written.get(name) or "").strip())]
    if not given:
        return None
    if len(given) > 1:
        raise Invalid(
            f"Clicks are counted by {given[0][0]} and by {given[1][0]}, not by both at once: "
            "choose one."
        )
    ((name, value),) = given
    if value == UNKNOWN:
        return Facet(name, None)
    if name == "country":
        value = value.upper()
        if pack_country(value) is None:
            raise Invalid(f"{value[:40]!r} isn't a country's code of two letters, such as DE.")
    if name == "language":
        value = value.lower()
        if not pack_language(value):
            raise Invalid(f"{value[:40]!r} isn't a language's code of two or three letters.")
    return Facet(name, value)


def facet_series(
    session: Session, account_ids: Iterable[AccountId], first: date, last: date, facet: Facet
) -> Mapping[int, list[DayCounts]]:
    """Return the days on which these accounts had clicks of a facet, first to last inclusive.

    What is left out is in none: `not_human` is 0.
    """
    days = account_facet_days.c
    number, values = _values(session, facet)
    query = (
        select(days.account_id, days.day, func.sum(days.clicks), func.sum(days.unique_clicks))
        .where(
            days.account_id.in_(list(account_ids)),
            days.facet == number,
            days.day.between(first.toordinal(), last.toordinal()),
            days.value.in_(values),
        )
        .group_by(days.account_id, days.day)
        .having(func.sum(days.clicks) > 0)
        .order_by(days.day)
    )
    found: defaultdict[int, list[DayCounts]] = defaultdict(list)
    for account_id, day, clicks, unique_clicks in session.execute(query):
        found[account_id].append(
            DayCounts(date.fromordinal(day), int(clicks), int(unique_clicks), 0)
        )
    return found


def _values(session: Session, facet: Facet) -> tuple[int, Sequence[int]]:
    """Return a facet's number, and under which values clicks of it are counted."""
    if facet.name == "country":
        packed = None if facet.key is None else pack_country(facet.key)
        return COUNTRY, [0 if packed is None else packed + 1]
    if facet.name == "language":
        return LANGUAGE, [pack_language(facet.key)]
    column = devices.c["os" if facet.name == "system" else facet.name]
    numbers = list(session.scalars(select(devices.c.id).where(column == (facet.key or ""))))
    return DEVICE, numbers if facet.key else [0, *numbers]


@dataclass(frozen=True, slots=True)
class DaysReport:
    """An account's clicks by day in [since, until), those without any left out."""

    account: Account
    since: date | None
    until: date | None
    facet: Facet | None
    days: Sequence[DayCounts]


def days_report(
    session: Session,
    account: Account,
    *,
    since: date | None = None,
    until: date | None = None,
    facet: Facet | None = None,
) -> DaysReport:
    """Return an account's clicks by day, all of them or those of one facet.

    Raises `Invalid` for an empty range.
    """
    check_range(since, until)
    days = account_days.c
    first = since or date.min
    last = date.max if until is None else date.fromordinal(until.toordinal() - 1)
    if facet is not None:
        series = facet_series(session, [account.id], first, last, facet)
        return DaysReport(account, since, until, facet, series.get(account.id, []))
    query = (
        select(days.day, days.clicks, days.unique_clicks, days.not_human)
        .where(
            days.account_id == account.id,
            days.clicks > 0,
            days.day.between(first.toordinal(), last.toordinal()),
        )
        .order_by(days.day)
    )
    whole = [DayCounts(date.fromordinal(day), *counts) for day, *counts in session.execute(query)]
    return DaysReport(account, since, until, None, whole)


class DayJson(TypedDict):
    """The clicks of a day; unique clicks count each person once per post."""

    day: str
    clicks: int
    unique_clicks: int


DaysReportJson = TypedDict(
    "DaysReportJson",
    {
        "account": AccountNameJson,
        "from": str | None,
        "to": str | None,
        "by": str | None,
        "value": str | None,
        "only": dict[str, str],
        "days": list[DayJson],
    },
)
"""An account's clicks by day; `only` says what they are narrowed to ("-": where it isn't known).

Of one facet alone `by` is its name and `value` its value, null where it isn't known. Days without
clicks are left out."""


def days_json(report: DaysReport, only: Mapping[str, str] = NOTHING) -> DaysReportJson:
    """Return the report as every door gives it; `only` is what was asked for."""
    return {
        "account": account_json(report.account),
        "from": None if report.since is None else report.since.isoformat(),
        "to": None if report.until is None else report.until.isoformat(),
        "by": None if report.facet is None else report.facet.name,
        "value": None if report.facet is None else report.facet.key,
        "only": dict(only),
        "days": [
            {"day": one.day.isoformat(), "clicks": one.clicks, "unique_clicks": one.unique_clicks}
            for one in report.days
        ],
    }

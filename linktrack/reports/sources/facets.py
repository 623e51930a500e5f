"""Places and devices: in which countries, with what, and in which languages links were clicked."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NotRequired, TypedDict

from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.models import Account
from linktrack.calendar.ranges import check_range
from linktrack.clicks.classify.agents import is_app
from linktrack.errors import Invalid, NotFound
from linktrack.ids import LinkId
from linktrack.links.models import Link, Post
from linktrack.reports.figures.words import counted, share
from linktrack.reports.sources.cities import (
    Cities,
    CityJson,
    account_cities,
    city_json,
    city_name,
    link_cities,
)
from linktrack.reports.sources.facet_names import (
    Named,
    as_sent,
    country_named,
    device_named,
    language_named,
)
from linktrack.reports.sources.facet_queries import (
    COUNTRY,
    DEVICE,
    LANGUAGE,
    ByValue,
    Counts,
    account_counts,
    link_counts,
    told_by,
)


@dataclass(frozen=True, slots=True)
class FacetLine:
    """The clicks of one country, device, browser, system or language; `key` None: not known.

    `name` is the key in English words.
    """

    key: str | None
    name: str
    clicks: int
    unique_clicks: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose clicks: an account's of the days in [since, until), or a link's or post's, ever."""

    account: Account
    since: date | None
    until: date | None
    link: Link | None
    post: Post | None

    @property
    def links(self) -> Sequence[LinkId] | None:
        """The link, or those of the post; None where all clicks of the account are meant."""
        if self.link is not None:
            return [self.link.id]
        return None if self.post is None else [link.id for link in self.post.links]


@dataclass(frozen=True, slots=True)
class PlacesReport:
    """In which countries and cities links were clicked, most clicks first."""

    asked: Asked
    places: Sequence[FacetLine]
    cities: Cities

    @property
    def city_lines(self) -> Sequence[FacetLine]:
        """Cities by name; smaller places of each country follow, without a key."""
        return [
            FacetLine(city.name or None, city_name(city), *counts)
            for city, counts in self.cities.by_city
        ]

    @property
    def sentence(self) -> str:
        """What isn't known, in words; "" where nothing was clicked."""
        return _unknown(self.places, "the country")


@dataclass(frozen=True, slots=True)
class DevicesReport:
    """With what links were clicked, most clicks first. Apps with a browser of their own are it."""

    asked: Asked
    devices: Sequence[FacetLine]
    browsers: Sequence[FacetLine]
    systems: Sequence[FacetLine]
    languages: Sequence[FacetLine]

    @property
    def in_apps(self) -> int:
        """Clicks in browsers inside apps."""
        return sum(line.clicks for line in self.browsers if line.key and is_app(line.key))

    @property
    def sentence(self) -> str:
        """How many clicks were made inside apps, in words; "" where nothing was clicked."""
        total = sum(line.clicks for line in self.browsers)
        if not total:
            return ""
        if not self.in_apps:
            return "No click was made in the browser of an app, as far as agents say."
        return (
            f"{self.in_apps:,} of {counted(total, 'click')} ({share(self.in_apps, total)}) "
            f"{'was' if self.in_apps == 1 else 'were'} made in the browser of an app."
        )


def places_report(
    session: Session,
    account: Account,
    *,
    since: date | None = None,
    until: date | None = None,
    link: Link | None = None,
    post: Post | None = None,
) -> PlacesReport:
    """Return in which countries and cities an account's links were clicked, or one's or a post's.

    Raises `Invalid` for an empty range, and for one of a link or a post, whose counts are of all
    days; `NotFound` for another account's.
    """
    asked = _asked(Asked(account, since, until, link, post))
    if asked.links is not None:
        cities = link_cities(session, asked.links)
    else:
        cities = account_cities(session, account.id, since, until)
    places = _names(counts_of(session, asked, COUNTRY), country_named)
    return PlacesReport(asked, lines_of(places), cities)


def devices_report(
    session: Session,
    account: Account,
    *,
    since: date | None = None,
    until: date | None = None,
    link: Link | None = None,
    post: Post | None = None,
) -> DevicesReport:
    """Return with what links were clicked; takes and raises what places do."""
    asked = _asked(Asked(account, since, until, link, post))
    told = told_by(session, counts_of(session, asked, DEVICE))
    languages = counts_of(session, asked, LANGUAGE)
    return DevicesReport(
        asked,
        devices=lines_of((device_named(of.device), counts) for of, counts in told),
        browsers=lines_of((as_sent(of.browser), counts) for of, counts in told),
        systems=lines_of((as_sent(of.os), counts) for of, counts in told),
        languages=lines_of(_names(languages, language_named)),
    )


def _asked(asked: Asked) -> Asked:
    check_range(asked.since, asked.until)
    for one, what in ((asked.link, "link"), (asked.post, "post")):
        if one is None:
            continue
        if one.account_id != asked.account.id:
            raise NotFound(f"There is no such {what} on {asked.account.handle}.")
        if asked.since or asked.until:
            raise Invalid(
                f"One {what}'s places and devices are counted for all days: leave out the days."
            )
    if asked.link is not None and asked.post is not None:
        raise Invalid("Ask for a link or for a post, not for both.")
    return asked


def counts_of(session: Session, asked: Asked, facet: int) -> ByValue:
    """Return the clicks that are meant, by the values of a facet."""
    if asked.links is not None:
        return link_counts(session, asked.links, facet)
    return account_counts(session, asked.account.id, facet, asked.since, asked.until)


def _names(counts: ByValue, name: Callable[[int], Named]) -> Iterable[tuple[Named, Counts]]:
    return ((name(value), found) for value, found in counts.items())


def lines_of(found: Iterable[tuple[Named, Counts]]) -> list[FacetLine]:
    """Add up what has one name; most clicks first."""
    sums: defaultdict[Named, list[int]] = defaultdict(lambda: [0, 0])
    for named, counts in found:
        sums[named][0] += counts.clicks
        sums[named][1] += counts.unique_clicks
    lines = [FacetLine(*named, *row) for named, row in sums.items()]
    return sorted(lines, key=lambda line: (-line.clicks, line.name))


def _unknown(lines: Sequence[FacetLine], what: str) -> str:
    total = sum(line.clicks for line in lines)
    unknown = sum(line.clicks for line in lines if line.key is None)
    if not total:
        return ""
    if unknown == total:
        return f"We don't know {what} of any click."
    if not unknown:
        return f"We know {what} of every click."
    return (
        f"We don't know {what} of {unknown:,} of {counted(total, 'click')} "
        f"({share(unknown, total)})."
    )


class FacetCountsJson(TypedDict):
    """Human clicks; `unique_clicks` count each person once per post (of links: once per link)."""

    clicks: int
    unique_clicks: int


class PlaceJson(FacetCountsJson):
    """The clicks of one country (ISO 3166 alpha-2, null: not known)."""

    country: str | None
    name: str


class DeviceJson(FacetCountsJson):
    """The clicks of one kind of device: desktop, mobile, tablet or other; null: not known."""

    device: str | None


class BrowserJson(FacetCountsJson):
    """The clicks of one browser; `in_app`: it is part of an app."""

    browser: str | None
    in_app: bool


class SystemJson(FacetCountsJson):
    """The clicks of one operating system."""

    os: str | None


class LanguageJson(FacetCountsJson):
    """The clicks of browsers that prefer a language (ISO 639; null: not known)."""

    language: str | None
    name: str


FacetRangeJson = TypedDict("FacetRangeJson", {"from": str | None, "to": str | None})


class PlacesReportJson(FacetRangeJson):
    """In which countries an account's links were clicked, or those of one `link` or `post`.

    `cities` are there if the owner's file knows cities: those of whole months, `cities_from` to
    `cities_to` (the day after them), each named from 10 unique clicks a month (of a link: in all).
    """

    account: AccountNameJson
    link: NotRequired[str]
    post: NotRequired[int]
    places: list[PlaceJson]
    cities_from: str | None
    cities_to: str | None
    cities: list[CityJson]


class DevicesReportJson(FacetRangeJson):
    """With what an account's links were clicked, each list by itself adding up to all clicks."""

    account: AccountNameJson
    link: NotRequired[str]
    post: NotRequired[int]
    devices: list[DeviceJson]
    browsers: list[BrowserJson]
    systems: list[SystemJson]
    languages: list[LanguageJson]


class _LinkJson(TypedDict, total=False):
    link: str
    post: int


def _link_json(asked: Asked) -> _LinkJson:
    found: _LinkJson = {}
    if asked.link is not None and asked.link.code is not None:
        found["link"] = asked.link.code
    if asked.post is not None:
        found["post"] = asked.post.id
    return found


def _range_json(asked: Asked) -> FacetRangeJson:
    return {"from": _day(asked.since), "to": _day(asked.until)}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _counts_json(line: FacetLine) -> FacetCountsJson:
    return {"clicks": line.clicks, "unique_clicks": line.unique_clicks}


def places_json(report: PlacesReport) -> PlacesReportJson:
    """Return the report as every door gives it."""
    return {
        "account": account_json(report.asked.account),
        **_range_json(report.asked),
        **_link_json(report.asked),
        "places": [
            {"country": line.key, "name": line.name, **_counts_json(line)} for line in report.places
        ],
        "cities_from": _day(report.cities.first),
        "cities_to": _day(report.cities.end),
        "cities": [city_json(*row) for row in report.cities.by_city],
    }


def devices_json(report: DevicesReport) -> DevicesReportJson:
    """Return the report as every door gives it."""
    return {
        "account": account_json(report.asked.account),
        **_range_json(report.asked),
        **_link_json(report.asked),
        "devices": [{"device": line.key, **_counts_json(line)} for line in report.devices],
        "browsers": [
            {
                "browser": line.key,
                "in_app": line.key is not None and is_app(line.key),
                **_counts_json(line),
            }
            for line in report.browsers
        ],
        "systems": [{"os": line.key, **_counts_json(line)} for line in report.systems],
        "languages": [
            {"language": line.key, "name": line.name, **_counts_json(line)}
            for line in report.languages
        ],
    }

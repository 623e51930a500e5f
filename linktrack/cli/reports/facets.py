"""The reports of places and devices on the command line."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import NUMBER, Work
from linktrack.cli.reports.narrowing import narrowing

if TYPE_CHECKING:
    from linktrack.links.models import Link, Post
    from linktrack.reports.sources.facets import FacetLine

NOBODY = "Nobody clicked in this time."


class Chosen(TypedDict):
    """The days, the link or the post asked for, as the reports take them."""

    since: date | None
    until: date | None
    link: "Link | None"
    post: "Post | None"


class _Given(TypedDict):
    since: str | None
    until: str | None
    link: str | None
    post: int | None


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--link", metavar="CODE", help="Only those on this link, of all days."),
        click.option(
            "--post", type=NUMBER, metavar="POST", help="Only those on this post, of all days."
        ),
        click.option("--to", "until", metavar="DATE", help="Clicks before this day."),
        click.option("--from", "since", metavar="DATE", help="Clicks from this day on."),
        click.argument("handle"),
    ):
        command = option(command)
    return command


@click.command()
@_options
@answering
@narrowing("OF_CLICKS")
def places(work: Work, handle: str, **asked: Unpack[_Given]) -> Answer:
    """In which countries and cities links were clicked."""
    from linktrack.reports.sources.facets import places_json, places_report

    chosen = _chosen(work, **asked)
    found = places_report(work.session, work.account(handle), **chosen)
    tables = [_table("country", found.places)]
    if found.cities.by_city:
        tables.append(_table("city", found.city_lines))
    return Answer(places_json(found), found.sentence or NOBODY, *tables)


@click.command()
@_options
@answering
@narrowing("OF_CLICKS")
def devices(work: Work, handle: str, **asked: Unpack[_Given]) -> Answer:
    """With which devices, browsers and systems, and in which languages links were clicked."""
    from linktrack.reports.sources.facets import devices_json, devices_report

    chosen = _chosen(work, **asked)
    found = devices_report(work.session, work.account(handle), **chosen)
    return Answer(
        devices_json(found),
        found.sentence or NOBODY,
        *(
            _table(first, lines)
            for first, lines in (
                ("device", found.devices),
                ("browser", found.browsers),
                ("system", found.systems),
                ("language", found.languages),
            )
        ),
    )


@click.command()
@click.argument("handle")
@click.option("--from", "since", metavar="DATE", help="Clicks from this day on.")
@click.option("--to", "until", metavar="DATE", help="Clicks before this day.")
@click.option("--country", metavar="CODE", help="Only from this country, such as DE; - if unknown.")
@click.option("--device", metavar="KIND", help="Only on a mobile, desktop or tablet.")
@click.option("--browser", metavar="NAME", help="Only by this browser, as report devices names it.")
@click.option("--system", metavar="NAME", help="Only on this system.")
@click.option("--language", metavar="CODE", help="Only in this language, such as de.")
@answering
@narrowing("BY_DAY")
def days(work: Work, handle: str, since: str | None, until: str | None, **_: str | None) -> Answer:
    """Clicks by day, all or those that fit every filter."""
    from linktrack.calendar.ranges import whole_days
    from linktrack.reports.sources.facet_days import days_json, days_report

    timezone = work.installation.settings.timezone
    first, end = whole_days(work.moment(since), work.moment(until), timezone)
    facet = next(iter(work.left.facets if work.left else ()), None)
    found = days_report(work.session, work.account(handle), since=first, until=end, facet=facet)
    rows = [(one.day.isoformat(), one.clicks, one.unique_clicks) for one in found.days]
    said = [] if rows else [NOBODY]
    only = work.only.written if work.only else {}
    return Answer(days_json(found, only), *said, Table(("day", "clicks", "unique clicks"), rows))


def _chosen(work: Work, **given: Unpack[_Given]) -> Chosen:
    from linktrack.calendar.ranges import whole_days

    timezone = work.installation.settings.timezone
    since, until = work.moment(given["since"]), work.moment(given["until"])
    first, end = whole_days(since, until, timezone)
    link, post = given["link"], given["post"]
    return {
        "since": first,
        "until": end,
        "link": None if link is None else work.link(link),
        "post": None if post is None else work.post(post),
    }


def _table(first: str, lines: "Sequence[FacetLine]") -> Table:
    rows = [(line.name, line.clicks, line.unique_clicks) for line in lines]
    return Table((first, "clicks", "unique clicks"), rows)

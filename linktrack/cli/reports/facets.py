"""The reports of places and devices on the command line."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, TypedDict

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import Work

if TYPE_CHECKING:
    from linktrack.links.models import Link
    from linktrack.reports.sources.facets import FacetLine

NOBODY = "Nobody clicked in this time."


class Chosen(TypedDict):
    """The days or the link asked for, as the reports take them."""

    since: date | None
    until: date | None
    link: "Link | None"


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--link", metavar="CODE", help="Only those on this link, of all days."),
        click.option("--to", "until", metavar="DATE", help="Clicks before this day."),
        click.option("--from", "since", metavar="DATE", help="Clicks from this day on."),
        click.argument("handle"),
    ):
        command = option(command)
    return command


@click.command()
@_options
@answering
def places(
    work: Work, handle: str, since: str | None, until: str | None, link: str | None
) -> Answer:
    """In which countries and cities links were clicked."""
    from linktrack.reports.sources.facets import places_json, places_report

    chosen = _chosen(work, since, until, link)
    found = places_report(work.session, work.account(handle), **chosen)
    tables = [_table("country", found.places)]
    if found.cities.by_city:
        tables.append(_table("city", found.city_lines))
    return Answer(places_json(found), found.sentence or NOBODY, *tables)


@click.command()
@_options
@answering
def devices(
    work: Work, handle: str, since: str | None, until: str | None, link: str | None
) -> Answer:
    """With which devices, browsers and systems, and in which languages links were clicked."""
    from linktrack.reports.sources.facets import devices_json, devices_report

    chosen = _chosen(work, since, until, link)
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


def _chosen(work: Work, since: str | None, until: str | None, link: str | None) -> Chosen:
    from linktrack.calendar.ranges import whole_days

    timezone = work.installation.settings.timezone
    first, end = whole_days(work.moment(since), work.moment(until), timezone)
    return {"since": first, "until": end, "link": None if link is None else work.link(link)}


def _table(first: str, lines: "Sequence[FacetLine]") -> Table:
    rows = [(line.name, line.clicks, line.unique_clicks) for line in lines]
    return Table((first, "clicks", "unique clicks"), rows)

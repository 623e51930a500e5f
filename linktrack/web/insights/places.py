"""Places: in which countries and cities links were clicked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from flask import Response, request
from markupsafe import Markup

from linktrack.charts import world_map
from linktrack.context import db_session
from linktrack.reports.sources.cities import LEAST, Cities
from linktrack.reports.sources.facets import FacetLine, places_json, places_report
from linktrack.web.context import owner_blueprint
from linktrack.web.filters.seeing import seeing
from linktrack.web.insights.facets import Part, page, subject_asked
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("places", __name__)


@blueprint.get("/places")
def show() -> str | Response:
    """Show in which countries and cities the links of an account were clicked, or one link."""
    subject = subject_asked()
    with seeing([subject.account], subject.chosen["since"]) as seen:
        report = places_report(db_session(), subject.account, **subject.chosen)
    if is_table_wanted():
        whole = places_json(report)
        if request.args.get("table") == "cities" and seen.is_whole:
            return table_file("cities", whole["cities"], subject.account)
        return table_file("places", whole["places"], subject.account, only=seen.only)
    countries = Part(
        "Countries",
        "Country",
        report.places,
        _map(report.places),
        says="Click a country for its devices.",
        facet="country",
        leads="devices.show",
    )
    shown = [countries]
    if report.cities.by_city:
        shown[0] = replace(shown[0], table="countries")
        shown.append(
            Part("Cities", "City", report.city_lines, says=_says(report.cities), table="cities")
        )
    return page("places", subject, seen, report.sentence, shown)


def _says(cities: Cities) -> str:
    """Say which clicks cities are counted of, and from how many one is named."""
    if cities.first is None or cities.end is None:
        return f"Named from {LEAST} unique clicks of this link."
    first, last = (f"{day:%B %Y}" for day in (cities.first, cities.end - timedelta(days=1)))
    months = first if first == last else f"{first} to {last}"
    return f"By whole months: {months}. A city is named in months with {LEAST} unique clicks."


SHADES: Final = ("clicks", "share")
"""What the map's colour is strong by."""


def _map(places: Sequence[FacetLine]) -> Markup:
    known = {line.key: line for line in places if line.key}
    return world_map(
        {code: line.clicks for code, line in known.items()},
        {code: line.name for code, line in known.items()},
        label="Clicks by country",
        unit="clicks",
        by_share=request.args.get("shade") == SHADES[1],
    )

"""Places: in which countries links were clicked."""

from collections.abc import Sequence
from typing import Final

from flask import Response, request
from markupsafe import Markup

from linktrack.charts import world_map
from linktrack.context import db_session
from linktrack.reports.sources.facets import FacetLine, places_json, places_report
from linktrack.web.context import owner_blueprint
from linktrack.web.insights.facets import Part, page, subject_asked
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("places", __name__)


@blueprint.get("/places")
def show() -> str | Response:
    """Show in which countries the links of an account were clicked, or one link."""
    subject = subject_asked()
    report = places_report(db_session(), subject.account, **subject.chosen)
    if is_table_wanted():
        return table_file("places", places_json(report)["places"], subject.account)
    countries = Part("Countries", "Country", report.places, _map(report.places))
    return page("places", subject, report.sentence, [countries])


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

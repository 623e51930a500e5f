"""Places: in which countries links were clicked."""

from flask import Response

from linktrack.context import db_session
from linktrack.reports.sources.facets import places_json, places_report
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
    return page("places", subject, report.sentence, [Part("Countries", "Country", report.places)])

"""Devices: with what links were clicked, and in which languages."""

from flask import Response

from linktrack.context import db_session
from linktrack.reports.sources.facets import devices_report
from linktrack.web.context import owner_blueprint
from linktrack.web.filters.seeing import seeing
from linktrack.web.insights.facets import Part, page, subject_asked
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("devices", __name__)


@blueprint.get("/devices")
def show() -> str | Response:
    """Show with which devices, browsers and systems, and in which languages links were clicked."""
    subject = subject_asked()
    with seeing([subject.account], subject.chosen["since"]) as seen:
        report = devices_report(db_session(), subject.account, **subject.chosen)
    if is_table_wanted():
        rows = [
            {
                "facet": facet,
                "value": line.key,
                "clicks": line.clicks,
                "unique_clicks": line.unique_clicks,
            }
            for facet, lines in (
                ("device", report.devices),
                ("browser", report.browsers),
                ("os", report.systems),
                ("language", report.languages),
            )
            for line in lines
        ]
        return table_file("devices", rows, subject.account, only=seen.only)
    parts = [
        Part("Devices", "Device", report.devices, facet="device"),
        Part("Browsers", "Browser", report.browsers, facet="browser"),
        Part("Systems", "System", report.systems, facet="system"),
        Part("Languages", "Language", report.languages, facet="language"),
    ]
    return page("devices", subject, seen, report.sentence, parts)

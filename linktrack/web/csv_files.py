"""Tables of pages as CSV files: the same address with `format=csv`."""

from flask import Response, request

from linktrack.errors import Invalid
from linktrack.portability.report_csv import report_csv
from linktrack.reports.build import Json


def is_csv_wanted() -> bool:
    """Whether the address asks for the page's table as CSV; raises `Invalid` for another format."""
    wanted = request.args.get("format", "")
    if wanted not in ("", "csv"):
        raise Invalid(f"There is no format {wanted[:40]!r}: choose csv, or leave it out.")
    return wanted == "csv"


def csv_file(name: str, rows: Json) -> Response:
    """Return a list of a report's JSON as a file to download."""
    answer = Response(report_csv(rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer

"""Tables of pages as files: the page's address with `format=csv` or `format=json`."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from flask import Response, request

from linktrack.audience.models import Account
from linktrack.errors import Invalid
from linktrack.portability.export.report_csv import report_csv
from linktrack.web.simulated import simulated_handles

FORMATS: Final = ("csv", "json")


def is_table_wanted() -> bool:
    """Whether the address asks for the page's table as a file; raises `Invalid` for other formats.

    Filters, days and order are the page's.
    """
    wanted = request.args.get("format", "")
    if wanted and wanted not in FORMATS:
        raise Invalid(f"There is no format {wanted[:40]!r}: choose csv or json, or leave it out.")
    return bool(wanted)


def table_file(
    name: str,
    rows: Sequence[Mapping[str, object]],
    account: Account | None = None,
    *,
    only: str = "",
) -> Response:
    """Return a list of a report's JSON as a file to download, as CSV or JSON.

    Its name has what it is narrowed to, `only`, and says where it may hold simulated data: that of
    `account`, if it is of one alone, else of the one in the address, else of any.
    """
    kind = request.args["format"]
    if kind == "csv":
        answer = Response(report_csv(rows), mimetype="text/csv")
    else:
        text = json.dumps(rows, ensure_ascii=False, indent=1)
        answer = Response(f"{text}\n", mimetype="application/json")
    is_simulated = (
        bool(simulated_handles(request.args.get("account")))
        if account is None
        else account.simulated
    )
    mark = "-simulated" if is_simulated else ""
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}{only}{mark}.{kind}"'
    return answer

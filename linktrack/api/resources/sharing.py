"""Shared reports: creating, listing and revoking them."""

from typing import Literal, TypedDict

from flask import Response, g

from linktrack.api.access import named_account, require_account
from linktrack.api.operations import operation, sent
from linktrack.api.read import stored
from linktrack.audience.accounts import accounts_by_number
from linktrack.calendar.times import utc
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.owners.models import SharedReport
from linktrack.owners.sharing import (
    find_shared,
    get_shared,
    list_shared,
    revoke_shared,
    share_report,
)


class SharedReportJson(TypedDict):
    """A public address that shows an account's posts; the address itself is not shown again."""

    id: int
    account: str
    created_at: str
    expires_at: str


def _json(shared: SharedReport, handle: str) -> SharedReportJson:
    return {
        "id": shared.id,
        "account": handle,
        "created_at": utc(shared.created_at),
        "expires_at": utc(shared.expires_at),
    }


class SharedReportListJson(TypedDict):
    """Active shared reports, newest first."""

    data: list[SharedReportJson]


@operation("GET", "/shared-reports", scope="read")
def read_shared_reports() -> SharedReportListJson:
    """List active shared reports, newest first; never their addresses."""
    session = db_session()
    accounts = accounts_by_number(session)
    rows = [
        _json(each, accounts[each.account_id].handle)
        for each in list_shared(session, now())
        if g.token.account_id in (None, each.account_id)
    ]
    return {"data": rows}


class NewSharedReport(TypedDict):
    """A report to share, and for how many days."""

    account: str
    days: int


class MadeSharedReportJson(SharedReportJson):
    """A shared report with its address, which is shown only once."""

    url: str


@operation(
    "POST",
    "/shared-reports",
    scope="write",
    body=NewSharedReport,
    problems=(404,),
    shows_secret=True,
)
def create_shared_report() -> tuple[MadeSharedReportJson, Literal[201]]:
    """Create a public address that shows an account's posts; the address is shown only once."""
    fields, session, moment = sent(), db_session(), now()
    account = named_account(fields.text("account"))
    days = fields.whole("days")
    if days is None:
        raise Invalid("'days' must be a whole number: for so long the report is shared.")
    secret = share_report(session, account.id, days, moment)
    made = find_shared(session, secret, moment)
    session.commit()
    url = f"{installation().settings.base_url}/shared/{secret}"
    return {**_json(made, account.handle), "url": url}, 201


@operation(
    "DELETE", "/shared-reports/<int:number>", scope="write", answers={204: None}, problems=(404,)
)
def delete_shared_report(number: int) -> Response:
    """Revoke a shared report: its address stops working at once."""
    session = db_session()
    require_account(get_shared(session, stored(number)).account_id)
    revoke_shared(session, number, now())
    session.commit()
    return Response(status=204)
